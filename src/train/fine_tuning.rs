//! The settings to fine-tune a trained model.

use std::path::Path;

use super::config::TrainConfig;
use super::transfer::{Start, TransferError};
use crate::data::Dataset;
use crate::model::{Classifier, Layer, ModelSpec, PRESETS, preset};

impl TrainConfig {
    /// The settings to fine-tune `source`, the model in the file `path`, on `dataset`: its
    /// layers, with a last layer for the dataset's classes, and otherwise the default recipe.
    ///
    /// # Errors
    /// When its input has another size, or its last layer is not dense and the classes differ.
    pub fn fine_tuning(
        source: &Classifier,
        path: &Path,
        dataset: &Dataset,
    ) -> Result<TrainConfig, TransferError> {
        let (spec, classes) = (source.network.spec(), dataset.n_classes());
        if spec.input != dataset.image_shape() {
            return Err(TransferError::Input {
                model: spec.input,
                dataset: dataset.image_shape(),
            });
        }
        let named = source.provenance.config.get("preset");
        let named = named.and_then(serde_json::Value::as_str).and_then(preset);
        // A recipe of its own would be for training from scratch.
        let n_images = dataset.train.len();
        let mut config = TrainConfig::new(&PRESETS[0], spec.input, classes, n_images);
        config.preset = named.map_or("custom", |preset| preset.name).to_owned();
        config.model = with_classes(spec, classes)?;
        config.start = Some(Start::new(path, source)?);
        config.rename_preset();
        Ok(config)
    }
}

/// The same network for another number of classes.
fn with_classes(spec: &ModelSpec, classes: usize) -> Result<ModelSpec, TransferError> {
    let mut spec = spec.clone();
    if spec.classes != classes {
        match spec.layers.last_mut() {
            Some(Layer::Dense(dense)) => dense.units = classes,
            _ => return Err(TransferError::Head),
        }
        spec.classes = classes;
    }
    Ok(spec)
}
