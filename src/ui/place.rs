//! The places of the window, in the order of a model's life, and the views of Train and Evaluate.

use serde::{Deserialize, Serialize};

use super::widgets::Icon;

/// A place: what the window shows beside the rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// What is in the dataset, and imports of others.
    Data,
    /// The network in the settings, as a diagram and as text.
    Network,
    /// Training curves, layer statistics and a batch from inside.
    #[default]
    // Earlier versions had a tab for the layers.
    #[serde(alias = "Layers")]
    Train,
    /// A model's errors, numbers and images.
    Evaluate,
    /// Why the model answers as it does.
    Explain,
    /// All runs compared.
    Compare,
    /// Sweeps over ranges of settings.
    Sweep,
    /// The model as files that others can run, and as a service.
    Deploy,
}

impl Place {
    /// All places, in their order on the rail.
    pub const ALL: [Place; 8] = [
        Place::Data,
        Place::Network,
        Place::Train,
        Place::Evaluate,
        Place::Explain,
        Place::Compare,
        Place::Sweep,
        Place::Deploy,
    ];

    /// The number on the rail and of the shortcut.
    pub fn number(self) -> usize {
        match self {
            Place::Data => 1,
            Place::Network => 2,
            Place::Train => 3,
            Place::Evaluate => 4,
            Place::Explain => 5,
            Place::Compare => 6,
            Place::Sweep => 7,
            Place::Deploy => 8,
        }
    }

    /// The name.
    pub fn label(self) -> &'static str {
        match self {
            Place::Data => "Data",
            Place::Network => "Network",
            Place::Train => "Train",
            Place::Evaluate => "Evaluate",
            Place::Explain => "Explain",
            Place::Compare => "Compare",
            Place::Sweep => "Sweep",
            Place::Deploy => "Deploy",
        }
    }

    /// The icon on the rail.
    pub fn icon(self) -> Icon {
        match self {
            Place::Data => Icon::Data,
            Place::Network => Icon::Network,
            Place::Train => Icon::Curve,
            Place::Evaluate => Icon::Grid,
            Place::Explain => Icon::Bulb,
            Place::Compare => Icon::Compare,
            Place::Sweep => Icon::Sliders,
            Place::Deploy => Icon::Deploy,
        }
    }

    /// One sentence that explains what the place shows.
    pub fn explanation(self) -> &'static str {
        match self {
            Place::Data => "Shows what is in the dataset, and imports others.",
            Place::Network => "Shows the network in the settings, as a diagram and as text.",
            Place::Train => "Shows training curves, layer statistics and a batch from inside.",
            Place::Evaluate => "Shows how good the model is, where it errs, and on which images.",
            Place::Explain => {
                "Shows which pixels of what is on the canvas speak for an answer, and which against \
                 it."
            }
            Place::Compare => "Compares the runs in the workspace and shows what makes one better.",
            Place::Sweep => "Trains many runs over ranges of settings.",
            Place::Deploy => {
                "Writes the model as files that others can run, and offers it as a service."
            }
        }
    }

    /// Whether the settings are shown beside it.
    pub fn has_settings(self) -> bool {
        matches!(self, Place::Network | Place::Train | Place::Sweep)
    }
}

/// A view of Data, beside the images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataView {
    /// Number and mean of the images of each class.
    #[default]
    Classes,
    /// Brightness, size and origin.
    Pixels,
    /// Images that are there more than once.
    Duplicates,
    /// Labels that are probably wrong.
    Labels,
    /// Labeling what a model is least certain of.
    Active,
    /// New classes with their examples.
    Teach,
    /// The datasets in the workspace.
    Datasets,
}

impl DataView {
    /// All views, in their order in the window.
    pub const ALL: [DataView; 7] = [
        DataView::Classes,
        DataView::Pixels,
        DataView::Duplicates,
        DataView::Labels,
        DataView::Active,
        DataView::Teach,
        DataView::Datasets,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            DataView::Classes => "Class balance",
            DataView::Pixels => "Pixels",
            DataView::Duplicates => "Duplicates",
            DataView::Labels => "Labels",
            DataView::Active => "Active learning",
            DataView::Teach => "Teach a class",
            DataView::Datasets => "Datasets",
        }
    }

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            DataView::Classes => {
                "How many images each class has, and what they look like on average."
            }
            DataView::Pixels => "How bright the pixels are, and how the images were made.",
            DataView::Duplicates => {
                "Images that are there more than once, above all in training and test alike."
            }
            DataView::Labels => "Labels that are probably wrong, and changing them.",
            DataView::Active => "Label what a model is least certain of, ten images at a time.",
            DataView::Teach => {
                "New classes that a trained model learns from a few examples, in seconds."
            }
            DataView::Datasets => "The datasets in this workspace.",
        }
    }
}

/// A view of Train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainView {
    /// Loss and accuracy.
    #[default]
    Curves,
    /// Layer statistics while training.
    Layers,
    /// One batch, step by step.
    LookInside,
}

impl TrainView {
    /// All views, in their order in the window.
    pub const ALL: [TrainView; 3] = [TrainView::Curves, TrainView::Layers, TrainView::LookInside];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            TrainView::Curves => "Curves",
            TrainView::Layers => "Layers",
            TrainView::LookInside => "Look inside",
        }
    }

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            TrainView::Curves => "Shows loss and accuracy, batch by batch.",
            TrainView::Layers => "Shows gradients, updates and weights per layer while training.",
            TrainView::LookInside => "Shows one batch step by step: forward, backward and update.",
        }
    }
}

/// A view of Evaluate, beside the images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvaluateView {
    /// The confusion matrix.
    #[default]
    Confusion,
    /// Precision, recall and F1 of each class.
    Classes,
    /// Confidence against accuracy.
    Calibration,
    /// ROC and precision–recall curves.
    Curves,
    /// How the answers changed while the model learned.
    OverTime,
    /// Several models side by side.
    Models,
}

impl EvaluateView {
    /// All views, in their order in the window.
    pub const ALL: [EvaluateView; 6] = [
        EvaluateView::Confusion,
        EvaluateView::Classes,
        EvaluateView::Calibration,
        EvaluateView::Curves,
        EvaluateView::OverTime,
        EvaluateView::Models,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            EvaluateView::Confusion => "Confusion",
            EvaluateView::Classes => "Classes",
            EvaluateView::Calibration => "Calibration",
            EvaluateView::Curves => "ROC and PR",
            EvaluateView::OverTime => "Over time",
            EvaluateView::Models => "Models",
        }
    }

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            EvaluateView::Confusion => {
                "How often images of each class are predicted as each other one."
            }
            EvaluateView::Classes => "Precision, recall and F1 of each class.",
            EvaluateView::Calibration => "Whether the model is right as often as it is confident.",
            EvaluateView::Curves => {
                "ROC and precision–recall curves of one class against the rest."
            }
            EvaluateView::OverTime => {
                "How each class was learned, and which images were learned late or forgotten."
            }
            EvaluateView::Models => {
                "Up to four models side by side, and the images that two answer differently."
            }
        }
    }
}

/// A panel at a side of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The settings, on the left.
    Settings,
    /// The canvas and the prediction, on the right.
    Draw,
}

impl Side {
    /// The name.
    pub fn label(self) -> &'static str {
        match self {
            Side::Settings => "Settings",
            Side::Draw => "Draw",
        }
    }
}
