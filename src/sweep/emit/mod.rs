//! Writes a sweep as jobs for an engine that distributes work over machines. Each job is one
//! `candle-studio train`; its run's folder, copied to a workspace, appears there.
//!
//! Scripts are plain files in this folder that read their input from files beside them, so no name
//! or path is ever pasted into code.

mod kubernetes;
mod optuna;

use std::path::{Path, PathBuf};

use super::error::SweepError;
use super::plan::Plan;
use crate::files;

/// A program that runs a sweep instead of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Ray: a Python script that distributes trials over a cluster.
    Ray,
    /// Slurm: a job array.
    Slurm,
    /// Kubernetes: an indexed job.
    Kubernetes,
    /// Optuna: a study that also chooses the settings.
    Optuna,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 4] = [
        Engine::Ray,
        Engine::Slurm,
        Engine::Kubernetes,
        Engine::Optuna,
    ];

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Ray => "ray",
            Engine::Slurm => "slurm",
            Engine::Kubernetes => "kubernetes",
            Engine::Optuna => "optuna",
        }
    }
}

/// Why a sweep could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// The engine needs all settings in advance.
    #[error(
        "{0} needs every setting in advance, but this sweep chooses them as it runs: write it for \
         optuna, or give it a method other than tpe and a number of trials"
    )]
    Unknown(&'static str),
    /// The engine cannot prune.
    #[error(
        "{0} runs each trial by itself, so none can be pruned: leave out prune, or write the sweep \
         for optuna"
    )]
    Prune(&'static str),
    /// Too much for the engine.
    #[error(
        "the configurations of {n} trials take {bytes} bytes, but Kubernetes allows 1,000,000: split \
         the sweep"
    )]
    TooLarge {
        /// Trials.
        n: usize,
        /// Their size.
        bytes: usize,
    },
    /// The folder is not empty.
    #[error("{0} is not empty: choose another folder")]
    Taken(String),
    /// An I/O error.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A value cannot be written in the file's format.
    #[error("could not write {0}: {1}")]
    Form(&'static str, String),
}

/// A file: its path in the folder, and its contents.
type Written = (PathBuf, String);

/// Writes the sweep to the folder `dir`, which must be empty or not exist; returns the file to
/// start with.
///
/// # Errors
/// When the engine cannot run this sweep, or on an I/O error.
pub fn emit(plan: &Plan, engine: Engine, dir: &Path) -> Result<PathBuf, EmitError> {
    let (first, files) = match engine {
        Engine::Ray => ("ray_sweep.py", ray(plan)?),
        Engine::Slurm => ("sweep.sbatch", slurm(plan)?),
        Engine::Kubernetes => ("sweep.json", kubernetes::files(plan)?),
        Engine::Optuna => ("optuna_sweep.py", optuna::files(plan)?),
    };
    let is_taken = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken {
        return Err(EmitError::Taken(dir.display().to_string()));
    }
    for (path, text) in files {
        write(&dir.join(path), &text)?;
    }
    Ok(dir.join(first))
}

fn write(path: &Path, text: &str) -> Result<(), SweepError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(super::error::io("create the folder", folder))?;
    }
    Ok(files::write_atomically(path, text.as_bytes())?)
}

/// The script that runs one trial.
const TRIAL: &str = include_str!("trial.sh");

/// Returns each trial's configuration as a file `trials/001.toml`, and the files that all jobs
/// read.
fn trials(plan: &Plan, engine: Engine) -> Result<Vec<Written>, EmitError> {
    if plan.definition.prune.is_some() {
        return Err(EmitError::Prune(engine.name()));
    }
    let all = plan.all().ok_or(EmitError::Unknown(engine.name()))?;
    let mut files = vec![(PathBuf::from("name.txt"), plan.definition.name.clone())];
    if let Some(data) = data(plan) {
        files.push((PathBuf::from("data.txt"), data));
    }
    for (number, _, config) in all {
        let text = toml::to_string(&config)
            .map_err(|e| EmitError::Form("a configuration", e.to_string()))?;
        files.push((PathBuf::from(format!("trials/{number:03}.toml")), text));
    }
    Ok(files)
}

/// Returns the absolute folder of the dataset, valid wherever a job starts.
fn data(plan: &Plan) -> Option<String> {
    let dir = plan.definition.data.as_ref()?;
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
    Some(dir.display().to_string())
}

fn ray(plan: &Plan) -> Result<Vec<Written>, EmitError> {
    let mut files = trials(plan, Engine::Ray)?;
    files.push((
        "ray_sweep.py".into(),
        include_str!("ray_sweep.py").to_owned(),
    ));
    Ok(files)
}

fn slurm(plan: &Plan) -> Result<Vec<Written>, EmitError> {
    let mut files = trials(plan, Engine::Slurm)?;
    // The name has letters, digits, - and _ only: others are refused.
    let (name, n) = (&plan.definition.name, n_trials(&files));
    let at_once = plan.definition.parallel;
    let script = format!(
        "#!/usr/bin/env bash\n#SBATCH --job-name={name}\n#SBATCH --array=1-{n}%{at_once}\n\
         #SBATCH --cpus-per-task=4\n#SBATCH --output={name}-%a.log\n#SBATCH --requeue\n{}",
        include_str!("slurm.sh")
    );
    files.push(("sweep.sbatch".into(), script));
    files.push(("trial.sh".into(), TRIAL.to_owned()));
    Ok(files)
}

fn n_trials(files: &[Written]) -> usize {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("trials"))
        .count()
}
