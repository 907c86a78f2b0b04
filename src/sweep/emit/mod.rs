//! A sweep as jobs for an engine that spreads work over many machines. Each job is one
//! `candle-studio train`; its run's folder, copied into a workspace, simply appears there.
//!
//! Scripts are plain files of this folder that read what they need from files beside them, so no
//! name or path is ever pasted into code.

mod kubernetes;
mod optuna;

use std::path::{Path, PathBuf};

use super::{Plan, SweepError};
use crate::files;

/// What can do a sweep instead of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Ray: a Python script that spreads trials over a cluster.
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

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Ray => "ray",
            Engine::Slurm => "slurm",
            Engine::Kubernetes => "kubernetes",
            Engine::Optuna => "optuna",
        }
    }
}

/// Why a sweep could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// The engine wants all settings beforehand.
    #[error(
        "{0} wants every setting beforehand, and this sweep chooses them as it goes: write it out \
         for optuna, or give it a method other than tpe and a number of trials"
    )]
    Unknown(&'static str),
    /// A rule for stopping early that nobody would apply.
    #[error(
        "{0} does each trial by itself, so none can be stopped early: leave out prune, or write the sweep out for optuna"
    )]
    Prune(&'static str),
    /// Too much for the engine.
    #[error(
        "the configurations of {n} trials take {bytes} bytes, and Kubernetes takes 1,000,000 at once: make it several sweeps"
    )]
    TooLarge {
        /// Trials.
        n: usize,
        /// Their size.
        bytes: usize,
    },
    /// There is something in the folder already.
    #[error("{0} is not empty: choose another folder")]
    Taken(String),
    /// A file was refused.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A value has no form in the file.
    #[error("could not write {0}: {1}")]
    Form(&'static str, String),
}

/// A file of the folder: where in it, and what it says.
type Written = (PathBuf, String);

/// Writes the sweep into the folder `dir`, which must be empty or not exist; says which file to
/// start with.
///
/// # Errors
/// When the engine cannot do this sweep, or a file is refused.
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
        std::fs::create_dir_all(folder).map_err(super::folder::io("create the folder", folder))?;
    }
    Ok(files::write_atomically(path, text.as_bytes())?)
}

/// What does one trial, and the configurations it finds.
const TRIAL: &str = include_str!("trial.sh");

/// Each trial's configuration as a file `trials/001.toml`, and what all jobs read.
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

/// The folder with the images, wherever a job starts.
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
    // The name is letters, digits, - and _ only: a definition with another one is refused.
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
