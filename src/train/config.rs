//! Everything that decides a run, as plain data, and what can be wrong with it.

use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::model::{Init, ModelSpec, Preset, preset};

/// The rule that turns gradients into new weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent (`torch.optim.SGD` with dampening 0).
    Sgd {
        /// Share of the last update carried into the next.
        momentum: f64,
        /// Whether the gradient is taken where the momentum leads (Nesterov).
        nesterov: bool,
    },
    /// Adam (Kingma and Ba 2015); weight decay joins the gradient.
    Adam {
        /// Memory of the mean of the gradient.
        beta1: f64,
        /// Memory of the mean of its square.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Adam with weight decay applied to the weights directly (Loshchilov and Hutter 2019).
    Adamw {
        /// Memory of the mean of the gradient.
        beta1: f64,
        /// Memory of the mean of its square.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
}

impl Optimizer {
    /// Plain SGD with the usual momentum.
    pub const SGD: Optimizer = Optimizer::Sgd {
        momentum: 0.9,
        nesterov: false,
    };
    /// Keras' Adam.
    pub const ADAM: Optimizer = Optimizer::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };
    /// AdamW with the same numbers.
    pub const ADAMW: Optimizer = Optimizer::Adamw {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
    };

    /// One of each kind, with its usual numbers.
    pub const ALL: [Optimizer; 3] = [Optimizer::ADAM, Optimizer::ADAMW, Optimizer::SGD];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "sgd",
            Optimizer::Adam { .. } => "adam",
            Optimizer::Adamw { .. } => "adamw",
        }
    }

    /// The name people write.
    pub fn label(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "SGD",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::Adamw { .. } => "AdamW",
        }
    }

    /// A learning rate that usually works with it.
    pub fn usual_learning_rate(&self) -> f64 {
        match self {
            Optimizer::Sgd { .. } => 0.05,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } => 1e-3,
        }
    }

    /// f32 values it remembers for each weight.
    pub fn n_moments(&self) -> u64 {
        match self {
            Optimizer::Sgd { momentum, .. } if *momentum == 0.0 => 0,
            Optimizer::Sgd { .. } => 1,
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } => 2,
        }
    }
}

/// Everything that decides a run. With the same data and machine, the same configuration gives the
/// same weights, bit for bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Name of the preset the network came from, or `custom`.
    pub preset: String,
    /// The one seed behind weights, split, order and dropout.
    pub seed: u64,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images an update.
    pub batch_size: usize,
    /// Training images held out to watch how well the model does on images it does not learn from.
    pub n_validation: usize,
    /// Step size of the optimiser, at the highest point of the schedule.
    pub learning_rate: f64,
    /// How the learning rate moves during the run.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs over which the learning rate rises from 0 at the start; may be a fraction.
    #[serde(default)]
    pub warm_up: f64,
    /// Strength of the pull of all weights towards zero.
    pub weight_decay: f64,
    /// How weights start.
    pub init: Init,
    /// The rule that turns gradients into new weights.
    pub optimizer: Optimizer,
    /// The network.
    pub model: ModelSpec,
}

/// See [`TrainConfig::usual_validation`].
const DEFAULT_VALIDATION: usize = 5_000;

impl TrainConfig {
    /// The recipe of `preset` on images of `input` (channels, height, width). Unless the preset
    /// has a recipe of its own, it is the reference: Adam 1e-3, batch 32, 5 epochs.
    pub fn new(preset: &Preset, input: [usize; 3], classes: usize, n_images: usize) -> TrainConfig {
        let mut config = TrainConfig {
            preset: preset.name.to_owned(),
            seed: 1,
            epochs: 5,
            batch_size: 32,
            n_validation: TrainConfig::usual_validation(n_images),
            learning_rate: Optimizer::ADAM.usual_learning_rate(),
            schedule: Schedule::Constant,
            warm_up: 0.0,
            weight_decay: 0.0,
            init: preset.init,
            optimizer: Optimizer::ADAM,
            model: preset.spec(input, classes),
        };
        if preset.name == "fast" {
            config.use_fast_recipe();
        }
        config
    }

    /// One epoch to about 99 %: few, large steps along one cycle, with a short memory. The recipe
    /// family was published as tuomaso/train_mnist_fast; the numbers were chosen on held-out images.
    fn use_fast_recipe(&mut self) {
        self.epochs = 1;
        self.batch_size = 128;
        self.learning_rate = 0.006;
        self.schedule = Schedule::OneCycle {
            rise: 0.3,
            start: 0.04,
            end: 0.0,
        };
        self.optimizer = Optimizer::Adam {
            beta1: 0.7,
            beta2: 0.9,
            epsilon: 1e-8,
        };
    }

    /// The learning rate after `epoch` epochs, fractions included.
    pub fn learning_rate_at(&self, epoch: f64) -> f64 {
        let warm_up = if epoch < self.warm_up {
            epoch / self.warm_up
        } else {
            1.0
        };
        self.learning_rate * warm_up * self.schedule.factor(epoch, self.epochs as f64)
    }

    /// Images held out for validation unless asked otherwise: 5,000 of MNIST's 60,000, and the same
    /// share of fewer.
    pub fn usual_validation(n_images: usize) -> usize {
        DEFAULT_VALIDATION.min(n_images / 12)
    }

    /// Names the network after the preset it equals, or `custom`.
    pub fn rename_preset(&mut self) {
        let is_same = |p: &Preset| p.spec(self.model.input, self.model.classes) == self.model;
        let named = preset(&self.preset).is_some_and(is_same);
        if !named {
            let found = crate::model::PRESETS.iter().find(|p| is_same(p));
            self.preset = found.map_or("custom", |p| p.name).to_owned();
        }
    }

    /// Everything that is wrong with the configuration for `n_images` training images of
    /// `input` size in `classes` classes, all at once.
    pub fn check(&self, input: [usize; 3], classes: usize, n_images: usize) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut expect = |is_fine: bool, field: Field, message: String| {
            if !is_fine {
                errors.push(FieldError { field, message });
            }
        };
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let fraction = |x: f64| (0.0..1.0).contains(&x);
        expect(
            positive(self.learning_rate),
            Field::LearningRate,
            format!("must be above 0, found {}", self.learning_rate),
        );
        expect(
            self.weight_decay.is_finite() && self.weight_decay >= 0.0,
            Field::WeightDecay,
            format!("must be 0 or more, found {}", self.weight_decay),
        );
        let problem = self.schedule.problem();
        expect(
            problem.is_none(),
            Field::Schedule,
            problem.unwrap_or_default(),
        );
        expect(
            self.warm_up >= 0.0 && self.warm_up <= self.epochs as f64,
            Field::WarmUp,
            format!(
                "must be from 0 to the {} epochs, found {}",
                self.epochs, self.warm_up
            ),
        );
        expect(
            self.epochs >= 1,
            Field::Epochs,
            "must be at least 1, found 0".to_owned(),
        );
        expect(
            self.n_validation < n_images,
            Field::Validation,
            format!(
                "must leave images to train on: {} of {n_images} held out",
                self.n_validation
            ),
        );
        let n_train = n_images.saturating_sub(self.n_validation);
        expect(
            (1..=n_train.max(1)).contains(&self.batch_size),
            Field::BatchSize,
            format!(
                "must be between 1 and the {n_train} training images, found {}",
                self.batch_size
            ),
        );
        match self.optimizer {
            Optimizer::Sgd { momentum, nesterov } => {
                expect(
                    fraction(momentum),
                    Field::Momentum,
                    format!("must be at least 0 and below 1, found {momentum}"),
                );
                expect(
                    !nesterov || momentum > 0.0,
                    Field::Momentum,
                    "must be above 0 for Nesterov".to_owned(),
                );
            }
            Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
            }
            | Optimizer::Adamw {
                beta1,
                beta2,
                epsilon,
            } => {
                for (field, beta) in [(Field::Beta1, beta1), (Field::Beta2, beta2)] {
                    expect(
                        fraction(beta),
                        field,
                        format!("must be at least 0 and below 1, found {beta}"),
                    );
                }
                expect(
                    positive(epsilon),
                    Field::Epsilon,
                    format!("must be above 0, found {epsilon}"),
                );
            }
        }
        expect(
            self.model.input == input && self.model.classes == classes,
            Field::Model,
            format!(
                "is made for images of {:?} in {} classes, the data has {input:?} in {classes}",
                self.model.input, self.model.classes
            ),
        );
        for error in self.model.check().1 {
            let field = error.layer.map_or(Field::Model, Field::Layer);
            errors.push(FieldError {
                field,
                message: error.message,
            });
        }
        errors
    }

    /// The value of a setting that can change while training.
    pub fn setting(&self, setting: Setting) -> f64 {
        match setting {
            Setting::LearningRate => self.learning_rate,
            Setting::WeightDecay => self.weight_decay,
            Setting::BatchSize => self.batch_size as f64,
            Setting::Epochs => self.epochs as f64,
            Setting::Momentum => match self.optimizer {
                Optimizer::Sgd { momentum, .. } => momentum,
                Optimizer::Adam { beta1, .. } | Optimizer::Adamw { beta1, .. } => beta1,
            },
        }
    }

    /// Sets a setting that can change while training. Counts are rounded.
    pub fn set_setting(&mut self, setting: Setting, value: f64) {
        match setting {
            Setting::LearningRate => self.learning_rate = value,
            Setting::WeightDecay => self.weight_decay = value,
            Setting::BatchSize => self.batch_size = value.round() as usize,
            Setting::Epochs => self.epochs = value.round() as usize,
            Setting::Momentum => match &mut self.optimizer {
                Optimizer::Sgd { momentum, .. } => *momentum = value,
                Optimizer::Adam { beta1, .. } | Optimizer::Adamw { beta1, .. } => *beta1 = value,
            },
        }
    }
}

/// A setting that can change while training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Step size of the optimiser.
    LearningRate,
    /// Pull of all weights towards zero.
    WeightDecay,
    /// SGD's momentum, Adam's β₁.
    Momentum,
    /// Images an update.
    BatchSize,
    /// Passes over the training images in all.
    Epochs,
}

impl Setting {
    /// All of them.
    pub const ALL: [Setting; 5] = [
        Setting::LearningRate,
        Setting::WeightDecay,
        Setting::Momentum,
        Setting::BatchSize,
        Setting::Epochs,
    ];

    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Setting::LearningRate => "learning rate",
            Setting::WeightDecay => "weight decay",
            Setting::Momentum => "momentum",
            Setting::BatchSize => "batch size",
            Setting::Epochs => "epochs",
        }
    }
}

/// The field of the configuration an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The network as a whole.
    Model,
    /// One of its layers, by index.
    Layer(usize),
    /// See [`TrainConfig::learning_rate`].
    LearningRate,
    /// See [`TrainConfig::schedule`].
    Schedule,
    /// See [`TrainConfig::warm_up`].
    WarmUp,
    /// See [`TrainConfig::weight_decay`].
    WeightDecay,
    /// See [`TrainConfig::batch_size`].
    BatchSize,
    /// See [`TrainConfig::epochs`].
    Epochs,
    /// See [`TrainConfig::n_validation`].
    Validation,
    /// SGD's momentum.
    Momentum,
    /// Adam's β₁.
    Beta1,
    /// Adam's β₂.
    Beta2,
    /// Adam's ε.
    Epsilon,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct FieldError {
    /// Where.
    pub field: Field,
    /// What was expected and what was found.
    pub message: String,
}

impl FieldError {
    fn place(&self) -> String {
        match self.field {
            Field::Model => "model".to_owned(),
            Field::Layer(idx) => format!("layer {}", idx + 1),
            Field::LearningRate => "learning rate".to_owned(),
            Field::Schedule => "schedule".to_owned(),
            Field::WarmUp => "warm-up".to_owned(),
            Field::WeightDecay => "weight decay".to_owned(),
            Field::BatchSize => "batch size".to_owned(),
            Field::Epochs => "epochs".to_owned(),
            Field::Validation => "validation images".to_owned(),
            Field::Momentum => "momentum".to_owned(),
            Field::Beta1 => "β₁".to_owned(),
            Field::Beta2 => "β₂".to_owned(),
            Field::Epsilon => "ε".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TrainConfig {
        TrainConfig::new(preset("keras-cnn").unwrap(), [1, 28, 28], 10, 60_000)
    }

    #[test]
    fn the_reference_is_valid_and_splits_55_000_to_5_000() {
        assert_eq!(config().check([1, 28, 28], 10, 60_000), []);
        assert_eq!(config().n_validation, 5_000);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut c = config();
        c.learning_rate = 0.0;
        c.batch_size = 70_000;
        c.epochs = 0;
        c.optimizer = Optimizer::Adam {
            beta1: 1.0,
            beta2: 0.9,
            epsilon: f64::NAN,
        };
        c.model.layers.remove(3);
        let fields: Vec<Field> = c
            .check([1, 28, 28], 10, 60_000)
            .iter()
            .map(|e| e.field)
            .collect();
        assert_eq!(
            fields,
            [
                Field::LearningRate,
                Field::Epochs,
                Field::BatchSize,
                Field::Beta1,
                Field::Epsilon,
                Field::Layer(3)
            ]
        );
    }

    #[test]
    fn a_configuration_survives_toml() {
        let text = toml::to_string(&config()).unwrap();
        assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), config());
    }

    #[test]
    fn an_edited_preset_is_custom_and_an_edit_undone_is_not() {
        let mut c = config();
        c.model.layers.pop();
        c.rename_preset();
        assert_eq!(c.preset, "custom");
        c.model = preset("mlp").unwrap().spec([1, 28, 28], 10);
        c.rename_preset();
        assert_eq!(c.preset, "mlp");
    }
}
