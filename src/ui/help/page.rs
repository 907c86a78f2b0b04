//! The pages of the help window.

/// A page of the help window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpPage {
    /// The shortcuts of the tab that is shown, and those that work everywhere.
    Shortcuts,
    /// Version, licenses and folders.
    About,
    /// The licenses of all crates.
    Licenses,
}

impl HelpPage {
    /// The title.
    pub fn title(self) -> &'static str {
        match self {
            HelpPage::Shortcuts => "Shortcuts",
            HelpPage::About => "About Candle Studio",
            HelpPage::Licenses => "Licenses",
        }
    }
}
