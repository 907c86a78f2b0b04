//! Commands that change what the window shows.

use super::effect::CommandEffect;
use super::kind::CommandKind;
use crate::studio::{ExplainView, Studio};
use crate::ui::place::{DataView, EvaluateView, Place, Side, TrainView};
use crate::ui::settings::ThemeChoice;

/// A command that changes what the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewCommand {
    /// Toggle the logarithmic loss axis.
    LogLoss,
    /// Toggle the logarithmic horizontal axis.
    LogHorizontal,
    /// Reset the zoom of the curves.
    ShowWholeCurves,
    /// Show a place.
    Place(Place),
    /// Show a view of Train.
    TrainView(TrainView),
    /// Show a view of Data.
    DataView(DataView),
    /// Show a view of Evaluate.
    EvaluateView(EvaluateView),
    /// Show a view of Explain.
    ExplainView(ExplainView),
    /// Fold a side panel to a strip, or unfold it.
    Fold(Side),
    /// Select a theme.
    Theme(ThemeChoice),
    /// Enlarge the interface.
    Larger,
    /// Shrink it.
    Smaller,
    /// Show it at its normal size.
    NormalSize,
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
            ViewCommand::Place(place) => (place.label(), place.explanation()),
            ViewCommand::TrainView(view) => (view.label(), view.explanation()),
            ViewCommand::DataView(view) => (view.label(), view.explanation()),
            ViewCommand::EvaluateView(view) => (view.label(), view.explanation()),
            ViewCommand::ExplainView(view) => (view.label(), view.explanation()),
            ViewCommand::Fold(Side::Settings) => (
                "Show or hide the settings",
                "Folds the settings to a narrow strip, or unfolds them.",
            ),
            ViewCommand::Fold(Side::Draw) => (
                "Show or hide the Draw panel",
                "Folds the canvas and the prediction to a narrow strip, or unfolds them.",
            ),
            ViewCommand::Theme(choice) => (choice.label(), choice.explanation()),
            ViewCommand::Larger => ("Larger", "Enlarges text and controls by a tenth."),
            ViewCommand::Smaller => ("Smaller", "Shrinks text and controls by a tenth."),
            ViewCommand::NormalSize => ("Normal size", "Shows text and controls at 100 %."),
            ViewCommand::Palette => ("All commands", "Lists all commands; type to search."),
        }
    }

    fn prefix(&self) -> &'static str {
        match self {
            ViewCommand::Place(_) => "Go to ",
            ViewCommand::TrainView(_) => "View: ",
            ViewCommand::DataView(_) => "Data: ",
            ViewCommand::EvaluateView(_) => "Evaluate: ",
            ViewCommand::ExplainView(_) => "Explain: ",
            ViewCommand::Theme(_) => "Theme: ",
            ViewCommand::Larger | ViewCommand::Smaller | ViewCommand::NormalSize => "Interface: ",
            ViewCommand::LogLoss
            | ViewCommand::LogHorizontal
            | ViewCommand::ShowWholeCurves
            | ViewCommand::Fold(_)
            | ViewCommand::Palette => "",
        }
    }

    fn keywords(&self) -> &'static str {
        match self {
            ViewCommand::Larger | ViewCommand::Smaller | ViewCommand::NormalSize => {
                "zoom scale font text size"
            }
            ViewCommand::ShowWholeCurves => "zoom",
            ViewCommand::Place(Place::Deploy) => "export onnx service serve page card pytorch",
            ViewCommand::Place(Place::Data) => "import dataset images classes duplicates",
            ViewCommand::Place(Place::Explain) => {
                "saliency integrated gradients grad-cam occlusion smoothgrad attribution why"
            }
            ViewCommand::Place(Place::Evaluate) => {
                "confusion matrix accuracy precision recall f1 calibration temperature errors wrong \
                 images roc"
            }
            _ => "",
        }
    }

    fn effect(&self, _studio: &Studio) -> Option<CommandEffect> {
        Some(match *self {
            ViewCommand::LogLoss => CommandEffect::ToggleLogLoss,
            ViewCommand::LogHorizontal => CommandEffect::ToggleLogHorizontal,
            ViewCommand::ShowWholeCurves => CommandEffect::ShowWholeCurves,
            ViewCommand::Place(place) => CommandEffect::ShowPlace(place),
            ViewCommand::TrainView(view) => CommandEffect::ShowTrainView(view),
            ViewCommand::DataView(view) => CommandEffect::ShowDataView(view),
            ViewCommand::EvaluateView(view) => CommandEffect::ShowEvaluateView(view),
            ViewCommand::ExplainView(view) => CommandEffect::ShowExplainView(view),
            ViewCommand::Fold(side) => CommandEffect::ToggleFold(side),
            ViewCommand::Theme(choice) => CommandEffect::SetTheme(choice),
            ViewCommand::Larger => CommandEffect::Zoom(egui::gui_zoom::zoom_in),
            ViewCommand::Smaller => CommandEffect::Zoom(egui::gui_zoom::zoom_out),
            ViewCommand::NormalSize => CommandEffect::Zoom(|ctx| ctx.set_zoom_factor(1.0)),
            ViewCommand::Palette => CommandEffect::TogglePalette,
        })
    }
}
