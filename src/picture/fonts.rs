//! The letters of the window and of pictures, which come with the program.

/// For words.
pub static INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");

/// For words that matter.
pub static INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

/// For numbers: digits of equal width.
pub static JETBRAINS_MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
