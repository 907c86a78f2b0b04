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

/// All layers but the last one.
const BODY: &str = "body";
/// Learning rate of the body while teaching, as a share of that of the last layer.
const BODY_RATE: f64 = 0.1;
/// Updates of teaching: a new last layer has long settled then.
const TEACH_UPDATES: usize = 400;
/// Images per update while teaching: of twenty examples of a class, some are in each.
const TEACH_BATCH: usize = 32;

impl TrainConfig {
    /// The settings to teach `source` new classes in seconds from a few examples each, with images of
    /// the old classes among them in `dataset`: every class is drawn equally often, and all layers but
    /// the last train at a tenth of the learning rate if `trains_body`, or else not at all.
    ///
    /// Two of ten digits taught to `keras-cnn` from 20 examples, three seeds: 95.7 % of MNIST's test
    /// images with the body, 95.1 % without it in a fifteenth of the time.
    ///
    /// # Errors
    /// As [`TrainConfig::fine_tuning`].
    pub fn teaching(
        source: &Classifier,
        path: &Path,
        dataset: &Dataset,
        trains_body: bool,
    ) -> Result<TrainConfig, TransferError> {
        let mut config = TrainConfig::fine_tuning(source, path, dataset)?;
        let n_images = dataset.train.len();
        config.n_validation = 0;
        config.balanced = true;
        config.batch_size = TEACH_BATCH.min(n_images);
        let n_updates = n_images.div_ceil(config.batch_size.max(1)).max(1);
        config.epochs = TEACH_UPDATES.div_ceil(n_updates);
        match trains_body {
            true if config.has_body() => {
                config.lr_scale.insert(BODY.to_owned(), BODY_RATE);
            }
            true => {}
            false => config.freeze_body(),
        }
        Ok(config)
    }

    /// Freezes all layers but the last one, if there are others with weights.
    pub fn freeze_body(&mut self) {
        if self.has_body() {
            self.freeze = vec![BODY.to_owned()];
        }
    }

    fn has_body(&self) -> bool {
        let body = self.model.params_matching(BODY);
        body.is_ok_and(|found| found.contains(&true))
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
