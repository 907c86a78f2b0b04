//! What a run of `candle-studio train` starts from, other than its beginning.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::train::Args;
use super::which::run_folder;
use super::{UsageError, open_data};
use crate::data::Dataset;
use crate::runs::{Parent, Recorder, RunFolder};
use crate::train::{Checkpoint, Event, Job, Setting};

/// What a run starts from.
pub(super) struct Start {
    pub(super) job: Job,
    pub(super) recorder: Option<Recorder>,
    pub(super) checkpoint: Option<Checkpoint>,
    /// What happened before, and belongs to the run.
    pub(super) history: Vec<Event>,
    /// Where it is recorded.
    pub(super) folder: Option<PathBuf>,
}

impl Args {
    /// A run from its last checkpoint, perhaps for more epochs than it was to have.
    pub(super) fn resumed(&self, dir: &Path) -> anyhow::Result<Start> {
        let folder = RunFolder::open(dir)?;
        let mut checkpoint = folder.latest_checkpoint()?;
        let dataset = self.dataset_of(&folder)?;
        let mut config = folder.manifest().config.clone();
        let recorder = Recorder::reopen(dir, checkpoint.step())?;
        let mut history = Vec::new();
        if let Some(n_epochs) = self.extend {
            let old = checkpoint.config.epochs;
            checkpoint = checkpoint.extended(n_epochs.get());
            config.epochs = checkpoint.config.epochs;
            history.push(Event::Changed {
                step: checkpoint.step(),
                epoch: checkpoint.epochs(dataset.train.len() - config.n_validation),
                setting: Setting::Epochs,
                old: (old as f64).into(),
                new: (config.epochs as f64).into(),
            });
        }
        Ok(Start {
            job: self.job(config, dataset)?,
            recorder: Some(recorder),
            checkpoint: Some(checkpoint),
            history,
            folder: Some(dir.to_owned()),
        })
    }

    /// A new run that goes on from a full state of another one, with the settings that were typed.
    pub(super) fn branched(&self, origin: &str, workspace: Option<&Path>) -> anyhow::Result<Start> {
        let (run, step) = parse_origin(origin)?;
        let folder = RunFolder::open(&run_folder(&run, workspace)?)?;
        let parent_state = match step {
            Some(step) => folder.checkpoint(step)?,
            None => folder.best_checkpoint()?,
        };
        let step = parent_state.step();
        let dataset = self.dataset_of(&folder)?;
        let wanted = self.changed(parent_state.config.clone())?;
        let checkpoint = parent_state.branched(&wanted).map_err(UsageError)?;
        let job = self.job(checkpoint.config.clone(), dataset)?;
        let parent = Parent {
            run: folder.manifest().name.clone(),
            step,
        };
        let mut history = folder.replay()?.history(&parent_state);
        history.push(Event::Branched {
            run: parent.run.clone(),
            step,
            config: Box::new(checkpoint.config.clone()),
        });
        let recorder = self.keeping.recorder(&job, Some(parent), workspace)?;
        Ok(Start {
            folder: recorder.as_ref().map(|r| r.path().to_owned()),
            recorder,
            job,
            checkpoint: Some(checkpoint),
            history,
        })
    }

    /// The images that the run in `folder` learned from.
    fn dataset_of(&self, folder: &RunFolder) -> anyhow::Result<Arc<Dataset>> {
        let mark = &folder.manifest().data;
        let dir = self.data.as_deref().or(mark.folder.as_deref());
        let dataset = Arc::new(open_data(dir)?);
        anyhow::ensure!(
            dataset.fingerprint == mark.fingerprint,
            "the run in {} learned from other images than {} has now: name their folder with --data",
            folder.path().display(),
            dataset.name
        );
        Ok(dataset)
    }
}

/// `RUN@STEP` or `RUN@best`: a run, and the updates done; none for the best epoch.
fn parse_origin(origin: &str) -> anyhow::Result<(PathBuf, Option<u64>)> {
    let parsed = origin.rsplit_once('@').and_then(|(dir, step)| {
        let step = match step {
            "best" => None,
            step => Some(step.parse().ok()?),
        };
        Some((PathBuf::from(dir), step))
    });
    parsed.ok_or_else(|| {
        let text = format!(
            "--branch expects RUN@STEP, a run and the number of an update, or RUN@best, found {origin}"
        );
        UsageError(text).into()
    })
}
