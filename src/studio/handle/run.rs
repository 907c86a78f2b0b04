//! Actions on the run in training, and the start of runs.

use crate::studio::Studio;
use crate::studio::action::RunAction;
use crate::studio::launch::LaunchRefusal;
use crate::train::{Control, Event, Recovery};

impl Studio {
    pub(super) fn handle_run(&mut self, action: RunAction) {
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
            RunAction::WatchLayers(is_on) => self.live.watch_layers(is_on),
            RunAction::Inspect => self.inspect(),
            RunAction::CloseInspection => self.inspection = None,
        }
    }

    /// Starts a run with the settings of the panel, unless the dataset is missing, the settings are
    /// invalid or another run is live.
    fn train(&mut self, control: Control) {
        match self.begin(self.draft().clone(), control) {
            Ok(()) | Err(LaunchRefusal::NotNow) => {}
            Err(LaunchRefusal::Invalid(errors)) => self.draft.set_errors(errors),
            Err(LaunchRefusal::NoThread(text)) => self.notices.error(text),
        }
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
        if let Some(control) = self.live.control() {
            command(control);
        }
    }

    /// Recovers from the anomaly that training is paused for.
    fn recover(&self, recovery: Recovery) {
        let has_diverged = self.live_run().is_some_and(|run| run.divergence.is_some());
        if let Some(control) = self.live.control().filter(|_| has_diverged) {
            control.recovery(recovery);
        }
    }

    /// Copies changes that a live run reports to the settings: it may change them by itself.
    pub(in crate::studio) fn follow_run(&mut self, event: &Event) {
        match event {
            Event::Changed {
                setting, old, new, ..
            } => {
                let has_changed = self.draft.follow(*setting, old, new);
                if has_changed {
                    self.check_draft();
                }
            }
            Event::RolledBack { step, .. }
                if self.timelines.opened().is_none()
                    && self.shown_step().is_some_and(|s| s > *step) =>
            {
                self.use_trained_model();
            }
            Event::EpochDone { .. } => {
                self.evaluator.epoch_ended();
                self.sketches.epoch_ended();
            }
            _ => {}
        }
    }
}
