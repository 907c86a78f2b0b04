//! The languages that a program can be in.

/// The language and library of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Python with PyTorch.
    Pytorch,
    /// Python with Keras.
    Keras,
    /// Rust with candle.
    Rust,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 3] = [Language::Pytorch, Language::Keras, Language::Rust];

    /// The name on the command line and at the end of a folder's.
    pub fn name(self) -> &'static str {
        match self {
            Language::Pytorch => "pytorch",
            Language::Keras => "keras",
            Language::Rust => "rust",
        }
    }

    /// The language that is called `name`.
    pub fn named(name: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|l| l.name() == name)
    }
}
