//! Applies actions: the only place where a front end changes the studio.

use rand::RngCore;

use super::action::{Action, RunAction};
use super::background::Origin;
use super::{Model, Studio};
use crate::random::{Stream, rng};
use crate::train::{Control, FieldError, Job, TrainConfig};

/// Why a run was not started.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The dataset is missing, or another run is live.
    NotNow,
    /// The configuration does not fit the dataset.
    Wrong(Vec<FieldError>),
    /// The system cannot start a thread.
    NoThread(String),
}

impl Studio {
    /// Applies an action, or adds a notice that explains why not. Never blocks on files, training
    /// or prediction: those run on other threads.
    pub fn handle(&mut self, action: impl Into<Action>) {
        match action.into() {
            Action::Draft(action) => self.handle_draft(action),
            Action::Run(action) => self.handle_run(action),
            Action::LrFinder(action) => self.handle_lr_finder(action),
            Action::Timeline(action) => self.handle_timeline(action),
            Action::Library(action) => self.handle_library(action),
            Action::Compare(analysis) => self.compare(analysis),
            Action::Sweep(action) => self.handle_sweep(action),
            Action::File(action) => self.handle_file(action),
            Action::Canvas(action) => self.handle_canvas(action),
            Action::DismissNotice(idx) => {
                if idx < self.notices.len() {
                    self.notices.remove(idx);
                }
            }
        }
    }

    fn handle_run(&mut self, action: RunAction) {
        match action {
            RunAction::Train => self.train(Control::default()),
            RunAction::Pause => self.steer(Control::pause),
            RunAction::Resume => self.steer(Control::resume),
            RunAction::Step => self.step(),
            RunAction::Stop => {
                // After a stop, the next queued run must not start by itself.
                self.clear_queue();
                self.steer(Control::stop);
            }
            RunAction::Recover(recovery) => self.recover(recovery),
            RunAction::Continue(id, n_more) => self.continue_run(&id, n_more),
            RunAction::Branch => self.branch(),
            RunAction::Queue(configs) => self.enqueue(configs),
            RunAction::ClearQueue => self.clear_queue(),
            RunAction::WatchLayers(is_on) => self.watch_layers(is_on),
            RunAction::Inspect => self.inspect(),
            RunAction::CloseInspection => self.inspection = None,
        }
    }

    /// Starts a run with the settings of the panel, unless the dataset is missing, the settings are
    /// invalid or another run is live.
    fn train(&mut self, control: Control) {
        match self.begin(self.draft.clone(), control) {
            Ok(()) => self.is_from_queue = false,
            Err(Refusal::Wrong(errors)) => self.errors = errors,
            Err(Refusal::NotNow) => {}
            Err(Refusal::NoThread(text)) => self.notify_error(text),
        }
    }

    /// Starts a run with `config`.
    pub(super) fn begin(&mut self, config: TrainConfig, control: Control) -> Result<(), Refusal> {
        let Some(dataset) = self.dataset().cloned() else {
            return Err(Refusal::NotNow);
        };
        if self.live_run().is_some() {
            return Err(Refusal::NotNow);
        }
        let job = Job::new(config.clone(), dataset).map_err(Refusal::Wrong)?;
        self.launch(
            Studio::watched(job),
            config,
            control,
            Origin::default(),
            None,
        )
    }

    fn step(&mut self) {
        if self.live_run().is_some() {
            self.steer(Control::step);
        } else {
            // Set before the run begins, so that it takes effect from the first batch.
            let control = Control::default();
            control.step();
            self.train(control);
        }
    }

    fn steer(&self, command: fn(&Control)) {
        if let Some(trainer) = self.background.trainer() {
            command(trainer.control());
        }
    }

    pub(super) fn use_trained_model(&mut self) {
        self.model = self.trained.clone().map_or(Model::None, Model::Trained);
        self.answer = None;
        self.ask();
    }

    /// A different number each time, for random choices that are not part of a run.
    pub(super) fn pick(&mut self) -> u64 {
        self.n_picks += 1;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        rng(now, Stream::Pick, self.n_picks, 0).next_u64()
    }
}
