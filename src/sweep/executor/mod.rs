//! Runs the trials of a sweep: several in parallel, each on its own thread with its share of the
//! machine's processors.

mod next;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::control::SweepControl;
use super::event::SweepEvent;
use super::folder::{SweepError, SweepFolder};
use super::metric::at_epoch;
use super::prune::Verdict;
use super::sampler::{Sampler, sampler};
use super::state::SweepState;
use super::trial;
use crate::data::Dataset;
use crate::kernels;
use crate::train::EpochPoint;

/// Why a sweep ended for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepEnd {
    /// All trials are done.
    Completed,
    /// The time limit was reached.
    OutOfTime,
    /// It was stopped.
    Stopped,
}

/// State shared by the workers.
pub(super) struct Shared<'a> {
    inner: Mutex<Inner<'a>>,
    pub(super) control: &'a SweepControl,
    pub(super) dataset: &'a Arc<Dataset>,
}

struct Inner<'a> {
    folder: &'a mut SweepFolder,
    sampler: Box<dyn Sampler>,
    observer: &'a mut (dyn FnMut(&SweepEvent, &SweepState) + Send),
    clock: Clock,
    /// Trials left by an earlier session, or to be rerun, in order.
    first: Vec<usize>,
    /// The first error of the journal, which ends the sweep.
    problem: Option<SweepError>,
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

/// Runs the trials of the sweep in `folder` that are not done, `parallel` at a time, until all are
/// done, the time limit is reached or `control` stops it. `observer` gets every event with the state
/// after it.
///
/// The processors are divided among the trials; their number changes the speed of a trial, never
/// its result. With parallel trials, which of them are done at a decision depends on their speed,
/// so pruning and TPE may decide differently each time.
///
/// # Errors
/// When the journal cannot be written or a thread cannot be started.
pub fn run(
    folder: &mut SweepFolder,
    dataset: &Arc<Dataset>,
    parallel: usize,
    control: &SweepControl,
    observer: &mut (dyn FnMut(&SweepEvent, &SweepState) + Send),
) -> Result<SweepEnd, SweepError> {
    let parallel = parallel.max(1);
    let first = unfinished(folder.state());
    let shared = Shared {
        inner: Mutex::new(Inner {
            clock: Clock {
                before: folder.state().secs,
                since: Instant::now(),
            },
            sampler: sampler(&folder.plan().definition),
            folder,
            observer,
            first,
            problem: None,
        }),
        control,
        dataset,
    };
    // A rerun may be requested while the last trials end.
    let mut end = shared.work(parallel)?;
    while control.has_retries() && end != SweepEnd::Stopped {
        end = shared.work(parallel)?;
    }
    Ok(end)
}

/// Returns the trials that have started and not ended.
fn unfinished(state: &SweepState) -> Vec<usize> {
    let trials = state.trials.values();
    trials.filter(|t| !t.is_over()).map(|t| t.number).collect()
}

impl<'s> Shared<'s> {
    /// Runs trials until there are no more to start.
    fn work(&self, parallel: usize) -> Result<SweepEnd, SweepError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let spawned = std::thread::scope(|scope| {
            for worker in 0..parallel {
                let share = cores / parallel + usize::from(worker < cores % parallel);
                let spawned = std::thread::Builder::new()
                    .name(format!("trial-{}", worker + 1))
                    .spawn_scoped(scope, move || {
                        kernels::use_own_threads(share.max(1));
                        self.worker();
                    });
                if let Err(error) = spawned {
                    self.control.stop();
                    return Err(error);
                }
            }
            Ok(())
        });
        let mut inner = self.lock();
        if let Err(reason) = spawned {
            let (verb, path) = ("start a thread for", "a trial".to_owned());
            return Err(SweepError::Io { verb, path, reason });
        }
        if let Some(problem) = inner.problem.take() {
            return Err(problem);
        }
        let is_stopped = self.control.is_stopped();
        Ok(match inner.is_out_of_time(self.control) {
            _ if is_stopped => SweepEnd::Stopped,
            true if inner.remains() => SweepEnd::OutOfTime,
            _ => SweepEnd::Completed,
        })
    }

    fn worker(&self) {
        while self.control.may_start() {
            let Some(task) = self.lock().next(self.control) else {
                return;
            };
            let (trial, status) = (task.trial, trial::run(self, &task));
            self.lock().record(self.control, |secs| SweepEvent::Ended {
                trial,
                status,
                secs,
            });
        }
    }

    /// Reports the value of a trial after an epoch; returns a verdict if it should be pruned.
    pub(super) fn report(&self, trial: usize, epoch: usize, value: f64) -> Option<Verdict> {
        let mut inner = self.lock();
        inner.record(self.control, |secs| SweepEvent::Reported {
            trial,
            epoch,
            value,
            secs,
        });
        let definition = &inner.folder.plan().definition;
        let goal = (definition.metric, definition.direction);
        let prune = definition.prune?;
        let others = inner.folder.state().others_at(trial, epoch);
        prune.verdict(goal, epoch, value, &others)
    }

    /// Returns the metric of an epoch.
    pub(super) fn metric(&self, point: &EpochPoint) -> Option<f64> {
        at_epoch(self.lock().folder.plan().definition.metric, point)
    }

    /// Returns the value of a trial so far.
    pub(super) fn value(&self, trial: usize) -> Option<f64> {
        let inner = self.lock();
        let definition = &inner.folder.plan().definition;
        let trial = inner.folder.state().trials.get(&trial)?;
        definition.measure.of_trial(definition.direction, trial)
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    fn lock(&self) -> MutexGuard<'_, Inner<'s>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner<'_> {
    /// Writes an event to the journal and forwards it. An error of the journal ends the sweep.
    fn record(&mut self, control: &SweepControl, event: impl FnOnce(f64) -> SweepEvent) {
        let secs = self.clock.secs(control);
        let event = event(secs);
        if let Err(error) = self.folder.append(&event) {
            self.problem.get_or_insert(error);
            control.stop();
        }
        (self.observer)(&event, self.folder.state());
    }

    fn is_out_of_time(&self, control: &SweepControl) -> bool {
        let secs = self.clock.secs(control);
        let minutes = self.folder.plan().definition.minutes;
        minutes.is_some_and(|m| secs >= 60.0 * m)
    }

    /// Returns whether there are trials left to start.
    fn remains(&self) -> bool {
        let n_started = self.folder.state().trials.len();
        let n_trials = self.folder.plan().n_trials();
        !self.first.is_empty() || n_trials.is_none_or(|n| n_started < n)
    }
}
