//! A network with everything needed to use it on images: the contents of a model file.

use serde::{Deserialize, Serialize};

use super::network::Network;

/// How a model was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name of the dataset it was trained on.
    pub dataset: String,
    /// The whole training configuration, as the run recorded it.
    pub config: serde_json::Value,
    /// Epochs trained, fractions included.
    pub epochs: f64,
    /// Test accuracy, in `[0, 1]`; `None` if never measured.
    pub test_accuracy: Option<f64>,
    /// Version of Candle Studio that trained it.
    pub version: String,
}

/// A network, the names of its classes, and how it was trained.
#[derive(Debug)]
pub struct Classifier {
    /// Spec and weights.
    pub network: Network,
    /// One name per class, in the order of the logits.
    pub classes: Vec<String>,
    /// How it was trained.
    pub provenance: Provenance,
}
