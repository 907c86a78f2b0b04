//! How a person likes the window: kept by eframe between two sessions. Losing it costs nothing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tabs::Tab;
use crate::picture::{CurvesView, Spread, XAxis};
use crate::runs::table::GroupBy;

/// Which theme to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// The desktop's, where it tells.
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

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            ThemeChoice::System => "System",
            ThemeChoice::Dark => "Dark",
            ThemeChoice::Light => "Light",
        }
    }

    /// What egui calls it.
    pub fn preference(self) -> egui::ThemePreference {
        match self {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        }
    }
}

/// Everything the window remembers, beside sizes of panels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which theme to use.
    pub theme: ThemeChoice,
    /// What the middle of the window is about.
    pub tab: Tab,
    /// Updates the smoothed curve is averaged over; 1 does not smooth.
    pub smoothing_steps: f64,
    /// What the curves are drawn against.
    pub x_axis: XAxis,
    /// Whether the horizontal axis is logarithmic.
    pub is_x_log: bool,
    /// Whether the loss is drawn logarithmically.
    pub is_loss_log: bool,
    /// Whether runs that belong together are drawn as one, and how.
    pub bands: Option<Spread>,
    /// Which runs belong together.
    pub group: GroupBy,
    /// The workspace that was opened last, if it was another than the usual one.
    pub workspace: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: ThemeChoice::System,
            tab: Tab::Train,
            smoothing_steps: 50.0,
            x_axis: XAxis::Epoch,
            is_x_log: false,
            is_loss_log: true,
            bands: None,
            group: GroupBy::AllButSeed,
            workspace: None,
        }
    }
}

impl Settings {
    /// How the curves are looked at, for a file.
    pub fn curves_view(&self) -> CurvesView {
        CurvesView {
            x_axis: self.x_axis,
            is_x_log: self.is_x_log,
            is_loss_log: self.is_loss_log,
            smoothing_steps: self.smoothing_steps.round(),
            bands: self.bands,
            group: self.group.clone(),
        }
    }
}
