//! What `candle-studio train` starts from: a checkpoint of the same run, or of another one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Args;
use super::options::Options;
use crate::cli::open_data::{add_sketches, open_data_of};
use crate::cli::resolve_run::run_folder;
use crate::cli::{UsageError, out};
use crate::data::Dataset;
use crate::runs::{Parent, Recorder, RunFolder, RunFolderError};
use crate::train::{Checkpoint, Event, FieldError, Job, Setting, TrainConfig};

/// A run that is ready to start.
pub(super) struct Start {
    pub(super) job: Job,
    pub(super) recorder: Option<Recorder>,
    pub(super) checkpoint: Option<Checkpoint>,
    /// Events of the run before it starts.
    pub(super) history: Vec<Event>,
    /// The folder it is recorded in.
    pub(super) folder: Option<PathBuf>,
}

impl Args {
    /// Resumes a run from its last checkpoint, perhaps for more epochs than planned. A run that was
    /// interrupted before its first checkpoint starts over: its seed gives the same bits.
    pub(super) fn resumed(&self, dir: &Path, workspace: Option<&Path>) -> anyhow::Result<Start> {
        let folder = RunFolder::open(dir)?;
        let (checkpoint, passed_over) = match folder.resume_point() {
            Err(RunFolderError::NoCheckpoint { .. }) => (None, None),
            point => point.map(|(checkpoint, why)| (Some(checkpoint), why))?,
        };
        let dataset = self.dataset_of(&folder, workspace)?;
        let begun = Options::of(&folder);
        let options = self.options(begun);
        let config = match &checkpoint {
            Some(checkpoint) => checkpoint.config.clone(),
            None => folder.first_config(),
        };
        let (config, checkpoint, longer) = self.extended(config, checkpoint, &dataset);
        let job = job(config, dataset, options.without_questions(), workspace)?;
        let news = match &checkpoint {
            Some(checkpoint) => what_is_gone(checkpoint),
            None => Some(folder.restarts()?),
        };
        let n_train = job.split().train.len();
        let recorder = Recorder::reopen(dir, checkpoint.as_ref(), n_train)?;
        for news in passed_over.into_iter().chain(news) {
            out::eprint(&format!("warning: {news}"));
        }
        if options != begun {
            recorder.change(options.run, options.policy)?;
        }
        Ok(Start {
            job,
            recorder: Some(recorder.keeping(options.policy)),
            history: longer.into_iter().collect(),
            checkpoint,
            folder: Some(dir.to_owned()),
        })
    }

    /// Adds the epochs of `--extend` to the run, and returns the event that records it. A run that
    /// starts over records its epochs when it starts.
    fn extended(
        &self,
        mut config: TrainConfig,
        checkpoint: Option<Checkpoint>,
        dataset: &Dataset,
    ) -> (TrainConfig, Option<Checkpoint>, Option<Event>) {
        let Some(n_epochs) = self.extend else {
            return (config, checkpoint, None);
        };
        let old = config.epochs;
        // The check of the configuration reports a number that is too large.
        config.epochs = config.epochs.saturating_add(n_epochs.get());
        let Some(checkpoint) = checkpoint.map(|state| state.extended(n_epochs.get())) else {
            return (config, None, None);
        };
        let longer = Event::Changed {
            step: checkpoint.step(),
            epoch: checkpoint.epochs(dataset.train.len().saturating_sub(config.n_validation)),
            setting: Setting::Epochs,
            old: (old as f64).into(),
            new: (config.epochs as f64).into(),
        };
        (config, Some(checkpoint), Some(longer))
    }

    /// Branches: a new run from a full state of another one, with the settings in the arguments.
    pub(super) fn branched(&self, origin: &str, workspace: Option<&Path>) -> anyhow::Result<Start> {
        let (run, step) = parse_origin(origin)?;
        let folder = RunFolder::open(&run_folder(&run, workspace)?)?;
        let parent_state = match step {
            Some(step) => folder.checkpoint(step)?,
            None => folder.best_checkpoint()?,
        };
        let step = parent_state.step();
        let dataset = self.dataset_of(&folder, workspace)?;
        let wanted = self.changed(parent_state.config.clone())?;
        let mut checkpoint = parent_state.branched(&wanted).map_err(UsageError)?;
        let options = self.options(Options::of(&folder)).without_questions();
        let config = checkpoint.config.clone();
        let job = job(config, dataset, options, workspace)?;
        checkpoint.config = job.config().clone();
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
        let recorder = self
            .keeping
            .recorder(&job, Some(parent), options.policy, workspace)?;
        Ok(Start {
            folder: recorder.as_ref().map(|r| r.path().to_owned()),
            recorder,
            job,
            checkpoint: Some(checkpoint),
            history,
        })
    }

    /// Opens the dataset that the run in `folder` was trained on.
    fn dataset_of(
        &self,
        folder: &RunFolder,
        workspace: Option<&Path>,
    ) -> anyhow::Result<Arc<Dataset>> {
        let mark = &folder.manifest().data;
        let mut dataset = open_data_of(mark, self.data.as_deref(), workspace)?;
        let run = format!("the run in {}", folder.path().display());
        mark.check(&run, &dataset)
            .map_err(|e| anyhow::anyhow!("{e}: name it with --data"))?;
        // The models of the run see pictures as they did before.
        dataset.recipe = mark.recipe.unwrap_or(dataset.recipe);
        Ok(Arc::new(dataset))
    }
}

/// Describes missing rollback states: without them, the run may roll back to another state than
/// it would have.
fn what_is_gone(checkpoint: &Checkpoint) -> Option<String> {
    let n_gone = checkpoint.rollback.as_ref().map_or(0, |w| w.unread.len());
    let step = checkpoint.step();
    (n_gone > 0).then(|| {
        format!(
            "{n_gone} of the rollback states of update {step} cannot be read: if the loss becomes \
             NaN or spikes, the run may roll back to another state than it would have"
        )
    })
}

/// Parses `RUN@STEP` or `RUN@best`: a run and its number of updates, or `None` for the best epoch.
fn parse_origin(origin: &str) -> anyhow::Result<(PathBuf, Option<u64>)> {
    let parsed = origin.rsplit_once('@').and_then(|(dir, step)| {
        let step = match step {
            "best" => None,
            step => Some(step.parse().ok()?),
        };
        Some((PathBuf::from(dir), step))
    });
    parsed.ok_or_else(|| {
        let text =
            format!("--branch expects RUN@STEP (a run and an update) or RUN@best, found {origin}");
        UsageError(text).into()
    })
}

/// Checks the configuration and makes the job, which is also measured on the user's sketches.
pub(super) fn job(
    config: TrainConfig,
    dataset: Arc<Dataset>,
    options: Options,
    workspace: Option<&Path>,
) -> anyhow::Result<Job> {
    add_sketches(&dataset, workspace);
    let job = Job::new(config, dataset);
    let job = job.map_err(|errors| UsageError(FieldError::joined(&errors)))?;
    Ok(job.with_options(options.run))
}
