//! The definition of a sweep, as plain data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::axis::Axis;
use super::metric::Measure;
use crate::runs::{Direction, Metric};

/// How settings are sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every combination, once.
    Grid,
    /// Independent draws.
    #[default]
    Random,
    /// A Sobol sequence: draws without gaps (Owen scrambled, Burley 2020).
    Sobol,
    /// Draws where good results are denser than bad ones (tree-structured Parzen estimator,
    /// Bergstra et al. 2011).
    Tpe,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 4] = [Method::Grid, Method::Random, Method::Sobol, Method::Tpe];

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Grid => "grid",
            Method::Random => "random",
            Method::Sobol => "sobol",
            Method::Tpe => "tpe",
        }
    }

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Method::Grid => "Grid",
            Method::Random => "Random",
            Method::Sobol => "Sobol",
            Method::Tpe => "TPE",
        }
    }

    /// Explains in one sentence what it is, and when it is a bad choice.
    pub fn explanation(self) -> &'static str {
        match self {
            Method::Grid => "Every combination once: complete, but the number grows fast.",
            Method::Random => "Independent draws: simple, but small sweeps leave gaps.",
            Method::Sobol => "Draws spread evenly over the ranges: best for small sweeps.",
            Method::Tpe => "Searches near good results; needs about twenty trials to pay off.",
        }
    }
}

/// The rule for pruning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prune {
    /// Asynchronous successive halving (Li et al. 2020, in the variant that stops): after `epochs`,
    /// `epochs × factor`, `epochs × factor²`… epochs, a trial continues if it is among the best `1
    /// / factor` of those that have come this far.
    Asha {
        /// Epochs before the first decision.
        #[serde(default = "one")]
        epochs: usize,
        /// Reduction factor: by how much each decision divides the number of trials.
        #[serde(default = "three")]
        factor: usize,
    },
    /// A trial worse than the median of the others at the same epoch is stopped (Golovin et al.
    /// 2017).
    Median {
        /// Epochs before the first decision.
        #[serde(default = "one")]
        epochs: usize,
        /// Other trials needed at that epoch.
        #[serde(default = "three")]
        trials: usize,
    },
}

fn one() -> usize {
    1
}

fn three() -> usize {
    3
}

impl Prune {
    /// All rules, with default values.
    pub const ALL: [Prune; 2] = [
        Prune::Asha {
            epochs: 1,
            factor: 3,
        },
        Prune::Median {
            epochs: 1,
            trials: 3,
        },
    ];

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Prune::Asha { .. } => "Successive halving",
            Prune::Median { .. } => "Median",
        }
    }
}

/// A sweep: what to search, how, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Name of the sweep's folder and its runs: letters, digits, `-` and `_`.
    pub name: String,
    /// Preset that every trial starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// File with the configuration that every trial starts from, instead of a preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Folder with the dataset; none for MNIST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// How settings are sampled.
    pub method: Method,
    /// What trials are compared by.
    pub metric: Metric,
    /// Which way is better.
    pub direction: Direction,
    /// Which epoch of a trial counts.
    pub measure: Measure,
    /// Seed of the sampler; the runs have their own seeds.
    pub seed: u64,
    /// Runs per setting, with consecutive seeds.
    pub seeds_per_setting: usize,
    /// Total number of trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<usize>,
    /// Time limit in minutes, after which no trial starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// Number of parallel trials.
    pub parallel: usize,
    /// The rule for pruning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<Prune>,
    /// Keys with the same value in all trials.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub set: Table,
    /// The search space.
    #[serde(default)]
    pub search: Vec<Axis>,
}

impl Definition {
    /// Makes a sweep without a search space.
    pub fn new(name: impl Into<String>) -> Definition {
        Definition {
            name: name.into(),
            preset: None,
            config: None,
            data: None,
            method: Method::default(),
            metric: Metric::ValAccuracy,
            direction: Direction::Maximize,
            measure: Measure::Best,
            seed: 1,
            seeds_per_setting: 1,
            trials: None,
            minutes: None,
            parallel: 1,
            prune: None,
            set: Table::new(),
            search: Vec::new(),
        }
    }

    /// Returns whether trials of `other` are also trials of this sweep: everything is equal but the
    /// number of trials, the time limit and the number of parallel trials.
    pub fn continues(&self, other: &Definition) -> bool {
        let core = |d: &Definition| Definition {
            trials: None,
            minutes: None,
            parallel: 1,
            // The origin of the configuration; its contents are compared separately.
            preset: None,
            config: None,
            set: Table::new(),
            ..d.clone()
        };
        core(self) == core(other)
    }
}
