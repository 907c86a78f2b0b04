//! What a sweep is, as plain data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Axis, Direction, Measure, Metric};

/// How the next setting is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every combination, once.
    Grid,
    /// Independent draws.
    #[default]
    Random,
    /// A Sobol sequence: draws that leave no gaps (Owen scrambled, Burley 2020).
    Sobol,
    /// Draws where good results lie denser than bad ones (tree-structured Parzen estimator,
    /// Bergstra et al. 2011).
    Tpe,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 4] = [Method::Grid, Method::Random, Method::Sobol, Method::Tpe];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Grid => "grid",
            Method::Random => "random",
            Method::Sobol => "sobol",
            Method::Tpe => "tpe",
        }
    }

    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Method::Grid => "Grid",
            Method::Random => "Random",
            Method::Sobol => "Sobol",
            Method::Tpe => "TPE",
        }
    }

    /// One sentence: what it is, and when it is a bad choice.
    pub fn explanation(self) -> &'static str {
        match self {
            Method::Grid => "Every combination once: complete, and soon too many.",
            Method::Random => "Independent draws: simple, but small sweeps leave gaps.",
            Method::Sobol => "Draws spread evenly over the ranges: best for small sweeps.",
            Method::Tpe => "Searches near what did well; needs some twenty trials to pay off.",
        }
    }
}

/// When a trial that does badly is stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prune {
    /// Asynchronous successive halving (Li et al. 2020, in the variant that stops): after
    /// `epochs`, `epochs × factor`, `epochs × factor²`… epochs, a trial goes on if it is among the
    /// best `1 / factor` of those that came so far.
    Asha {
        /// Epochs before the first decision.
        #[serde(default = "one")]
        epochs: usize,
        /// How many times fewer trials go on at each decision.
        #[serde(default = "three")]
        factor: usize,
    },
    /// A trial worse than the median of the others at the same epoch stops (Golovin et al. 2017).
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
    /// The usual ones.
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

    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Prune::Asha { .. } => "Successive halving",
            Prune::Median { .. } => "Median",
        }
    }
}

/// A sweep: what is searched, how, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Names the sweep's folder and its runs: letters, digits, `-` and `_`.
    pub name: String,
    /// Network that every trial starts from, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// File with the configuration that every trial starts from, instead of a preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Folder with the images; none for MNIST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// How settings are chosen.
    pub method: Method,
    /// What is compared.
    pub metric: Metric,
    /// Which way is better.
    pub direction: Direction,
    /// Which epoch of a trial counts.
    pub measure: Measure,
    /// Decides what is drawn. The seeds of the runs are their own.
    pub seed: u64,
    /// Runs of each setting, with consecutive seeds.
    pub seeds_per_setting: usize,
    /// Trials in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<usize>,
    /// Minutes after which no trial is started any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// Trials at once.
    pub parallel: usize,
    /// When a trial is stopped early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<Prune>,
    /// Keys that are the same for all trials.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub set: Table,
    /// Keys that are searched.
    #[serde(default)]
    pub search: Vec<Axis>,
}

impl Definition {
    /// A sweep that searches nothing yet.
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

    /// Whether trials of `other` would be trials of this one: all is equal but how many there
    /// are, and how many at once.
    pub fn continues(&self, other: &Definition) -> bool {
        let core = |d: &Definition| Definition {
            trials: None,
            minutes: None,
            parallel: 1,
            // Where the configuration came from; what it says is compared by itself.
            preset: None,
            config: None,
            set: Table::new(),
            ..d.clone()
        };
        core(self) == core(other)
    }
}
