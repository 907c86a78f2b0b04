//! `run.toml`: what decided a run, and where it ran.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{CheckpointPolicy, Parent};
use crate::kernels;
use crate::train::{Job, RunOptions, TrainConfig};

/// Version of the run folder's layout. A newer one is refused.
pub(super) const FORMAT_VERSION: u32 = 1;

/// The candle this program is built on; a test holds it against `Cargo.toml`.
const CANDLE_VERSION: &str = "0.11.1";

/// `run.toml`: everything that decided the run, and where it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format_version: u32,
    /// What people call the run.
    pub name: String,
    /// When it was created, such as `2026-11-23T12:27:42.125Z`.
    pub created: String,
    /// Kernel threads it was started with.
    pub threads: usize,
    /// Number of its color, see [`crate::runs::Record::color`]; runs of the first version have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<usize>,
    /// The run it branched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The sweep it is a trial of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<TrialOf>,
    /// How it is guarded, kept and computed; runs of the first versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<RunOptions>,
    /// Which full states of it stay on disk; runs of the first versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<CheckpointPolicy>,
    /// The images it learned from.
    pub data: DatasetRef,
    /// The programs it ran on, by name.
    pub versions: Versions,
    /// The computer it ran on.
    pub machine: Machine,
    /// The configuration at its start.
    pub config: TrainConfig,
}

/// What is said of a run before it begins, beside what decides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMeta {
    /// What people call it.
    pub name: String,
    /// Number of its color; without one, the next that its neighbors leave.
    pub color: Option<usize>,
    /// The run it branches off.
    pub parent: Option<Parent>,
    /// The sweep it is a trial of.
    pub sweep: Option<TrialOf>,
    /// Which full states of it stay on disk.
    pub checkpoints: CheckpointPolicy,
}

/// Which trial of which sweep a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialOf {
    /// Name of the sweep.
    pub name: String,
    /// Number of the trial, from 1.
    pub trial: usize,
}

/// Which images a run learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// Name of the data.
    pub name: String,
    /// The same for the same images, wherever they were read from.
    pub fingerprint: String,
    /// The folder they were read from; none for what is part of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// What a run was computed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This program.
    pub candle_studio: String,
    /// The tensor library.
    pub candle: String,
}

/// What a run was computed on.
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
    /// What there is to say about `job` before it starts.
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
                folder: dataset.folder.clone(),
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

/// Date and time of day in UTC, as RFC 3339 writes them.
pub(super) fn utc(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// The same with milliseconds, so that two runs of one second keep their order.
pub(super) fn utc_exact(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}
