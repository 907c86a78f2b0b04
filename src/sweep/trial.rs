//! One trial: an ordinary run that is recorded, reports after each epoch, and can be pruned.

use std::sync::Arc;

use super::prune::Verdict;
use super::shared::Shared;
use super::status::TrialStatus;
use super::task::Task;
use crate::runs::{Recorder, RunFolderError, RunMeta, Summary, TrialOf};
use crate::train::{
    Checkpoint, Control, EpochPoint, Event, FieldError, Finish, Job, Observer, Outcome, run_guarded,
};

/// Updates between checkpoints of a trial, to resume from after a crash.
const CHECKPOINT_EVERY: u64 = 2_000;

/// Runs a trial; returns how it ended.
pub(super) fn run(shared: &Shared<'_>, task: &Task) -> TrialStatus {
    let control = Arc::new(Control::default());
    shared.control.enter(&control);
    let status = train(shared, task, &control);
    shared.control.leave(&control);
    status.unwrap_or_else(|message| TrialStatus::Failed { message })
}

fn train(shared: &Shared<'_>, task: &Task, control: &Control) -> Result<TrialStatus, String> {
    let config = task.config.clone()?;
    let job =
        Job::new(config, shared.dataset.clone()).map_err(|errors| FieldError::joined(&errors))?;
    let job = match task.begun.as_ref().and_then(|begun| begun.options) {
        Some(options) => job.with_options(options),
        None => job.with_checkpoints(CHECKPOINT_EVERY),
    };
    let recorder = record(task, &job).map_err(|e| e.to_string())?;
    let mut watcher = Watcher {
        shared,
        trial: task.trial,
        n_epochs: job.config().epochs,
        control,
        recorder,
        verdict: None,
        failure: None,
    };
    let checkpoint = task
        .begun
        .as_ref()
        .and_then(|begun| begun.checkpoint.clone());
    let outcome = run_guarded(&job, checkpoint, control, &mut watcher);
    watcher.end(&job, outcome)
}

fn record(task: &Task, job: &Job) -> Result<Recorder, RunFolderError> {
    match &task.begun {
        Some(begun) => {
            let n_train = job.split().train.len();
            Recorder::reopen(&task.path, begun.checkpoint.as_ref(), n_train)
        }
        None => {
            let name = task.path.file_name().unwrap_or_default();
            let about = RunMeta {
                name: name.to_string_lossy().into_owned(),
                sweep: Some(TrialOf {
                    name: task.sweep.clone(),
                    trial: task.trial,
                }),
                ..RunMeta::default()
            };
            Recorder::create_about(&task.path, about, job)
        }
    }
}

/// Observes a trial.
struct Watcher<'a, 's> {
    shared: &'a Shared<'s>,
    trial: usize,
    n_epochs: usize,
    control: &'a Control,
    recorder: Recorder,
    /// Why it was pruned.
    verdict: Option<Verdict>,
    /// Why it failed.
    failure: Option<String>,
}

impl Watcher<'_, '_> {
    fn epoch_done(&mut self, point: &EpochPoint) {
        let Some(value) = self.shared.metric(point) else {
            return self.fail("the metric was not measured: there are no validation images".into());
        };
        if !value.is_finite() {
            let epoch = point.epoch;
            return self.fail(format!(
                "the metric became NaN or infinite after epoch {epoch}"
            ));
        }
        let verdict = self.shared.report(self.trial, point.epoch, value);
        // After the last epoch, pruning saves no time.
        if verdict.is_some() && point.epoch < self.n_epochs {
            self.verdict = verdict;
            self.control.stop();
        }
    }

    fn fail(&mut self, message: String) {
        self.failure.get_or_insert(message);
        self.control.stop();
    }

    /// Finishes the run's record and returns how it ended.
    fn end(self, job: &Job, outcome: Option<Outcome>) -> Result<TrialStatus, String> {
        let Some(outcome) = outcome else {
            return Err(self.failure.unwrap_or_default());
        };
        let summary = Summary::new(&outcome);
        let model = outcome.into_classifier(job);
        let recorded = self.recorder.finish(&summary, &model);
        recorded.map_err(|e| format!("the run was not saved: {e}"))?;
        if let Some(message) = self.failure {
            return Err(message);
        }
        if let Finish::Diverged { step } = summary.finish {
            return Err(format!("the loss became NaN at update {step}"));
        }
        let value = self.shared.value(self.trial);
        match (self.verdict, summary.finish) {
            (Some(verdict), _) => {
                let value = value.unwrap_or(verdict.value);
                Ok(TrialStatus::Pruned { value, verdict })
            }
            (None, Finish::Stopped) => Ok(TrialStatus::Interrupted),
            (None, _) => {
                let value = value.ok_or("no epoch was finished")?;
                Ok(TrialStatus::Completed { value })
            }
        }
    }
}

impl Observer for Watcher<'_, '_> {
    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.recorder.checkpoint(checkpoint);
    }

    fn event(&mut self, event: &Event) {
        self.recorder.event(event);
        match event {
            Event::EpochDone { point } => self.epoch_done(point),
            Event::Finished {
                finish: Finish::Failed { message },
                ..
            } => {
                self.failure.get_or_insert(message.clone());
            }
            _ => {}
        }
    }
}
