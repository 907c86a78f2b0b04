//! Starts runs: new ones, resumed ones, and branches.

use std::path::Path;

use super::background::{Message, Origin, thread_problem};
use super::handle::Refusal;
use super::live::{Keep, NewFolder, POLICY};
use super::{Model, Studio};
use crate::runs::{
    self, Parent, Recorder, RunFolder, RunFolderError, RunId, RunMeta, RunState, Status,
};
use crate::train::{
    Checkpoint, Control, Event, FieldError, Finish, Job, OnDivergence, RunOptions, Setting,
    TrainConfig,
};

/// Updates between two checkpoints: the most that a crash can cost.
const CHECKPOINT_EVERY: u64 = 1000;

/// A run read from its folder to be resumed.
pub(super) struct Reopened {
    id: RunId,
    /// The configuration to resume with.
    config: TrainConfig,
    /// `None` for a run that ended before its first checkpoint and starts again.
    checkpoint: Option<Checkpoint>,
    /// The run's options; `None` for a run of an older version.
    options: Option<RunOptions>,
    /// A notice, in one sentence.
    news: Option<String>,
    recorder: Recorder,
    state: RunState,
    n_more: usize,
}

/// Reads the run in the folder `path`, which must have been trained on the dataset with
/// `fingerprint`. Nothing changes until everything is read.
fn reopen(path: &Path, fingerprint: &str, n_more: usize) -> Result<Reopened, String> {
    let read = || -> Result<_, RunFolderError> {
        let folder = RunFolder::open(path)?;
        match folder.latest_checkpoint() {
            Err(RunFolderError::NoCheckpoint { .. }) => {
                let news = folder.restarts()?;
                Ok((folder, None, Some(news)))
            }
            checkpoint => Ok((folder, Some(checkpoint?), None)),
        }
    };
    let (folder, checkpoint, news) = read().map_err(|e| e.to_string())?;
    let manifest = folder.manifest();
    let checked = manifest.data.check(&manifest.name, fingerprint);
    checked.map_err(|e| format!("{e}: open that first"))?;
    let recorder = Recorder::reopen(path, checkpoint.as_ref()).map_err(|e| e.to_string())?;
    // A run of an older version is saved like the window's own.
    let recorder = recorder.keeping(manifest.checkpoints.unwrap_or(POLICY));
    let begun = || manifest.config.clone();
    Ok(Reopened {
        id: RunId::of_folder(path),
        config: checkpoint.as_ref().map_or_else(begun, |c| c.config.clone()),
        checkpoint,
        options: manifest.options,
        news,
        recorder,
        state: folder.replay().map_err(|e| e.to_string())?,
        n_more,
    })
}

impl Studio {
    /// Whether the run is saved in the workspace and has ended.
    pub fn can_continue(&self, id: &RunId) -> bool {
        let is_over = self.run(id).is_some_and(|run| !run.state.is_live());
        self.workspace.is_some() && is_over && self.live_run().is_none()
    }

    /// Whether runs are saved on disk.
    pub fn is_kept(&self) -> bool {
        self.workspace.is_some()
    }

    /// Whether a branch can start from the snapshot that the timeline shows.
    pub fn can_branch(&self) -> bool {
        self.dataset().is_some()
            && self.errors.is_empty()
            && self.live_run().is_none()
            && !self.timeline().states().is_empty()
    }

    /// A job with the window's options.
    pub(super) fn watched(job: Job) -> Job {
        job.with_checkpoints(CHECKPOINT_EVERY)
            .on_divergence(OnDivergence::Ask)
    }

    /// A job with the options the run began with; without them, with the window's own.
    fn as_begun(job: Job, options: Option<RunOptions>) -> Job {
        match options {
            Some(options) => job.with_options(options),
            None => Studio::watched(job),
        }
    }

    /// Reads a run of the workspace to resume it, for `n_more` epochs more than it was planned for.
    pub(super) fn continue_run(&mut self, id: &RunId, n_more: usize) {
        let (Some(workspace), Some(dataset)) = (&self.workspace, self.dataset()) else {
            return;
        };
        if !self.can_continue(id) {
            return;
        }
        let path = workspace.join(id.as_str());
        let fingerprint = dataset.fingerprint.clone();
        let activity = format!("opening {}", path.display());
        self.background.run(activity, move || {
            Message::Reopened(reopen(&path, &fingerprint, n_more).map(Box::new))
        });
    }

    /// Resumes a run that was read.
    pub(super) fn resume_with(&mut self, reopened: Reopened) {
        let Some(dataset) = self.dataset().cloned() else {
            return self.notify_error("There is no dataset to train on".to_owned());
        };
        if self.live_run().is_some() {
            return self.notify_error("Another run has started meanwhile".to_owned());
        }
        let n_more = reopened.n_more;
        let mut config = reopened.config;
        let old = config.epochs;
        config.epochs += n_more;
        let checkpoint = reopened.checkpoint.map(|state| state.extended(n_more));
        let job = match Job::new(config.clone(), dataset) {
            Ok(job) => Studio::as_begun(job, reopened.options),
            Err(errors) => return self.notify_error(FieldError::joined(&errors)),
        };
        let n_train = job.split().train.len();
        // A run that starts again sends its own start event.
        let longer = checkpoint.as_ref().filter(|_| n_more > 0);
        let longer = longer.map(|checkpoint| Event::Changed {
            step: checkpoint.step(),
            epoch: checkpoint.epochs(n_train),
            setting: Setting::Epochs,
            old: (old as f64).into(),
            new: (config.epochs as f64).into(),
        });
        self.set_draft(config);
        let origin = Origin {
            checkpoint,
            history: longer.into_iter().collect(),
        };
        self.remember_timeline();
        let keep = Keep::On(reopened.recorder);
        let control = Control::default();
        control.watch_layers(self.watches_layers);
        if let Err(error) = self.background.train(job, control, origin, keep) {
            return self.notify_error(thread_problem("training", &error));
        }
        reopened
            .news
            .into_iter()
            .for_each(|news| self.notify_error(news));
        self.library.resume_with(&reopened.id, reopened.state);
        self.leave_other_models();
    }

    /// Starts a run from the snapshot that the timeline shows, with the settings of the panel.
    pub(super) fn branch(&mut self) {
        if !self.can_branch() {
            return;
        }
        let shown = self.shown_step().and_then(|step| self.timeline().at(step));
        let Some(state) = shown.or(self.timeline().states().last()).cloned() else {
            return;
        };
        let (Some(dataset), Some(parent)) = (self.dataset().cloned(), self.timeline_run()) else {
            return;
        };
        let checkpoint = match state.branched(&self.draft) {
            Ok(checkpoint) => checkpoint,
            Err(reason) => return self.notify_error(reason),
        };
        let job = match Job::new(checkpoint.config.clone(), dataset) {
            Ok(job) => Studio::watched(job),
            Err(errors) => {
                self.errors = errors;
                return;
            }
        };
        let parent_name = Parent {
            run: parent.name.clone(),
            step: state.step(),
        };
        let mut history = parent.history(&state);
        history.push(Event::Branched {
            run: parent_name.run.clone(),
            step: parent_name.step,
            config: Box::new(checkpoint.config.clone()),
        });
        let config = checkpoint.config.clone();
        let origin = Origin {
            checkpoint: Some(checkpoint),
            history,
        };
        let launched = self.launch(job, config, Control::default(), origin, Some(parent_name));
        if let Err(Refusal::NoThread(text)) = launched {
            self.notify_error(text);
        }
    }

    /// Starts a run of this studio, saved in its own folder.
    pub(super) fn launch(
        &mut self,
        job: Job,
        config: TrainConfig,
        control: Control,
        origin: Origin,
        parent: Option<Parent>,
    ) -> Result<(), Refusal> {
        let name = format!("{} {}", config.preset, self.runs().len() + 1);
        let color = self.library.next_color();
        let folder = self.workspace.as_ref().map(|workspace| NewFolder {
            path: runs::new_folder(workspace, &name),
            about: RunMeta {
                name: name.clone(),
                color: Some(color),
                parent,
                sweep: None,
                checkpoints: POLICY,
            },
        });
        let id = match &folder {
            Some(folder) => RunId::of_folder(&folder.path),
            // Without a folder, it is identified by its name, which contains the run's number.
            None => RunId::new(&name),
        };
        let keep = folder.map_or(Keep::Off, Keep::Planned);
        self.remember_timeline();
        control.watch_layers(self.watches_layers);
        self.background
            .train(job, control, origin, keep)
            .map_err(|e| Refusal::NoThread(thread_problem("training", &e)))?;
        self.library.begin(id, color, RunState::new(name, config));
        self.leave_other_models();
        Ok(())
    }

    /// The drawing is classified by the run that starts.
    fn leave_other_models(&mut self) {
        self.earlier = None;
        if matches!(self.model, Model::Opened { .. } | Model::Snapshot { .. }) {
            self.use_trained_model();
        }
    }
}

/// The label for resuming a run; `None` for one that is live.
pub fn continue_word(status: &Status) -> Option<&'static str> {
    match status {
        Status::Finished(Finish::Completed) => Some("Train longer"),
        Status::Interrupted | Status::Finished(_) => Some("Resume"),
        Status::Starting | Status::Running | Status::Paused => None,
    }
}
