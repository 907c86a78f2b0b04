//! The leaderboard of a sweep, and its best value over time.

use std::collections::BTreeMap;

use super::definition::Definition;
use super::point::Point;
use super::state::{SweepState, Trial};
use super::status::TrialStatus;
use crate::runs::Direction;
use crate::stats;

/// A setting's place on the leaderboard.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderboardEntry {
    /// Index of the setting.
    pub setting: usize,
    /// The setting.
    pub point: Point,
    /// Mean over its completed trials.
    pub mean: f64,
    /// Standard deviation over them, if there are two or more.
    pub deviation: Option<f64>,
    /// Its completed trials.
    pub trials: Vec<usize>,
}

impl SweepState {
    /// Ranks the settings with a completed trial, best mean first.
    pub fn leaderboard(&self, definition: &Definition) -> Vec<LeaderboardEntry> {
        let mut settings: BTreeMap<usize, Vec<(&Trial, f64)>> = BTreeMap::new();
        for trial in self.trials.values() {
            if let TrialStatus::Completed { value } = trial.status {
                settings
                    .entry(trial.setting)
                    .or_default()
                    .push((trial, value));
            }
        }
        let mut places: Vec<LeaderboardEntry> =
            settings.into_iter().map(|(s, t)| place(s, &t)).collect();
        let cost = |p: &LeaderboardEntry| definition.direction.cost(p.mean);
        places.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.setting.cmp(&b.setting)));
        places
    }

    /// Returns the best trial so far.
    pub fn best(&self, direction: Direction) -> Option<(&Trial, f64)> {
        let completed = self.trials.values().filter_map(|t| match t.status {
            TrialStatus::Completed { value } => Some((t, value)),
            _ => None,
        });
        completed.reduce(|best, next| {
            if direction.is_better(next.1, best.1) {
                next
            } else {
                best
            }
        })
    }

    /// Returns the best value over time: seconds of the sweep, and the best value from then on.
    pub fn best_so_far(&self, direction: Direction) -> Vec<(f64, f64)> {
        let mut ends: Vec<(f64, f64)> = self
            .trials
            .values()
            .filter_map(|t| match (&t.status, t.ended) {
                (TrialStatus::Completed { value }, Some(ended)) => Some((ended, *value)),
                _ => None,
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut curve: Vec<(f64, f64)> = Vec::new();
        for (secs, value) in ends {
            if curve
                .last()
                .is_none_or(|&(_, best)| direction.is_better(value, best))
            {
                curve.push((secs, value));
            }
        }
        curve
    }
}

fn place(setting: usize, trials: &[(&Trial, f64)]) -> LeaderboardEntry {
    let values: Vec<f64> = trials.iter().map(|&(_, value)| value).collect();
    LeaderboardEntry {
        setting,
        point: trials[0].0.point.clone(),
        mean: stats::mean(values.iter().copied()),
        deviation: stats::standard_deviation(&values),
        trials: trials.iter().map(|(trial, _)| trial.number).collect(),
    }
}
