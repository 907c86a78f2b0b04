//! Private training.

use serde::{Deserialize, Serialize};

use super::TrainConfig;
use super::error::FieldError;
use super::schedule::Schedule;
use super::setting::Setting;
use crate::model::ParamKind;
use crate::text::{setting, thousands, unit};
use crate::train::checkpoint::Cursor;
use crate::train::privacy::{Ledger, Spent};

/// Private training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Privacy {
    /// Off.
    #[default]
    None,
    /// DP-SGD (Abadi et al. 2016, "Deep Learning with Differential Privacy"): each batch is a Poisson
    /// sample, the gradient of each of its images is clipped, and noise is added to their sum.
    DpSgd {
        /// The largest norm of an image's gradient, above 0.
        max_grad_norm: f64,
        /// Standard deviation of the noise, divided by `max_grad_norm`; above 0.
        noise_multiplier: f64,
        /// The δ that ε is given for, between 0 and 1.
        delta: f64,
    },
}

impl Privacy {
    /// DP-SGD with the values that Opacus' examples for MNIST have.
    pub const DP_SGD: Privacy = Privacy::DpSgd {
        max_grad_norm: 1.0,
        noise_multiplier: 1.1,
        delta: 1e-5,
    };

    /// One of each kind.
    pub const ALL: [Privacy; 2] = [Privacy::None, Privacy::DP_SGD];

    /// Whether training is private.
    pub fn is_on(&self) -> bool {
        *self != Privacy::None
    }

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Privacy::None => "none",
            Privacy::DpSgd { .. } => "dp_sgd",
        }
    }

    /// The name in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Privacy::None => "Off",
            Privacy::DpSgd { .. } => "DP-SGD",
        }
    }

    /// ε of what was spent, at the δ of this setting; `None` if training is not private.
    pub fn epsilon(&self, ledger: &Ledger) -> Option<f64> {
        match self {
            Privacy::None => None,
            Privacy::DpSgd { delta, .. } => Some(ledger.epsilon(*delta)),
        }
    }
}

impl TrainConfig {
    /// The settings that decide which noise private training draws, as text: all that decide the
    /// weights of an update. The number of epochs is one of them only if the schedule follows it, so
    /// that an extended run is the run that it would have been.
    pub(in crate::train) fn noise_key(&self) -> String {
        let mut settings = self.clone();
        if !matches!(
            self.schedule,
            Schedule::Cosine { .. } | Schedule::OneCycle { .. }
        ) {
            settings.epochs = 0;
        }
        serde_json::to_string(&settings).unwrap_or_default()
    }

    /// Number of updates of private training in the first `epochs` epochs over `n_train` images, rounded
    /// as Python does.
    pub(in crate::train) fn private_steps(&self, epochs: usize, n_train: usize) -> u64 {
        let batch = self.batch_size.max(1) as f64;
        (epochs as f64 * n_train as f64 / batch).round_ties_even() as u64
    }

    /// Number of updates of private training in the epoch after `epoch`.
    pub(in crate::train) fn private_steps_after(&self, epoch: usize, n_train: usize) -> u64 {
        let until = |epoch| self.private_steps(epoch, n_train);
        until(epoch + 1).saturating_sub(until(epoch))
    }

    /// The share of the current epoch that is done. In private training it must not tell how many
    /// images were drawn, because the learning rate follows it.
    pub(in crate::train) fn share_of_epoch(&self, cursor: &Cursor, n_train: usize) -> f64 {
        let (done, all) = match self.privacy.is_on() {
            true => {
                let n_steps = self.private_steps_after(cursor.epoch, n_train);
                (cursor.n_batches as f64, n_steps as f64)
            }
            false => (cursor.n_done as f64, n_train as f64),
        };
        // A batch size that was raised may have shortened the epoch.
        (done / all.max(1.0)).min(1.0)
    }

    /// What one update of private training on `n_train` images spends; `None` if it is not private.
    pub(in crate::train) fn spent_per_step(&self, n_train: usize) -> Option<Spent> {
        match self.privacy {
            Privacy::None => None,
            Privacy::DpSgd {
                noise_multiplier, ..
            } => Some(Spent {
                sample_rate: (self.batch_size as f64 / n_train.max(1) as f64).min(1.0),
                noise_multiplier,
                steps: 1,
            }),
        }
    }

    /// ε of a whole run on `n_train` training images, with what was spent before `from`; `None` if it is
    /// not private.
    pub fn planned_epsilon(&self, n_train: usize, from: Option<&Cursor>) -> Option<f64> {
        let per_step = self.spent_per_step(n_train)?;
        let all = self.private_steps(self.epochs, n_train);
        let before = from.map_or(0, |cursor| {
            self.private_steps(cursor.epoch, n_train) + cursor.n_batches
        });
        let mut planned = from.map_or_else(Ledger::default, |cursor| cursor.privacy.clone());
        planned.spend(Spent {
            steps: all.saturating_sub(before),
            ..per_step
        });
        self.privacy.epsilon(&planned)
    }

    /// What a whole run promises if `epsilon` is that of [`TrainConfig::planned_epsilon`], as a
    /// sentence without a full stop; `None` if it is not private.
    pub fn privacy_promise(&self, epsilon: f64) -> Option<String> {
        let Privacy::DpSgd { delta, .. } = self.privacy else {
            return None;
        };
        Some(format!(
            "ε = {epsilon:.2} at δ = {} after {}{}, for one training image more or less",
            setting(delta),
            thousands(self.epochs as u64),
            unit(" epochs", self.epochs as f64),
        ))
    }
}

/// A seed below this can be found by trying.
const GUESSABLE: u64 = 1 << 32;

impl TrainConfig {
    /// Why training cannot be private with the other settings.
    pub(super) fn privacy_problems(&self) -> Vec<FieldError> {
        if !self.privacy.is_on() {
            return Vec::new();
        }
        let norm = self.trained_batch_norm().map(|norm| {
            format!(
                "needs gradients of single images, but {norm} mixes the images of a batch: use layer \
                 norm instead, or freeze it"
            )
        });
        let balanced = self.balanced.then(|| {
            "needs batches in which every image is equally likely: turn balanced classes off"
                .to_owned()
        });
        let sketches = (self.sketch_share > 0.0)
            .then(|| "does not cover sketches that are mixed in: set their share to 0".to_owned());
        let watches_training =
            matches!(self.schedule, Schedule::Plateau { .. }) && self.n_validation == 0;
        let plateau = watches_training.then(|| {
            "needs validation images for the plateau schedule, which would follow the loss of the \
             training images"
                .to_owned()
        });
        let all = [norm, balanced, sketches, plateau].into_iter().flatten();
        all.map(|message| FieldError::new(Setting::Privacy, message))
            .collect()
    }

    /// The name of the first batch norm that is not frozen.
    fn trained_batch_norm(&self) -> Option<String> {
        let shapes = self.model.param_shapes().ok()?;
        let mut params = shapes.iter().zip(self.frozen_params());
        let (found, _) = params.find(|(p, is_frozen)| p.kind == ParamKind::Count && !is_frozen)?;
        // `5.body.2.num_batches_tracked`: indices from the outside in, then the tensor.
        let path: Vec<usize> = found
            .name
            .split('.')
            .filter_map(|part| part.parse().ok())
            .collect();
        let mut names = self.model.layer_names().into_iter();
        names.find(|layer| layer.path == path).map(|l| l.name)
    }

    /// What should be known before private training on `n_train` images starts, one sentence each
    /// without a full stop.
    pub fn privacy_hints(&self, n_train: usize) -> Vec<String> {
        let Privacy::DpSgd { delta, .. } = self.privacy else {
            return Vec::new();
        };
        let guessable = (self.seed < GUESSABLE).then(|| {
            format!(
                "whoever guesses the seed {} can compute the noise: before you pass a privately \
                 trained model on, train it with a large random seed, and keep that and the run's \
                 folder to yourself",
                self.seed
            )
        });
        let share = 1.0 / n_train.max(1) as f64;
        let large_delta = (delta >= share).then(|| {
            format!(
                "a δ of {} promises nothing for {n_train} training images: choose one well below {}",
                setting(delta),
                setting(share)
            )
        });
        let start = self.start.as_ref().map(|_| {
            "ε does not cover the images that the model to start from was trained on".to_owned()
        });
        [guessable, large_delta, start]
            .into_iter()
            .flatten()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;

    fn config(name: &str) -> TrainConfig {
        let mut config = TrainConfig::new(preset(name).unwrap(), [1, 28, 28], 10, 60_000);
        config.privacy = Privacy::DP_SGD;
        config
    }

    fn problems(config: &TrainConfig) -> Vec<String> {
        let found = config.check([1, 28, 28], 10, 60_000);
        found.into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn the_planned_epsilon_is_that_of_the_accountant() {
        let mut config = config("mlp");
        (config.batch_size, config.epochs) = (256, 15);
        assert_eq!(problems(&config), [""; 0]);
        let found = config.planned_epsilon(60_000, None).unwrap();
        assert!((found - 1.2813).abs() < 5e-5, "{found}");
        config.privacy = Privacy::None;
        assert_eq!(config.planned_epsilon(60_000, None), None);
    }

    #[test]
    fn what_mixes_images_or_follows_them_is_refused_with_the_way_out() {
        let mut with_norm = config("resnet-small");
        let found = problems(&with_norm);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("norm1") && found[0].contains("layer norm"));
        with_norm.freeze = vec!["body".to_owned()];
        assert_eq!(problems(&with_norm), [""; 0]);

        let mut other = config("mlp");
        other.balanced = true;
        other.schedule = Schedule::ALL
            .into_iter()
            .find(|s| matches!(s, Schedule::Plateau { .. }))
            .unwrap();
        other.n_validation = 0;
        assert_eq!(problems(&other).len(), 2);
        other.sketch_share = 0.1;
        assert!(problems(&other)[1].contains("share to 0"));
    }

    #[test]
    fn a_seed_that_can_be_guessed_and_a_useless_delta_are_told() {
        let mut config = config("mlp");
        assert_eq!(config.hints(60_000).len(), 1);
        config.seed = 0x3a5c_77d1_0b9e_42f6;
        assert_eq!(config.hints(60_000), [""; 0]);
        config.set_setting(Setting::Delta, &0.01.into());
        assert!(config.hints(60_000)[0].contains("0.01"));
    }
}
