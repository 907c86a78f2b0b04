//! Commands that change what the window shows.

use super::effect::CommandEffect;
use super::kind::CommandKind;
use crate::studio::Studio;
use crate::ui::settings::ThemeChoice;
use crate::ui::tab::Tab;

/// A command that changes what the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewCommand {
    /// Toggle the logarithmic loss axis.
    LogLoss,
    /// Toggle the logarithmic horizontal axis.
    LogHorizontal,
    /// Reset the zoom of the curves.
    ShowWholeCurves,
    /// Show a tab.
    Tab(Tab),
    /// Select a theme.
    Theme(ThemeChoice),
    /// Open the command palette.
    Palette,
}

impl CommandKind for ViewCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            ViewCommand::LogLoss => (
                "Logarithmic loss",
                "Makes small losses as visible as large ones.",
            ),
            ViewCommand::LogHorizontal => (
                "Logarithmic horizontal axis",
                "Spreads out the beginning of training.",
            ),
            ViewCommand::ShowWholeCurves => (
                "Show whole curves",
                "Resets the zoom: shows every run from its beginning to now.",
            ),
            ViewCommand::Tab(tab) => (tab.label(), tab.explanation()),
            ViewCommand::Theme(choice) => (choice.label(), choice.explanation()),
            ViewCommand::Palette => ("All commands", "Lists all commands; type to search."),
        }
    }

    fn prefix(&self) -> &'static str {
        match self {
            ViewCommand::Tab(_) => "Tab: ",
            ViewCommand::Theme(_) => "Theme: ",
            ViewCommand::LogLoss
            | ViewCommand::LogHorizontal
            | ViewCommand::ShowWholeCurves
            | ViewCommand::Palette => "",
        }
    }

    fn effect(&self, _studio: &Studio) -> Option<CommandEffect> {
        Some(match *self {
            ViewCommand::LogLoss => CommandEffect::ToggleLogLoss,
            ViewCommand::LogHorizontal => CommandEffect::ToggleLogHorizontal,
            ViewCommand::ShowWholeCurves => CommandEffect::ShowWholeCurves,
            ViewCommand::Tab(tab) => CommandEffect::ShowTab(tab),
            ViewCommand::Theme(choice) => CommandEffect::SetTheme(choice),
            ViewCommand::Palette => CommandEffect::TogglePalette,
        })
    }
}
