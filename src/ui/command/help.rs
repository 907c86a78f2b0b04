//! Commands that help.

use super::effect::CommandEffect;
use super::kind::CommandKind;
use crate::studio::Studio;
use crate::ui::help::page::HelpPage;

/// A command that helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpCommand {
    /// List the shortcuts.
    Shortcuts,
    /// Show version, licenses and folders.
    About,
    /// Show the licenses of all crates.
    Licenses,
    /// Take the tour.
    Tour,
}

impl CommandKind for HelpCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            HelpCommand::Shortcuts => (
                "Keyboard shortcuts",
                "Lists what keys and pointer do in this tab and everywhere.",
            ),
            HelpCommand::About => (
                "About Candle Studio",
                "Shows the version, the licenses of what the program contains, and the workspace's \
                 folder.",
            ),
            HelpCommand::Licenses => (
                "Licenses of all crates",
                "Shows the license of every crate in the program, with its text.",
            ),
            HelpCommand::Tour => (
                "Tour of the first session",
                "Six steps that point at the controls: network, training, curves, drawing, settings, \
                 comparison.",
            ),
        }
    }

    fn prefix(&self) -> &'static str {
        "Help: "
    }

    fn keywords(&self) -> &'static str {
        match self {
            HelpCommand::Shortcuts => "keys hotkeys mouse f1",
            HelpCommand::About => "version licence copyright credits",
            HelpCommand::Licenses => "licence copyright open source third party dependencies",
            HelpCommand::Tour => "introduction tutorial guide start",
        }
    }

    fn effect(&self, _studio: &Studio) -> Option<CommandEffect> {
        Some(match self {
            HelpCommand::Shortcuts => CommandEffect::ShowHelp(HelpPage::Shortcuts),
            HelpCommand::About => CommandEffect::ShowHelp(HelpPage::About),
            HelpCommand::Licenses => CommandEffect::ShowHelp(HelpPage::Licenses),
            HelpCommand::Tour => CommandEffect::StartTour,
        })
    }
}
