//! Where `train` keeps a run.

use std::path::{Path, PathBuf};

use super::{named_or_usual, out};
use crate::runs::{Recorder, list_runs, new_folder};
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
}

impl Keeping {
    /// What writes the run down, if anything does. Where nobody asked for a record, a workspace
    /// that cannot be written to is no reason not to train.
    pub(super) fn recorder(
        &self,
        job: &Job,
        workspace: Option<&Path>,
    ) -> anyhow::Result<Option<Recorder>> {
        if self.no_record {
            return Ok(None);
        }
        if let Some(dir) = &self.out {
            let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
            let name = self.name.as_deref().unwrap_or(&name);
            return Ok(Some(Recorder::create(dir, name, job)?));
        }
        let name = self.name.as_deref().unwrap_or(&job.config().preset);
        let create = |dir: PathBuf| Recorder::create(&new_folder(&dir, name), name, job);
        let recorder = named_or_usual(workspace).and_then(|dir| Ok(create(dir)?));
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

/// The folder of the run that is meant by `text`: a folder, or a run of the workspace.
pub(super) fn run_folder(text: &Path, workspace: Option<&Path>) -> anyhow::Result<PathBuf> {
    if text.is_dir() {
        return Ok(text.to_owned());
    }
    let Ok(workspace) = named_or_usual(workspace) else {
        return Ok(text.to_owned());
    };
    let listing = list_runs(&workspace)?;
    match listing.find(&text.to_string_lossy()) {
        Ok(record) => Ok(workspace.join(record.id.as_str())),
        // A path is a path; a word may be a run's name.
        Err(error) if text.components().count() == 1 => anyhow::bail!(
            "could not read {}: there is no such folder, and {error}",
            text.display()
        ),
        Err(_) => Ok(text.to_owned()),
    }
}
