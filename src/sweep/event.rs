//! The events of a sweep: the lines of its journal.

use serde::{Deserialize, Serialize};

use super::point::Point;
use super::prune::Verdict;
use super::status::TrialStatus;

/// An event of a sweep: one line of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SweepEvent {
    /// The sweep starts, or is resumed in another session.
    Opened {
        /// The dataset's fingerprint.
        fingerprint: String,
    },
    /// A trial starts.
    Started {
        /// Its number, from 1.
        trial: usize,
        /// Index of its setting.
        setting: usize,
        /// Index of the run among those of the setting.
        repeat: usize,
        /// The setting.
        point: Point,
        /// Name of its run's folder in the workspace.
        run: String,
        /// Seconds of the sweep so far, without pauses.
        secs: f64,
    },
    /// A trial is resumed from its last checkpoint, or starts over without one.
    Resumed {
        /// Its number.
        trial: usize,
        /// Updates done at the checkpoint.
        #[serde(default)]
        step: u64,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial has finished an epoch.
    Reported {
        /// Its number.
        trial: usize,
        /// Epochs done.
        epoch: usize,
        /// The metric.
        value: f64,
        /// Why it is pruned now, if it is: in the same line, so that a crash cannot separate them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial has ended.
    Ended {
        /// Its number.
        trial: usize,
        /// How it ended.
        status: TrialStatus,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// Something was lost or could not be resumed. Not in the journal.
    Warned {
        /// A sentence without capital and period.
        message: String,
    },
    /// A trial is to be rerun.
    Retried {
        /// Its number.
        trial: usize,
    },
}
