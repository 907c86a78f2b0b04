//! What commands do.

use crate::studio::{Action, ExplainView};
use crate::ui::dialogs::Purpose;
use crate::ui::help::page::HelpPage;
use crate::ui::place::{DataView, EvaluateView, Place, Side, TrainView};
use crate::ui::settings::ThemeChoice;

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
    /// Show a place.
    ShowPlace(Place),
    /// Show a view of Train.
    ShowTrainView(TrainView),
    /// Show a view of Data.
    ShowDataView(DataView),
    /// Show a view of Evaluate.
    ShowEvaluateView(EvaluateView),
    /// Show a view of Explain.
    ShowExplainView(ExplainView),
    /// Fold or unfold a side panel.
    ToggleFold(Side),
    /// Show only the runs that match this filter, in Compare.
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
    /// Open the window with the labeled sketches.
    ShowSketches,
    /// Open or close the palette.
    TogglePalette,
    /// Open a page of the help window.
    ShowHelp(HelpPage),
    /// Begin the tour.
    StartTour,
}
