//! What commands do.

use crate::studio::Action;
use crate::ui::dialogs::Purpose;
use crate::ui::place::{Place, Side, TrainView};
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
    /// Fold or unfold a side panel.
    ToggleFold(Side),
    /// Show only the runs that match this filter, in Compare.
    CompareRuns(String),
    /// Change the theme.
    SetTheme(ThemeChoice),
    /// Open or close the palette.
    TogglePalette,
}
