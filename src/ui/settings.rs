//! Preferences of the window, stored by eframe between sessions. Losing them costs nothing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::{DataView, EvaluateView, Place, Side, TrainView};
use crate::picture::{CurvesView, Spread, XAxis};
use crate::runs::table::GroupBy;
use crate::studio::ExplainView;

/// Which theme to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// The desktop's, if it reports one.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

impl ThemeChoice {
    /// All of them.
    pub const ALL: [ThemeChoice; 3] = [ThemeChoice::System, ThemeChoice::Dark, ThemeChoice::Light];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            ThemeChoice::System => "System",
            ThemeChoice::Dark => "Dark",
            ThemeChoice::Light => "Light",
        }
    }

    /// When to choose it.
    pub fn explanation(self) -> &'static str {
        match self {
            ThemeChoice::System => "Follows the desktop, if it reports its theme.",
            ThemeChoice::Dark => "For dark rooms.",
            ThemeChoice::Light => "For bright rooms.",
        }
    }

    /// The egui equivalent.
    pub fn preference(self) -> egui::ThemePreference {
        match self {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        }
    }
}

/// Which side panels are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Folds {
    /// The settings.
    pub settings: Fold,
    /// The Draw panel.
    pub draw: Fold,
}

impl Folds {
    /// The fold of a side.
    pub fn get(&self, side: Side) -> Fold {
        match side {
            Side::Settings => self.settings,
            Side::Draw => self.draw,
        }
    }

    /// The fold of a side, to change it.
    pub fn get_mut(&mut self, side: Side) -> &mut Fold {
        match side {
            Side::Settings => &mut self.settings,
            Side::Draw => &mut self.draw,
        }
    }
}

/// Whether a side panel is folded to a strip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fold {
    /// The user's choice where the panel has its own room; `None` if the window's width decides.
    pub is_folded: Option<bool>,
    /// Whether it is open over the place, in a window without room for it.
    #[serde(skip)]
    pub is_over: bool,
}

/// Everything that is remembered between sessions, apart from panel sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which theme to use.
    pub theme: ThemeChoice,
    /// The place that is shown.
    #[serde(alias = "tab")]
    pub place: Place,
    /// The view of Data that is shown.
    pub data_view: DataView,
    /// The view of Train that is shown.
    pub train_view: TrainView,
    /// The view of Evaluate that is shown.
    pub evaluate_view: EvaluateView,
    /// The view of Explain that is shown.
    pub explain_view: ExplainView,
    /// Whether the canvas shows where ink would raise a class.
    pub ink_on_canvas: bool,
    /// Which side panels are folded.
    pub folds: Folds,
    /// Updates that the smoothed curve averages over; 1 does not smooth.
    pub smoothing_steps: f64,
    /// The horizontal axis of the curves.
    pub x_axis: XAxis,
    /// Whether the horizontal axis is logarithmic.
    pub is_x_log: bool,
    /// Whether the loss axis is logarithmic.
    pub is_loss_log: bool,
    /// Whether single batches are drawn as points.
    pub shows_batches: bool,
    /// How groups of runs are drawn as bands; `None` draws each run separately.
    pub bands: Option<Spread>,
    /// How runs are grouped.
    pub group: GroupBy,
    /// The workspace that was opened last, unless it is the default.
    pub workspace: Option<PathBuf>,
    /// The folder of the file that was opened or saved last.
    pub folder: Option<PathBuf>,
    /// Whether the tour was offered and answered.
    pub is_tour_offered: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: ThemeChoice::System,
            place: Place::Train,
            data_view: DataView::default(),
            train_view: TrainView::Curves,
            evaluate_view: EvaluateView::default(),
            explain_view: ExplainView::default(),
            ink_on_canvas: true,
            folds: Folds::default(),
            smoothing_steps: 50.0,
            x_axis: XAxis::Epoch,
            is_x_log: false,
            is_loss_log: true,
            shows_batches: false,
            bands: None,
            group: GroupBy::AllButSeed,
            workspace: None,
            folder: None,
            is_tour_offered: false,
        }
    }
}

impl Settings {
    /// Shows a view of Data.
    pub(super) fn show_data(&mut self, view: DataView) {
        (self.place, self.data_view) = (Place::Data, view);
    }

    /// Shows a view of Evaluate.
    pub(super) fn show_evaluate(&mut self, view: EvaluateView) {
        (self.place, self.evaluate_view) = (Place::Evaluate, view);
    }

    /// Shows a view of Explain.
    pub(super) fn show_explain(&mut self, view: ExplainView) {
        (self.place, self.explain_view) = (Place::Explain, view);
    }

    /// The current view of the curves, for saving them to a file.
    pub fn curves_view(&self) -> CurvesView {
        CurvesView {
            x_axis: self.x_axis,
            is_x_log: self.is_x_log,
            is_loss_log: self.is_loss_log,
            smoothing_steps: self.smoothing_steps.round(),
            shows_batches: self.shows_batches,
            bands: self.bands,
            group: self.group.clone(),
        }
    }
}
