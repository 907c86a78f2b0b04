//! Checks of a configuration.

use super::TrainConfig;
use super::access::SettingMut;
use super::error::FieldError;
use super::optimizer::Optimizer;
use super::schedule::Schedule;
use super::setting::Setting;
use crate::model::ParamKind;
use crate::model::limits::memory_problem;
use crate::text::thousands;

/// The problems found so far.
#[derive(Default)]
struct Problems(Vec<FieldError>);

impl Problems {
    fn expect(&mut self, is_fine: bool, setting: Setting, message: impl FnOnce() -> String) {
        if !is_fine {
            self.0.push(FieldError::new(setting, message()));
        }
    }

    /// Adds `problem`, if there is one.
    fn note(&mut self, setting: Setting, problem: Option<String>) {
        self.0.extend(problem.map(|p| FieldError::new(setting, p)));
    }
}

impl TrainConfig {
    /// Returns every problem of the configuration for `n_images` training images of `input` size in
    /// `classes` classes.
    pub fn check(&self, input: [usize; 3], classes: usize, n_images: usize) -> Vec<FieldError> {
        let mut problems = Problems::default();
        self.check_limits(&mut problems);
        self.check_relations(&mut problems);
        self.check_amounts(n_images, &mut problems);
        self.check_model(input, classes, &mut problems);
        self.check_groups(&mut problems);
        problems.0.extend(self.privacy_problems());
        problems.0
    }

    /// Returns why this machine has too little memory for the training, if so. `n_held` bytes are
    /// held by what the training would replace. Running out of memory would end the program.
    ///
    /// Not part of [`TrainConfig::check`], because the result depends on the machine.
    pub fn memory_problem(&self, n_held: u64) -> Option<FieldError> {
        let problem = memory_problem("training", self.training_bytes(), n_held)?;
        let message = format!("{problem}: make the layers or the batch smaller");
        Some(FieldError::new(Setting::Model, message))
    }

    /// Bytes held while training: a batch of images, and see [`SpecReport::training_bytes`]. 0 if
    /// the layers do not fit. A batch that is computed in parts needs less, but not in the search for a
    /// learning rate, nor when the guard looks for where an anomaly started.
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

    /// Checks every number against the limits of its setting.
    fn check_limits(&self, problems: &mut Problems) {
        let mut copy = self.clone();
        for setting in Setting::ALL {
            let number = match copy.setting_mut(setting) {
                Some(SettingMut::Real(x)) => *x,
                Some(SettingMut::Count(n)) => *n as f64,
                Some(SettingMut::Switch(_)) | None => continue,
            };
            problems.note(setting, setting.info().problem(number));
        }
    }

    /// Checks the numbers whose limits depend on other settings.
    fn check_relations(&self, problems: &mut Problems) {
        let early = self.early_stopping;
        let is_fine = !early.is_on() || self.n_validation > 0;
        problems.expect(is_fine, Setting::Patience, || {
            "needs validation images".to_owned()
        });
        let momentum = self.optimizer.momentum();
        if let Schedule::OneCycle { dip, .. } = self.schedule {
            problems.expect(dip == 0.0 || dip < momentum, Setting::MomentumDip, || {
                format!("momentum cannot drop by {dip}: it is {momentum}")
            });
        }
        if let Optimizer::Sgd { nesterov, .. } = self.optimizer {
            problems.expect(!nesterov || momentum > 0.0, Setting::Momentum, || {
                "must be above 0 for Nesterov".to_owned()
            });
        }
        let (warmup, epochs) = (self.warmup_epochs, self.epochs);
        let is_fine = (0.0..=epochs as f64).contains(&warmup);
        problems.expect(is_fine, Setting::Warmup, || {
            format!("must be from 0 to the {epochs} epochs, found {warmup}")
        });
    }

    fn check_amounts(&self, n_images: usize, problems: &mut Problems) {
        let n_validation = self.n_validation;
        problems.expect(n_validation < n_images, Setting::Validation, || {
            let [validation, all] = [n_validation, n_images].map(|n| thousands(n as u64));
            format!("must be fewer than the training images, found {validation} of {all}")
        });
        let n_train = n_images.saturating_sub(n_validation);
        let batch = self.batch_size;
        let is_fine = (1..=n_train.max(1)).contains(&batch);
        problems.expect(is_fine, Setting::BatchSize, || {
            let [most, found] = [n_train, batch].map(|n| thousands(n as u64));
            format!("must be between 1 and the {most} training images, found {found}")
        });
        let norm = self.model.norm_of_single_values().filter(|_| batch == 1);
        problems.note(Setting::BatchSize, norm.map(|norm| {
            format!(
                "must be at least 2 for {norm}: batch norm needs more than one value per channel"
            )
        }));
    }

    /// Returns what is odd about training with `n_images` training images but no error, one sentence
    /// each without a full stop.
    pub fn hints(&self, n_images: usize) -> Vec<String> {
        let n_train = n_images.saturating_sub(self.n_validation);
        let is_one_left = self.batch_size > 1 && n_train % self.batch_size == 1;
        let norm = self.model.norm_of_single_values().filter(|_| is_one_left);
        let hint = norm.map(|norm| {
            let [n_train, batch] = [n_train, self.batch_size].map(|n| thousands(n as u64));
            format!(
                "the last of the {n_train} training images is a batch of its own, in which {norm} \
                 has one value per channel: it disturbs the running statistics, choose a batch \
                 size other than {batch}"
            )
        });
        let mut hints: Vec<String> = hint.into_iter().collect();
        hints.extend(self.privacy_hints(n_train));
        hints
    }

    fn check_model(&self, input: [usize; 3], classes: usize, problems: &mut Problems) {
        let model = &self.model;
        let is_fine = model.input == input && model.classes == classes;
        problems.expect(is_fine, Setting::Model, || {
            format!(
                "is for images of {:?} in {} classes, but the dataset has {input:?} in {classes}",
                model.input, model.classes
            )
        });
        for error in model.check().1 {
            let setting = error.layer_idx().map_or(Setting::Model, Setting::Layer);
            problems.0.push(FieldError {
                layer: error.layer.map(|layer| layer.name),
                ..FieldError::new(setting, error.message)
            });
        }
    }
}

impl TrainConfig {
    /// Checks the names of frozen layers and of those with another learning rate.
    fn check_groups(&self, problems: &mut Problems) {
        let Ok(shapes) = self.model.param_shapes() else {
            return;
        };
        for name in &self.freeze {
            let unknown = self.model.params_matching(name).err();
            problems.note(Setting::Model, unknown.map(|e| format!("freeze: {e}")));
        }
        for (name, factor) in &self.lr_scale {
            let unknown = self.model.params_matching(name).err();
            problems.note(Setting::Model, unknown.map(|e| format!("lr_scale: {e}")));
            let is_fine = factor.is_finite() && *factor > 0.0;
            problems.expect(is_fine, Setting::Model, || {
                format!(
                    "lr_scale: the factor for {name} must be above 0, found {factor}; to keep \
                         weights as they are, freeze them"
                )
            });
        }
        let is_frozen = self.frozen_params();
        let mut weights = shapes.iter().zip(&is_frozen);
        let learns = weights.any(|(shape, is)| shape.kind == ParamKind::Weight && !is);
        problems.expect(learns || self.freeze.is_empty(), Setting::Model, || {
            "freeze: every layer is frozen, nothing would be learned".to_owned()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::AugmentKind;
    use crate::model::preset;
    use crate::train::{Clip, Loss};

    fn config() -> TrainConfig {
        TrainConfig::new(preset("keras-cnn").unwrap(), [1, 28, 28], 10, 60_000)
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut c = config();
        c.learning_rate = 0.0;
        c.batch_size = 70_000;
        c.epochs = 0;
        c.l1 = -1.0;
        c.clip = Clip::Norm { max: 0.0 };
        c.ema_decay = 1.0;
        c.early_stopping.min_delta = -1.0;
        c.augment.rotation = 200.0;
        c.loss = Loss::CrossEntropy {
            label_smoothing: 1.0,
        };
        c.optimizer = Optimizer::Adam {
            beta1: 1.0,
            beta2: 0.9,
            epsilon: f64::NAN,
        };
        c.model.layers.remove(3);
        let settings: Vec<Setting> = c
            .check([1, 28, 28], 10, 60_000)
            .iter()
            .map(|e| e.setting)
            .collect();
        assert_eq!(
            settings,
            [
                Setting::LearningRate,
                Setting::Beta1,
                Setting::Epsilon,
                Setting::Epochs,
                Setting::LabelSmoothing,
                Setting::L1,
                Setting::ClipMax,
                Setting::EmaDecay,
                Setting::MinDelta,
                Setting::Augment(AugmentKind::Rotation),
                Setting::BatchSize,
                Setting::Layer(3)
            ]
        );
    }

    #[test]
    fn wrong_numbers_of_a_schedule_are_told() {
        for wrong in [
            Schedule::Step {
                every: 0.0,
                factor: 0.5,
            },
            Schedule::Step {
                every: 1.0,
                factor: f64::NAN,
            },
            Schedule::Exponential { factor: 0.0 },
            Schedule::Cosine { floor: 1.5 },
            Schedule::OneCycle {
                rise: 1.0,
                start: 0.0,
                end: 0.0,
                dip: 0.0,
            },
            Schedule::Plateau {
                patience: 0,
                factor: 0.5,
                floor: 0.0,
            },
        ] {
            let mut c = config();
            c.schedule = wrong;
            assert_eq!(c.check([1, 28, 28], 10, 60_000).len(), 1, "{wrong:?}");
        }
    }
}
