//! How a program trains: the settings of the run, as far as they are known and its library has them.

use crate::evaluate::Loss;
use crate::export::model::ExportedModel;
use crate::train::{Optimizer, Schedule, TrainConfig};

/// The settings that programs take over. Augmentation, warm-up, clipping and the rest stay behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Training {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per update.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Whether the learning rate falls along half a cosine; it is constant otherwise.
    pub falls: bool,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Weight decay, as the optimizer applies it.
    pub weight_decay: f64,
    /// Label smoothing of the cross entropy.
    pub label_smoothing: f64,
}

impl Training {
    /// Adam as Keras has it, for models whose run is not known.
    const DEFAULT: Training = Training {
        epochs: 5,
        batch_size: 32,
        learning_rate: 1e-3,
        falls: false,
        optimizer: Optimizer::ADAM,
        weight_decay: 0.0,
        label_smoothing: 0.0,
    };

    /// That of the run which `model` came from, with plain Adam in the place of an optimizer that
    /// the library lacks.
    ///
    /// * `has`: whether the library has an optimizer with this weight decay
    pub fn of(model: &ExportedModel<'_>, has: fn(&Optimizer, f64) -> bool) -> Training {
        let config = model.classifier.provenance.config.clone();
        let Ok(config) = serde_json::from_value::<TrainConfig>(config) else {
            return Training::DEFAULT;
        };
        let label_smoothing = match config.loss {
            Loss::CrossEntropy { label_smoothing } => label_smoothing,
            Loss::SquaredError => 0.0,
        };
        let training = Training {
            epochs: config.epochs,
            batch_size: config.batch_size,
            learning_rate: config.learning_rate,
            falls: config.schedule != Schedule::Constant,
            optimizer: config.optimizer,
            weight_decay: config.weight_decay,
            label_smoothing,
        };
        if has(&config.optimizer, config.weight_decay) {
            return training;
        }
        Training {
            learning_rate: Training::DEFAULT.learning_rate,
            optimizer: Training::DEFAULT.optimizer,
            weight_decay: 0.0,
            ..training
        }
    }

    /// Lines of Python that name the settings.
    pub fn python(&self) -> String {
        format!(
            "EPOCHS, BATCH_SIZE, LEARNING_RATE = {}, {}, {:?}\n",
            self.epochs, self.batch_size, self.learning_rate
        )
    }
}

/// `, name=value` for each.
pub(super) fn arguments(values: &[(&str, f64)]) -> String {
    let argument = |(name, value): &(&str, f64)| format!(", {name}={value:?}");
    values.iter().map(argument).collect()
}

/// `, weight_decay=value`, if there is any.
pub(super) fn decay(value: f64) -> String {
    match value {
        0.0 => String::new(),
        value => arguments(&[("weight_decay", value)]),
    }
}
