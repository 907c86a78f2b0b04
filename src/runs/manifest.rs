//! `run.toml`: what decided a run, and where it ran.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::branch::Parent;
use super::checkpoints::CheckpointPolicy;
use super::error::DifferentDataset;
use crate::data::{Dataset, Recipe};
use crate::kernels;
use crate::train::{Job, RunOptions, TrainConfig};

/// Version of the run folder's layout; newer ones are refused.
pub(super) const FORMAT_VERSION: u32 = 1;

/// The candle version this program is built on; a test compares it with `Cargo.toml`.
const CANDLE_VERSION: &str = "0.11.1";

/// `run.toml`: everything that decided the run, and where it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format_version: u32,
    /// Name of the run.
    pub name: String,
    /// When it was created, such as `2026-11-23T12:27:42.125Z`.
    pub created: String,
    /// Kernel threads it was started with.
    pub threads: usize,
    /// Color number, see [`crate::runs::Record::color`]; runs of the first version have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<usize>,
    /// The run it branched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The sweep it is a trial of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<TrialOf>,
    /// How it is guarded and computed; missing in runs of the first versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
    /// Which of its checkpoints stay on disk; missing in runs of the first versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<CheckpointPolicy>,
    /// The dataset it is trained on.
    pub data: DatasetRef,
    /// The software versions it ran on.
    pub versions: Versions,
    /// The computer it ran on.
    pub machine: Machine,
    /// The configuration at its start.
    pub config: TrainConfig,
}

/// Metadata of a run, fixed before it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMeta {
    /// Its name.
    pub name: String,
    /// Color number; by default the next one that its neighbors leave free.
    pub color: Option<usize>,
    /// The run it branches from.
    pub parent: Option<Parent>,
    /// The sweep it is a trial of.
    pub sweep: Option<TrialOf>,
    /// Which of its checkpoints stay on disk.
    pub checkpoints: CheckpointPolicy,
}

/// The sweep and trial that a run belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialOf {
    /// Name of the sweep.
    pub name: String,
    /// Number of the trial, from 1.
    pub trial: usize,
}

/// The dataset a run was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// Name of the dataset.
    pub name: String,
    /// Fingerprint: the same for the same images, wherever they were read from.
    pub fingerprint: String,
    /// The same for the same images, labels and splits in any order; none in runs of earlier versions
    /// and where it would take too long to compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The folder it was read from; none for the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// How its pictures become inputs; none in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

impl DatasetRef {
    /// Checks that this dataset, which `run` was trained on, is the one that another run was trained
    /// on.
    ///
    /// # Errors
    /// When it is another.
    pub fn check_same(&self, run: &str, other: &DatasetRef) -> Result<(), DifferentDataset> {
        self.check_with(run, &other.fingerprint, || other.content.clone())
    }

    /// Checks that `dataset` is this dataset, which `run` was trained on.
    ///
    /// # Errors
    /// When it is another.
    pub fn check(&self, run: &str, dataset: &Dataset) -> Result<(), DifferentDataset> {
        self.check_with(run, &dataset.fingerprint, || Some(dataset.content()))
    }

    fn check_with(
        &self,
        run: &str,
        fingerprint: &str,
        content: impl FnOnce() -> Option<String>,
    ) -> Result<(), DifferentDataset> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        Err(DifferentDataset {
            run: run.to_owned(),
            dataset: self.name.clone(),
            is_reordered: self.content.is_some() && self.content == content(),
        })
    }
}

/// Software versions of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This program.
    pub candle_studio: String,
    /// The tensor library.
    pub candle: String,
}

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system, such as `linux`.
    pub os: String,
    /// Processor architecture, such as `x86_64`.
    pub arch: String,
    /// Logical processors.
    pub cpus: usize,
}

impl Manifest {
    /// Describes `job` before it starts.
    pub(super) fn new(about: RunMeta, job: &Job) -> Manifest {
        let dataset = job.dataset();
        Manifest {
            format_version: FORMAT_VERSION,
            name: about.name,
            created: utc_exact(SystemTime::now()),
            threads: kernels::threads(),
            color: about.color,
            parent: about.parent,
            sweep: about.sweep,
            options: Some(job.options()),
            checkpoints: Some(about.checkpoints),
            data: DatasetRef {
                name: dataset.name.clone(),
                fingerprint: dataset.fingerprint.clone(),
                content: dataset.quick_content(),
                folder: dataset.folder.clone(),
                recipe: Some(dataset.recipe),
            },
            versions: Versions {
                candle_studio: env!("CARGO_PKG_VERSION").to_owned(),
                candle: CANDLE_VERSION.to_owned(),
            },
            machine: Machine {
                os: std::env::consts::OS.to_owned(),
                arch: std::env::consts::ARCH.to_owned(),
                cpus: std::thread::available_parallelism().map_or(1, usize::from),
            },
            config: job.config().clone(),
        }
    }
}

/// The last second of the year 9999: later times have no date.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);

/// Whether a time has a date: years are from 1970 to 9999.
pub(super) fn is_date(time: SystemTime) -> bool {
    (UNIX_EPOCH..=UNIX_EPOCH + LAST_SECOND).contains(&time)
}

/// Returns the nearest time that has a date.
fn dated(time: SystemTime) -> SystemTime {
    time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST_SECOND)
}

/// Formats date and time in UTC, as in RFC 3339.
pub(super) fn utc(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(dated(time)).to_string()
}

/// Adds milliseconds, so that two runs started in one second keep their order.
pub(super) fn utc_exact(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(dated(time)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_no_date_and_no_panic() {
        let second = Duration::from_secs(1);
        for (time, text) in [
            (UNIX_EPOCH - second, "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH + LAST_SECOND + second, "9999-12-31T23:59:59Z"),
        ] {
            assert!(!is_date(time));
            assert_eq!(utc(time), text);
            assert!(utc_exact(time).starts_with(&text[..19]));
        }
        assert!(is_date(SystemTime::now()));
    }
}
