//! One trial: an ordinary run that is recorded, reports after each epoch, and can be pruned.

use std::sync::Arc;

use super::error::SweepError;
use super::prune::Verdict;
use super::shared::Shared;
use super::status::TrialStatus;
use super::task::{Begun, Task};
use crate::runs::{Recorder, RunFolderError, RunMeta, Summary};
use crate::train::{
    Checkpoint, Control, EpochPoint, Event, FieldError, Finish, Job, Observer, Outcome, run_guarded,
};

/// Updates between checkpoints of a trial, to resume from after a crash.
const CHECKPOINT_EVERY: u64 = 2_000;

/// Why a trial has no result.
enum Failure {
    /// It failed, for this reason.
    Trial(String),
    /// There is no room for it: the sweep cannot go on.
    DiskFull(RunFolderError),
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::Trial(message)
    }
}

impl Failure {
    fn of(error: RunFolderError, what: &str) -> Failure {
        match error.is_disk_full() {
            true => Failure::DiskFull(error),
            false => Failure::Trial(format!("{what}{error}")),
        }
    }
}

/// Runs a trial; returns how it ended.
pub(super) fn run(shared: &Shared<'_>, task: &Task) -> TrialStatus {
    let control = Arc::new(Control::default());
    shared.control.enter(&control);
    let status = train(shared, task, &control);
    shared.control.leave(&control);
    match status {
        Ok(status) => status,
        Err(Failure::Trial(message)) => TrialStatus::Failed { message },
        Err(Failure::DiskFull(error)) => {
            shared.end_with(SweepError::DiskFull(error));
            TrialStatus::Interrupted
        }
    }
}

fn train(shared: &Shared<'_>, task: &Task, control: &Control) -> Result<TrialStatus, Failure> {
    let config = task.config.clone()?;
    let job =
        Job::new(config, shared.dataset.clone()).map_err(|errors| FieldError::joined(&errors))?;
    let job = match task.begun.as_ref().and_then(|begun| begun.options) {
        Some(options) => job.with_options(options),
        None => job.with_checkpoints(CHECKPOINT_EVERY),
    };
    let recorder = record(task, &job).map_err(|e| Failure::of(e, ""))?;
    let mut watcher = Watcher {
        shared,
        trial: task.of.trial,
        n_epochs: job.config().epochs,
        control,
        recorder,
        verdict: task.verdict.clone(),
        failure: None,
    };
    let checkpoint = task
        .begun
        .as_ref()
        .and_then(|begun| begun.checkpoint.clone());
    let n_epochs = task.begun.as_ref().map_or(0, Begun::n_epochs);
    if task.verdict.as_ref().is_some_and(|v| v.epoch <= n_epochs) {
        // The program ended after the verdict and before the trial did.
        control.stop();
    }
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
                sweep: Some(task.of.clone()),
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
        let report = (point.epoch, value);
        if let Some(verdict) = self.shared.report(self.trial, report, self.n_epochs) {
            self.verdict = Some(verdict);
            self.control.stop();
        }
    }

    fn fail(&mut self, message: String) {
        self.failure.get_or_insert(message);
        self.control.stop();
    }

    /// Finishes the run's record and returns how it ended.
    fn end(self, job: &Job, outcome: Option<Outcome>) -> Result<TrialStatus, Failure> {
        let Some(outcome) = outcome else {
            return Err(self.failure.unwrap_or_default().into());
        };
        let summary = Summary::new(&outcome);
        let model = outcome.into_classifier(job);
        let recorded = self.recorder.finish(&summary, &model);
        recorded.map_err(|e| Failure::of(e, "the run was not saved: "))?;
        if let Some(message) = self.failure {
            return Err(message.into());
        }
        if let Finish::Diverged { step } = summary.finish {
            return Err(format!("the loss became NaN at update {step}").into());
        }
        let value = self.shared.value(self.trial);
        match (self.verdict, summary.finish) {
            (Some(verdict), _) => {
                let value = value.unwrap_or(verdict.value);
                Ok(TrialStatus::Pruned { value, verdict })
            }
            (None, Finish::Stopped) => Ok(TrialStatus::Interrupted),
            (None, _) => {
                let value = value.ok_or_else(|| "no epoch was finished".to_owned())?;
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
        if self.recorder.is_disk_full() {
            // What follows could not be recorded; the end of the sweep says why.
            self.control.stop();
        } else {
            while let Some(news) = self.recorder.news() {
                self.shared.warn(format!("trial {}: {news}", self.trial));
            }
        }
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
