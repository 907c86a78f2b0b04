//! The status of a trial.

use serde::{Deserialize, Serialize};

use super::prune::Verdict;

/// The status of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum TrialStatus {
    /// To be rerun from the start.
    Waiting,
    /// Training, or left by a program that ended.
    Running,
    /// Interrupted with the sweep, and resumed with it.
    Interrupted,
    /// Completed.
    Completed {
        /// Its value.
        value: f64,
    },
    /// Pruned.
    Pruned {
        /// Its value until then.
        value: f64,
        /// Why.
        verdict: Verdict,
    },
    /// Failed.
    Failed {
        /// One sentence.
        message: String,
    },
}
