//! A sweep with the base configuration of its trials.

use super::definition::{Definition, Method};
use super::draw::propose;
use super::point::Point;
use super::space::{MAX_LISTED, n_points};
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
        match (self.definition.trials, self.n_possible()) {
            (Some(trials), Some(all)) => Some(trials.min(all)),
            (trials, all) => trials.or(all),
        }
    }

    /// Returns the number of trials without repeating one, if it is finite.
    fn n_possible(&self) -> Option<usize> {
        let definition = &self.definition;
        let n_settings = match definition.method {
            Method::Grid => Some(sampler::grid_size(&definition.search)),
            // A larger space is as good as an infinite one.
            _ => n_points(&definition.search).filter(|&n| n <= MAX_LISTED),
        };
        n_settings?.checked_mul(definition.seeds_per_setting)
    }

    /// Returns whether the sweep ends because every setting has been tried, with fewer trials than
    /// were asked for. A grid never has more.
    pub fn exhausts_space(&self) -> bool {
        let trials = self.definition.trials;
        self.definition.method != Method::Grid
            && self
                .n_possible()
                .is_some_and(|n| trials.is_none_or(|trials| n < trials))
    }

    /// Returns every trial's number, point and configuration, if the method knows them in advance;
    /// `None` for one that depends on results, or if only the time limit ends the sweep.
    pub fn all(&self) -> Option<Vec<(usize, Point, TrainConfig)>> {
        if self.definition.method == Method::Tpe {
            return None;
        }
        let sampler = sampler::sampler(&self.definition);
        let mut points: Vec<Point> = Vec::new();
        let trial = |number: usize| {
            let (setting, repeat) = self.place(number);
            if setting == points.len() {
                let used: Vec<&Point> = points.iter().collect();
                let search = &self.definition.search;
                points.push(propose(&*sampler, search, setting, &[], &used)?);
            }
            let point = points[setting].clone();
            let config = self.config(&point, repeat).ok()?;
            Some((number, point, config))
        };
        Some((1..=self.n_trials()?).map_while(trial).collect())
    }
}
