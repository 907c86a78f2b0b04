//! What the workers of a sweep share: its folder with the journal, the sampler and the clock.

mod next;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::control::SweepControl;
use super::draw::Sampler;
use super::error::SweepError;
use super::event::SweepEvent;
use super::folder::SweepFolder;
use super::metric::at_epoch;
use super::prune::Verdict;
use super::sampler::sampler;
use super::state::SweepState;
use crate::data::Dataset;
use crate::train::EpochPoint;

/// State shared by the workers.
pub(super) struct Shared<'a> {
    inner: Mutex<Inner<'a>>,
    pub(super) control: &'a SweepControl,
    pub(super) dataset: &'a Arc<Dataset>,
}

pub(super) struct Inner<'a> {
    folder: &'a mut SweepFolder,
    sampler: Box<dyn Sampler>,
    observer: &'a mut (dyn FnMut(&SweepEvent, &SweepState) + Send),
    clock: Clock,
    /// Trials left by an earlier session, or to be rerun, in order.
    first: Vec<usize>,
    /// Whether it was said that the journal lacks something.
    is_loss_told: bool,
    /// The first error of the journal, which ends the sweep.
    pub(super) problem: Option<SweepError>,
}

/// The clock of the sweep, without pauses.
struct Clock {
    before: f64,
    since: Instant,
}

impl Clock {
    fn secs(&self, control: &SweepControl) -> f64 {
        let trained = self.since.elapsed().saturating_sub(control.waited());
        self.before + trained.as_secs_f64()
    }
}

impl<'s> Shared<'s> {
    /// `observer` gets every event with the state after it.
    pub(super) fn new(
        folder: &'s mut SweepFolder,
        dataset: &'s Arc<Dataset>,
        control: &'s SweepControl,
        observer: &'s mut (dyn FnMut(&SweepEvent, &SweepState) + Send),
    ) -> Shared<'s> {
        let loss = folder.take_loss();
        let is_loss_told = loss.is_some();
        if let Some(message) = loss {
            observer(&SweepEvent::Warned { message }, folder.state());
        }
        let state = folder.state();
        let started = state.trials.values().filter(|t| !t.is_over());
        Shared {
            inner: Mutex::new(Inner {
                clock: Clock {
                    before: state.secs,
                    since: Instant::now(),
                },
                first: started.map(|t| t.number).collect(),
                sampler: sampler(&folder.plan().definition),
                folder,
                observer,
                is_loss_told,
                problem: None,
            }),
            control,
            dataset,
        }
    }

    /// Reports the value of a trial after one of its `n_epochs` epochs; returns a verdict if it
    /// should be pruned.
    pub(super) fn report(
        &self,
        trial: usize,
        (epoch, value): (usize, f64),
        n_epochs: usize,
    ) -> Option<Verdict> {
        self.lock()
            .report(self.control, trial, (epoch, value), n_epochs)
    }

    /// Returns the metric of an epoch.
    pub(super) fn metric(&self, point: &EpochPoint) -> Option<f64> {
        self.lock().metric(point)
    }

    /// Ends the sweep because of `problem`.
    pub(super) fn end_with(&self, problem: SweepError) {
        self.lock().problem.get_or_insert(problem);
        self.control.stop();
    }

    /// Tells the observer that something was lost or could not be resumed.
    pub(super) fn warn(&self, message: String) {
        self.lock().warn(message);
    }

    /// Returns the value of a trial so far.
    pub(super) fn value(&self, trial: usize) -> Option<f64> {
        let inner = self.lock();
        let definition = &inner.folder.plan().definition;
        let trial = inner.folder.state().trials.get(&trial)?;
        definition.measure.of_trial(definition.direction, trial)
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<'s>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner<'_> {
    /// Writes an event to the journal and forwards it. An error of the journal ends the sweep.
    pub(super) fn record(&mut self, control: &SweepControl, event: impl FnOnce(f64) -> SweepEvent) {
        let secs = self.clock.secs(control);
        let event = event(secs);
        if let Err(error) = self.folder.append(&event) {
            self.problem.get_or_insert(error);
            control.stop();
        }
        (self.observer)(&event, self.folder.state());
    }

    /// Tells the observer that something was lost or could not be resumed.
    pub(super) fn warn(&mut self, message: String) {
        let event = SweepEvent::Warned { message };
        (self.observer)(&event, self.folder.state());
    }

    fn metric(&self, point: &EpochPoint) -> Option<f64> {
        at_epoch(self.folder.plan().definition.metric, point)
    }

    fn report(
        &mut self,
        control: &SweepControl,
        trial: usize,
        (epoch, value): (usize, f64),
        n_epochs: usize,
    ) -> Option<Verdict> {
        let verdict = self.verdict(trial, (epoch, value), n_epochs);
        self.record(control, |secs| SweepEvent::Reported {
            trial,
            epoch,
            value,
            verdict: verdict.clone(),
            secs,
        });
        verdict
    }

    /// Decides whether to prune a trial after an epoch. What was decided before a crash stays.
    fn verdict(
        &self,
        number: usize,
        (epoch, value): (usize, f64),
        n_epochs: usize,
    ) -> Option<Verdict> {
        let state = self.folder.state();
        let trial = state.trials.get(&number)?;
        if trial.reports.iter().any(|(other, _)| *other == epoch) {
            return trial
                .verdict
                .clone()
                .filter(|verdict| verdict.epoch == epoch);
        }
        let definition = &self.folder.plan().definition;
        let goal = (definition.metric, definition.direction);
        // After the last epoch, pruning saves no time.
        let prune = definition.prune.filter(|_| epoch < n_epochs)?;
        prune.verdict(goal, epoch, value, &state.others_at(number, epoch))
    }

    pub(super) fn is_out_of_time(&self, control: &SweepControl) -> bool {
        let secs = self.clock.secs(control);
        let minutes = self.folder.plan().definition.minutes;
        minutes.is_some_and(|m| secs >= 60.0 * m)
    }

    /// Returns whether there are fewer settings than were asked for.
    pub(super) fn exhausts_space(&self) -> bool {
        self.folder.plan().exhausts_space()
    }

    /// Returns whether there are trials left to start.
    pub(super) fn remains(&self) -> bool {
        let n_started = self.folder.state().trials.len();
        let n_trials = self.folder.plan().n_trials();
        !self.first.is_empty() || n_trials.is_none_or(|n| n_started < n)
    }
}
