//! The events of a sweep: the lines of its journal.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

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
        #[serde(deserialize_with = "trial_number")]
        trial: usize,
        /// Index of its setting.
        setting: usize,
        /// Index of the run among those of the setting.
        repeat: usize,
        /// The setting.
        point: Point,
        /// Name of its run's folder in the workspace.
        #[serde(deserialize_with = "folder_name")]
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

/// Far above what any sweep comes to, and below where counting further would overflow.
const MAX_TRIAL: usize = 1 << 31;

fn trial_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let trial = usize::deserialize(deserializer)?;
    match (1..=MAX_TRIAL).contains(&trial) {
        true => Ok(trial),
        false => Err(D::Error::custom(format!("there is no trial {trial}"))),
    }
}

/// A journal from elsewhere must not name a folder outside of the workspace: trials are written
/// there.
fn folder_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_plain) {
        true => Ok(name),
        false => Err(D::Error::custom(format!("`{name}` is no name of a run"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_a_number_and_a_folder_of_the_workspace() {
        let read = |trial: &str, run: &str| {
            let line = format!(
                r#"{{"event":"started","trial":{trial},"setting":0,"repeat":0,"point":{{}},"run":"{run}","secs":0.5}}"#
            );
            serde_json::from_str::<SweepEvent>(&line).map_err(|e| e.to_string())
        };
        read("1", "rates_b-001").unwrap();
        for run in ["", "..", "../rates-001", "/tmp/x", "a/b", "a\\b"] {
            let error = read("1", run).unwrap_err();
            assert!(error.contains("is no name of a run"), "{run}: {error}");
        }
        for trial in ["0", "18446744073709551615"] {
            read(trial, "rates-001").unwrap_err();
        }
    }
}
