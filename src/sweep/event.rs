//! What happens in a sweep: the lines of its journal.

use serde::{Deserialize, Serialize};

use super::{Point, TrialStatus};

/// Something that happened in a sweep: one line of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SweepEvent {
    /// The sweep begins, or goes on in another session.
    Opened {
        /// The same for the same images.
        fingerprint: String,
    },
    /// A trial begins.
    Started {
        /// Its number, from 1.
        trial: usize,
        /// Number of its setting, from 0.
        setting: usize,
        /// How many runs of the setting come before it.
        repeat: usize,
        /// The setting.
        point: Point,
        /// Name of its run's folder in the workspace.
        run: String,
        /// Seconds of the sweep so far; pauses excluded.
        secs: f64,
    },
    /// A trial goes on from its last checkpoint, or from its beginning where none was kept yet.
    Resumed {
        /// Its number.
        trial: usize,
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
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial is over.
    Ended {
        /// Its number.
        trial: usize,
        /// How.
        status: TrialStatus,
        /// Seconds of the sweep so far.
        secs: f64,
    },
    /// A trial shall be done once more.
    Retried {
        /// Its number.
        trial: usize,
    },
}
