//! A network with everything needed to use it on images: the contents of a model file.

use serde::{Deserialize, Serialize};

use super::network::Network;
use crate::data::{Framing, Recipe};

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
    /// How a picture becomes one like its training images; `None` in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
    /// What the logits are divided by before the softmax, within
    /// [`TEMPERATURES`](super::TEMPERATURES); `None` if it was never fitted. It belongs to these
    /// weights: others need another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
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

/// The name of a class, or its number if it has none.
pub fn class_name(classes: &[String], class: usize) -> String {
    let name = classes.get(class).cloned();
    name.unwrap_or_else(|| class.to_string())
}

impl Classifier {
    /// The same model, whose logits are divided by this number; `None` leaves them as they are.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn with_temperature(&self, temperature: Option<f64>) -> candle_core::Result<Classifier> {
        Ok(Classifier {
            network: self.network.sharing_weights()?,
            classes: self.classes.clone(),
            provenance: Provenance {
                temperature,
                ..self.provenance.clone()
            },
        })
    }

    /// How a picture becomes an input of this model. If the file does not say: centered for MNIST
    /// and for gray 28×28 images of unknown origin, which most such models were trained on;
    /// otherwise fitted.
    pub fn recipe(&self) -> Recipe {
        let is_likely_centered = || {
            let dataset = self.provenance.dataset.as_str();
            dataset == "MNIST" || dataset.is_empty() && self.network.spec().input == [1, 28, 28]
        };
        self.provenance.recipe.unwrap_or_else(|| {
            Recipe::new(if is_likely_centered() {
                Framing::Center
            } else {
                Framing::Fit
            })
        })
    }
}
