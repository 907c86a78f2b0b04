//! Starts runs: new ones, resumed ones, and branches.

use super::Studio;
use super::canvas::Model;
use super::live::{NewFolder, POLICY, Recording, RunStart};
use super::message::Message;
use super::reopened::{Reopened, reopen};
use super::thread::thread_problem;
use crate::runs::{self, Parent, RunId, RunMeta, RunState};
use crate::text::sentence;
use crate::train::{
    Control, Event, FieldError, Job, OnDivergence, RunOptions, Setting, TrainConfig,
};

/// Updates between two checkpoints: the most that a crash can cost, if they take less than 30 seconds.
const CHECKPOINT_EVERY: u64 = 1000;

/// Why a run was not started.
#[derive(Debug)]
pub(super) enum LaunchRefusal {
    /// The dataset is missing, or another run is live.
    NotNow,
    /// The configuration does not fit the dataset.
    Invalid(Vec<FieldError>),
    /// The system cannot start a thread.
    NoThread(String),
}

/// A job with the window's options.
fn watched(job: Job) -> Job {
    job.with_checkpoints(CHECKPOINT_EVERY)
        .on_divergence(OnDivergence::Ask)
}

/// A job with the options the run began with; without them, with the window's own.
fn as_begun(job: Job, options: Option<RunOptions>) -> Job {
    match options {
        Some(options) => job.with_options(options),
        None => watched(job),
    }
}

impl Studio {
    /// Starts a run with `config`.
    pub(super) fn begin(
        &mut self,
        config: TrainConfig,
        control: Control,
    ) -> Result<(), LaunchRefusal> {
        self.begin_as(config, control, None)
    }

    /// Starts a run with `config`, or says why not; whether it has started.
    pub(super) fn begin_or_tell(&mut self, config: TrainConfig, name: Option<String>) -> bool {
        match self.begin_as(config, Control::default(), name) {
            Ok(()) => return true,
            Err(LaunchRefusal::NotNow) => {}
            Err(LaunchRefusal::Invalid(errors)) => {
                self.notices.error(sentence(&FieldError::joined(&errors)));
            }
            Err(LaunchRefusal::NoThread(text)) => self.notices.error(text),
        }
        false
    }

    /// Starts a run with `config` that has a name, or else is named after its preset.
    pub(super) fn begin_as(
        &mut self,
        config: TrainConfig,
        control: Control,
        name: Option<String>,
    ) -> Result<(), LaunchRefusal> {
        let Some(dataset) = self.dataset().cloned() else {
            return Err(LaunchRefusal::NotNow);
        };
        if self.live_run().is_some() {
            return Err(LaunchRefusal::NotNow);
        }
        // Settings of another run may name its sketches: this one takes those that are there now.
        let config = TrainConfig {
            sketches: None,
            ..config
        };
        self.hand_over_sketches(&config, &dataset);
        let job = Job::new(config, dataset).map_err(LaunchRefusal::Invalid)?;
        let config = job.config().clone();
        let start = RunStart {
            name,
            ..RunStart::default()
        };
        self.launch(watched(job), config, control, start, None)
    }

    /// Reads a run of the workspace to resume it, for `n_more` epochs more than it was planned for.
    pub(super) fn continue_run(&mut self, id: &RunId, n_more: usize) {
        let folder = self.library.workspace.folder_of(id);
        let (Some(path), Some(dataset)) = (folder, self.dataset()) else {
            return;
        };
        if !self.can_continue(id) {
            return;
        }
        let dataset = dataset.clone();
        let activity = format!("opening {}", path.display());
        self.files.run(activity, move || {
            Message::Reopened(reopen(&path, &dataset, n_more).map(Box::new))
        });
    }

    /// Resumes a run that was read.
    pub(super) fn resume_with(&mut self, reopened: Reopened) {
        let Some(dataset) = self.dataset().cloned() else {
            return self
                .notices
                .error("There is no dataset to train on".to_owned());
        };
        if self.live_run().is_some() {
            return self
                .notices
                .error("Another run has started meanwhile".to_owned());
        }
        let n_more = reopened.n_more;
        let mut config = reopened.config;
        let old = config.epochs;
        config.epochs = config.epochs.saturating_add(n_more);
        let checkpoint = reopened.checkpoint.map(|state| state.extended(n_more));
        self.hand_over_sketches(&config, &dataset);
        let job = match Job::new(config.clone(), dataset) {
            Ok(job) => as_begun(job, reopened.options),
            Err(errors) => return self.notices.error(FieldError::joined(&errors)),
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
        let start = RunStart {
            checkpoint,
            history: longer.into_iter().collect(),
            name: None,
        };
        let recording = Recording::On(reopened.recorder);
        let started = self.start(job, Control::default(), start, recording);
        if self.notices.check(started).is_none() {
            return;
        }
        reopened
            .news
            .into_iter()
            .for_each(|news| self.notices.error(news));
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
        let mut checkpoint = match state.branched(self.draft()) {
            Ok(checkpoint) => checkpoint,
            Err(reason) => return self.notices.error(reason),
        };
        self.hand_over_sketches(&checkpoint.config, &dataset);
        let job = match Job::new(checkpoint.config.clone(), dataset) {
            Ok(job) => watched(job),
            Err(errors) => return self.draft.set_errors(errors),
        };
        checkpoint.config = job.config().clone();
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
        let start = RunStart {
            checkpoint: Some(checkpoint),
            history,
            name: None,
        };
        let launched = self.launch(job, config, Control::default(), start, Some(parent_name));
        if let Err(LaunchRefusal::NoThread(text)) = launched {
            self.notices.error(text);
        }
    }

    /// Starts a run of this studio, saved in its own folder.
    fn launch(
        &mut self,
        job: Job,
        config: TrainConfig,
        control: Control,
        start: RunStart,
        parent: Option<Parent>,
    ) -> Result<(), LaunchRefusal> {
        let numbered = || format!("{} {}", config.preset, self.runs().len() + 1);
        let name = start.name.clone().unwrap_or_else(numbered);
        let color = self.library.next_color();
        let folder = self.workspace().map(|workspace| NewFolder {
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
        let recording = folder.map_or(Recording::Off, Recording::Planned);
        self.start(job, control, start, recording)
            .map_err(LaunchRefusal::NoThread)?;
        self.library.begin(id, color, RunState::new(name, config));
        self.leave_other_models();
        Ok(())
    }

    /// Starts the training thread; the states of the run before stay in memory while there is room.
    fn start(
        &mut self,
        job: Job,
        control: Control,
        start: RunStart,
        recording: Recording,
    ) -> Result<(), String> {
        self.timelines.update(self.live.timeline());
        if let Some(own) = self.library.own() {
            self.timelines.remember(own.id.clone());
        }
        self.queue.is_current = false;
        let started = self.live.start(job, control, start, recording);
        started.map_err(|e| thread_problem("training", &e))
    }

    /// The drawing is classified by the run that starts.
    fn leave_other_models(&mut self) {
        self.timelines.close();
        match self.model() {
            Model::Opened { .. } | Model::Snapshot { .. } => self.use_trained_model(),
            Model::None | Model::Trained(_) => {}
        }
    }
}
