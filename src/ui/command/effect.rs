//! What commands do.

use crate::studio::Action;
use crate::ui::dialogs::Purpose;
use crate::ui::help::page::HelpPage;
use crate::ui::settings::ThemeChoice;
use crate::ui::tab::Tab;

/// What a command does.
#[derive(Debug)]
pub enum CommandEffect {
    /// Send an action to the studio.
    Act(Action),
    /// Ask for a path first.
    AskPath(Purpose),
    /// Toggle the logarithmic loss axis.
    ToggleLogLoss,
    /// Toggle the logarithmic horizontal axis.
    ToggleLogHorizontal,
    /// Reset the zoom of the curves.
    ShowWholeCurves,
    /// Show a tab.
    ShowTab(Tab),
    /// Show only the runs that match this filter, in the Compare tab.
    CompareRuns(String),
    /// Copy the table of runs to the clipboard.
    CopyTable,
    /// Copy the curves that are shown to the clipboard, as a picture.
    CopyCurves,
    /// Change the theme.
    SetTheme(ThemeChoice),
    /// Change the size of the interface.
    Zoom(fn(&egui::Context)),
    /// Copy the sketch to the clipboard.
    CopySketch,
    /// Open or close the palette.
    TogglePalette,
    /// Open a page of the help window.
    ShowHelp(HelpPage),
    /// Begin the tour.
    StartTour,
}
