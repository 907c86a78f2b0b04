//! The tabs in the center of the window.

use serde::{Deserialize, Serialize};

/// A tab in the center of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// Training curves.
    #[default]
    Train,
    /// The network in the settings, as a diagram and as text.
    Network,
    /// Layer statistics while training.
    Layers,
    /// All runs compared.
    Compare,
    /// Sweeps over ranges of settings.
    Sweep,
}

impl Tab {
    /// All tabs, in their order in the window.
    pub const ALL: [Tab; 5] = [
        Tab::Train,
        Tab::Network,
        Tab::Compare,
        Tab::Sweep,
        Tab::Layers,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Tab::Train => "Train",
            Tab::Network => "Network",
            Tab::Layers => "Layers",
            Tab::Compare => "Compare",
            Tab::Sweep => "Sweep",
        }
    }

    /// One sentence that explains what the tab shows.
    pub fn explanation(self) -> &'static str {
        match self {
            Tab::Train => "Shows training curves, batch by batch.",
            Tab::Network => "Shows the network in the settings, as a diagram and as text.",
            Tab::Layers => "Shows gradients, updates and weights per layer while training.",
            Tab::Compare => "Compares the runs in the workspace and shows what makes one better.",
            Tab::Sweep => "Trains many runs over ranges of settings.",
        }
    }
}
