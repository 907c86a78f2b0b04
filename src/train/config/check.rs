//! Checks of a configuration.

use crate::data::AugmentKind;
use crate::model::limits::memory_problem;

use super::TrainConfig;
use super::field::{Field, FieldError};
use super::optimizer::Optimizer;
use super::schedule::Schedule;
use crate::text::thousands;

/// The problems found so far.
#[derive(Default)]
struct Problems(Vec<FieldError>);

impl Problems {
    fn expect(&mut self, is_fine: bool, field: Field, message: impl FnOnce() -> String) {
        if !is_fine {
            self.0.push(FieldError::new(field, message()));
        }
    }

    /// Adds `problem`, if there is one.
    fn note(&mut self, field: Field, problem: Option<String>) {
        self.0.extend(problem.map(|p| FieldError::new(field, p)));
    }

    /// A finite number above 0.
    fn positive(&mut self, field: Field, x: f64) {
        self.expect(x.is_finite() && x > 0.0, field, || {
            format!("must be above 0, found {x}")
        });
    }

    /// A finite number that is not negative.
    fn not_negative(&mut self, field: Field, x: f64) {
        self.expect(x.is_finite() && x >= 0.0, field, || {
            format!("must be 0 or more, found {x}")
        });
    }

    /// A share below 1, such as a decay rate: with 1 an average would never change.
    fn below_one(&mut self, field: Field, x: f64) {
        self.expect((0.0..1.0).contains(&x), field, || {
            format!("must be at least 0 and below 1, found {x}")
        });
    }
}

impl TrainConfig {
    /// Returns every problem of the configuration for `n_images` training images of `input` size in
    /// `classes` classes.
    pub fn check(&self, input: [usize; 3], classes: usize, n_images: usize) -> Vec<FieldError> {
        let mut problems = Problems::default();
        self.check_rates(&mut problems);
        self.check_amounts(n_images, &mut problems);
        self.check_optimizer(&mut problems);
        self.check_model(input, classes, &mut problems);
        problems.0
    }

    /// Returns why this machine has too little memory for the training, if so. `n_held` bytes are
    /// held by what the training would replace. Running out of memory would end the program.
    ///
    /// Not part of [`TrainConfig::check`], because the result depends on the machine.
    pub fn memory_problem(&self, n_held: u64) -> Option<FieldError> {
        let problem = memory_problem("training", self.training_bytes(), n_held)?;
        let message = format!("{problem}: make the layers or the batch smaller");
        Some(FieldError::new(Field::Model, message))
    }

    /// Bytes held while training: a batch of images, and see [`SpecReport::training_bytes`]. 0 if
    /// the layers do not fit.
    ///
    /// [`SpecReport::training_bytes`]: crate::model::SpecReport::training_bytes
    pub fn training_bytes(&self) -> u64 {
        let Ok(report) = self.model.report() else {
            return 0;
        };
        let image: u64 = self.model.input.iter().map(|&n| n as u64).product();
        let images = image
            .saturating_mul(4)
            .saturating_mul(self.batch_size as u64);
        report
            .training_bytes(self.batch_size, self.optimizer.n_moments())
            .saturating_add(images)
    }

    fn check_rates(&self, problems: &mut Problems) {
        problems.positive(Field::LearningRate, self.learning_rate);
        problems.not_negative(Field::WeightDecay, self.weight_decay);
        problems.not_negative(Field::L1, self.l1);
        problems.note(Field::Clip, self.clip.problem());
        problems.note(Field::Loss, self.loss.problem());
        problems.below_one(Field::EmaDecay, self.ema_decay);
        let early = self.early_stopping;
        problems.not_negative(Field::EarlyStopping, early.min_delta);
        problems.expect(
            !early.is_on() || self.n_validation > 0,
            Field::EarlyStopping,
            || "needs validation images".to_owned(),
        );
        for kind in AugmentKind::ALL {
            let (strength, most) = (self.augment.strength(kind), kind.most());
            let is_fine = (0.0..=most).contains(&strength);
            problems.expect(is_fine, Field::Augment(kind), || {
                format!("must be from 0 to {most}, found {strength}")
            });
        }
        problems.note(Field::Schedule, self.schedule.problem());
        if let Schedule::OneCycle { dip, .. } = self.schedule {
            let momentum = self.optimizer.momentum();
            problems.expect(dip == 0.0 || dip < momentum, Field::Schedule, || {
                format!("momentum cannot drop by {dip}: it is {momentum}")
            });
        }
        let epochs = self.epochs;
        let is_fine = self.warmup_epochs >= 0.0 && self.warmup_epochs <= epochs as f64;
        problems.expect(is_fine, Field::Warmup, || {
            let found = self.warmup_epochs;
            format!("must be from 0 to the {epochs} epochs, found {found}")
        });
    }

    fn check_amounts(&self, n_images: usize, problems: &mut Problems) {
        problems.expect(self.epochs >= 1, Field::Epochs, || {
            "must be at least 1, found 0".to_owned()
        });
        let n_validation = self.n_validation;
        problems.expect(n_validation < n_images, Field::Validation, || {
            let [validation, all] = [n_validation, n_images].map(|n| thousands(n as u64));
            format!("must be fewer than the training images, found {validation} of {all}")
        });
        let n_train = n_images.saturating_sub(n_validation);
        let batch = self.batch_size;
        let is_fine = (1..=n_train.max(1)).contains(&batch);
        problems.expect(is_fine, Field::BatchSize, || {
            let [most, found] = [n_train, batch].map(|n| thousands(n as u64));
            format!("must be between 1 and the {most} training images, found {found}")
        });
    }

    fn check_optimizer(&self, problems: &mut Problems) {
        match self.optimizer {
            Optimizer::Sgd {
                momentum, nesterov, ..
            } => {
                problems.below_one(Field::Momentum, momentum);
                problems.expect(!nesterov || momentum > 0.0, Field::Momentum, || {
                    "must be above 0 for Nesterov".to_owned()
                });
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
                problems.below_one(Field::Beta1, beta1);
                problems.below_one(Field::Beta2, beta2);
                problems.positive(Field::Epsilon, epsilon);
            }
            Optimizer::Lion { beta1, beta2 } => {
                problems.below_one(Field::Beta1, beta1);
                problems.below_one(Field::Beta2, beta2);
            }
            Optimizer::Rmsprop {
                alpha,
                momentum,
                epsilon,
                ..
            } => {
                problems.below_one(Field::Alpha, alpha);
                problems.below_one(Field::Momentum, momentum);
                problems.positive(Field::Epsilon, epsilon);
            }
        }
    }

    fn check_model(&self, input: [usize; 3], classes: usize, problems: &mut Problems) {
        let model = &self.model;
        let is_fine = model.input == input && model.classes == classes;
        problems.expect(is_fine, Field::Model, || {
            format!(
                "is for images of {:?} in {} classes, but the dataset has {input:?} in {classes}",
                model.input, model.classes
            )
        });
        for error in model.check().1 {
            let field = error.layer_idx().map_or(Field::Model, Field::Layer);
            problems.0.push(FieldError {
                layer: error.layer.map(|layer| layer.name),
                ..FieldError::new(field, error.message)
            });
        }
    }
}
