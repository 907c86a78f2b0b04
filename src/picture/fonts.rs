//! The fonts of the window and of pictures, built into the program.

/// For text.
pub static INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");

/// For emphasized text.
pub static INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

/// For numbers: tabular digits.
pub static JETBRAINS_MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
