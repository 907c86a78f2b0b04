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

    /// The class of the optimizer in Python, and its arguments after the learning rate.
    pub fn in_python(&self, words: &Words) -> (&'static str, String) {
        let adam = |beta1, beta2, epsilon| {
            (words.betas)([beta1, beta2]) + &arguments(&[(words.epsilon, epsilon)])
        };
        let (class, values) = match self.optimizer {
            Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
            } => ("Adam", adam(beta1, beta2, epsilon)),
            Optimizer::Adamw {
                beta1,
                beta2,
                epsilon,
            } => ("AdamW", adam(beta1, beta2, epsilon)),
            Optimizer::Sgd {
                momentum, nesterov, ..
            } => {
                let nesterov = if nesterov { ", nesterov=True" } else { "" };
                ("SGD", arguments(&[("momentum", momentum)]) + nesterov)
            }
            Optimizer::Rmsprop {
                alpha,
                momentum,
                epsilon,
                ..
            } => {
                let values = [
                    (words.alpha, alpha),
                    (words.epsilon, epsilon),
                    ("momentum", momentum),
                ];
                ("RMSprop", arguments(&values))
            }
            Optimizer::Lion { beta1, beta2 } => ("Lion", (words.betas)([beta1, beta2])),
        };
        // AdamW's default is not 0.
        let is_named =
            self.weight_decay != 0.0 || matches!(self.optimizer, Optimizer::Adamw { .. });
        let decay = is_named.then(|| arguments(&[("weight_decay", self.weight_decay)]));
        (class, values + &decay.unwrap_or_default())
    }
}

/// What a library of Python calls the settings of an optimizer.
pub(super) struct Words {
    /// The arguments for β₁ and β₂.
    pub betas: fn([f64; 2]) -> String,
    pub epsilon: &'static str,
    /// The smoothing of RMSprop.
    pub alpha: &'static str,
}

/// `, name=value` for each.
pub(super) fn arguments(values: &[(&str, f64)]) -> String {
    let argument = |(name, value): &(&str, f64)| format!(", {name}={value:?}");
    values.iter().map(argument).collect()
}
