//! A sweep with the configuration its trials start from.

use super::{Definition, Method, Point, point, sampler};
use crate::train::{KeyError, TrainConfig};

/// A sweep with the configuration its trials start from.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is searched.
    pub definition: Definition,
    /// What all trials have in common.
    pub base: TrainConfig,
}

impl Plan {
    /// The seed of the runs that repeat a setting for the `repeat`th time: the same for all
    /// settings, so that they are compared fairly.
    fn seed(&self, repeat: usize) -> u64 {
        (self.base.seed + repeat as u64) % (1 << 63)
    }

    /// The setting and the repetition of trial number `trial`, which counts from 1.
    pub fn place(&self, trial: usize) -> (usize, usize) {
        let n = self.definition.seeds_per_setting.max(1);
        ((trial - 1) / n, (trial - 1) % n)
    }

    /// The configuration of a trial.
    ///
    /// # Errors
    /// When the point does not fit.
    pub fn config(&self, point: &Point, repeat: usize) -> Result<TrainConfig, KeyError> {
        let mut config = point::apply(&self.base, point)?;
        config.seed = self.seed(repeat);
        Ok(config)
    }

    /// How many trials there are at most; `None` when only time ends the sweep.
    pub fn n_trials(&self) -> Option<usize> {
        let definition = &self.definition;
        let all = (definition.method == Method::Grid)
            .then(|| sampler::grid_size(&definition.search) * definition.seeds_per_setting);
        match (definition.trials, all) {
            (Some(trials), Some(all)) => Some(trials.min(all)),
            (trials, all) => trials.or(all),
        }
    }

    /// Every trial's number, point and configuration, where the method knows them beforehand;
    /// `None` for one that learns from results, or a sweep that only time ends.
    pub fn all(&self) -> Option<Vec<(usize, Point, TrainConfig)>> {
        if self.definition.method == Method::Tpe {
            return None;
        }
        let sampler = sampler::sampler(&self.definition);
        let trial = |number: usize| {
            let (setting, repeat) = self.place(number);
            let point = sampler.propose(&self.definition.search, setting, &[])?;
            let config = self.config(&point, repeat).ok()?;
            Some((number, point, config))
        };
        Some((1..=self.n_trials()?).map_while(trial).collect())
    }
}
