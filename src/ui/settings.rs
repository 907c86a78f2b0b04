//! How a person likes the window: kept by eframe between two sessions. Losing it costs nothing.

use serde::{Deserialize, Serialize};

use super::panels::curves::XAxis;
use super::tabs::Tab;

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
        }
    }
}
