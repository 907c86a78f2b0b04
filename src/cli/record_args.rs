//! Where `train` records a run.

use std::path::{Path, PathBuf};

use super::{named_or_default, out};
use crate::runs::{CheckpointPolicy, Parent, Recorder, RunMeta, TrialOf, new_folder};
use crate::train::Job;

/// Where a run is recorded: in the workspace by default.
#[derive(Debug, clap::Args)]
pub struct Keeping {
    /// Record the run (configuration, events, summary, model) in this folder instead of a new one
    /// in the workspace. It must not hold a run yet.
    #[arg(long, value_name = "RUNDIR")]
    pub(super) out: Option<PathBuf>,
    /// Record nothing.
    #[arg(long, conflicts_with = "out")]
    no_record: bool,
    /// Name of the run [default: the last part of --out, or the preset].
    #[arg(long, value_name = "NAME", conflicts_with = "no_record")]
    name: Option<String>,
    /// Record the run as trial N of a sweep, as the trials of `sweep` are.
    #[arg(long, value_name = "SWEEP@N", conflicts_with_all = ["no_record", "resume"],
        value_parser = trial_of)]
    trial: Option<TrialOf>,
}

fn trial_of(text: &str) -> Result<TrialOf, String> {
    let parts = text.rsplit_once('@');
    let trial = parts.and_then(|(name, trial)| Some((name, trial.parse().ok()?)));
    match trial {
        Some((name, trial)) if !name.is_empty() && trial > 0 => Ok(TrialOf {
            name: name.to_owned(),
            trial,
        }),
        _ => Err("expected the sweep's name and the number of the trial, such as rates@3".into()),
    }
}

impl Keeping {
    /// Creates the recorder, if the run is recorded; a branch names its `parent`. Without `--out`,
    /// a workspace that cannot be written to only causes a warning.
    pub(super) fn recorder(
        &self,
        job: &Job,
        parent: Option<Parent>,
        checkpoints: CheckpointPolicy,
        workspace: Option<&Path>,
    ) -> anyhow::Result<Option<Recorder>> {
        if self.no_record {
            return Ok(None);
        }
        let about = |name: &str| RunMeta {
            name: name.to_owned(),
            parent,
            sweep: self.trial.clone(),
            checkpoints,
            ..RunMeta::default()
        };
        if let Some(dir) = &self.out {
            let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
            let about = about(self.name.as_deref().unwrap_or(&name));
            return Ok(Some(Recorder::create_about(dir, about, job)?));
        }
        let name = self.name.as_deref().unwrap_or(&job.config().preset);
        let create =
            |dir: PathBuf| Recorder::create_about(&new_folder(&dir, name), about(name), job);
        let recorder = named_or_default(workspace).and_then(|dir| Ok(create(dir)?));
        match recorder {
            Ok(recorder) => Ok(Some(recorder)),
            Err(error) if workspace.is_none() => {
                out::eprint(&format!("warning: this run is not recorded: {error:#}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
