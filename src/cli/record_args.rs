//! Where `train` keeps a run.

use std::path::{Path, PathBuf};

use super::{named_or_default, out};
use crate::runs::{CheckpointPolicy, Parent, Recorder, RunMeta, TrialOf, new_folder};
use crate::train::Job;

/// Where a run is kept: in the workspace, unless somebody says otherwise.
#[derive(Debug, clap::Args)]
pub struct Keeping {
    /// Folder to record the run in, instead of one of its own in the workspace: configuration,
    /// events, summary and model. It must not hold a run yet.
    #[arg(long, value_name = "RUNDIR")]
    pub(super) out: Option<PathBuf>,
    /// Record nothing.
    #[arg(long, conflicts_with = "out")]
    no_record: bool,
    /// What to call the run [default: the last part of --out, or the preset].
    #[arg(long, value_name = "NAME", conflicts_with = "no_record")]
    name: Option<String>,
    /// Have the run say that it is trial N of a sweep, as the trials of `sweep` do.
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
    /// What writes the run down, if anything does; a branch names its `parent`. Where nobody asked
    /// for a record, a workspace that cannot be written to is no reason not to train.
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
                out::say(&format!("warning: this run is not recorded: {error:#}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
