//! A sweep with the base configuration of its trials.

use super::definition::{Definition, Method};
use super::point::Point;
use super::{point, sampler};
use crate::train::{KeyError, TrainConfig};

/// A sweep with the base configuration of its trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The definition.
    pub definition: Definition,
    /// The configuration that all trials start from.
    pub base: TrainConfig,
}

impl Plan {
    /// Returns the seed of repetition `repeat`: the same for all settings, for a fair comparison.
    fn seed(&self, repeat: usize) -> u64 {
        self.base.seed.wrapping_add(repeat as u64) % (1 << 63)
    }

    /// Returns setting and repetition of trial number `trial`, counted from 1.
    pub fn place(&self, trial: usize) -> (usize, usize) {
        let n = self.definition.seeds_per_setting.max(1);
        ((trial - 1) / n, (trial - 1) % n)
    }

    /// Makes the configuration of a trial.
    ///
    /// # Errors
    /// When the point does not fit.
    pub fn config(&self, point: &Point, repeat: usize) -> Result<TrainConfig, KeyError> {
        let mut config = point::apply(&self.base, point)?;
        config.seed = self.seed(repeat);
        Ok(config)
    }

    /// Returns the maximum number of trials; `None` if only the time limit ends the sweep.
    pub fn n_trials(&self) -> Option<usize> {
        let definition = &self.definition;
        let all = (definition.method == Method::Grid)
            .then(|| sampler::grid_size(&definition.search) * definition.seeds_per_setting);
        match (definition.trials, all) {
            (Some(trials), Some(all)) => Some(trials.min(all)),
            (trials, all) => trials.or(all),
        }
    }

    /// Returns every trial's number, point and configuration, if the method knows them in advance;
    /// `None` for one that depends on results, or if only the time limit ends the sweep.
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
