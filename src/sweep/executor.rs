//! Runs the trials of a sweep: several in parallel, each on its own thread with its share of the
//! machine's processors.

use std::sync::Arc;

use super::control::SweepControl;
use super::error::SweepError;
use super::event::SweepEvent;
use super::folder::SweepFolder;
use super::shared::Shared;
use super::state::SweepState;
use super::trial;
use crate::data::Dataset;
use crate::kernels;

/// Why a sweep ended for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepEnd {
    /// All trials are done.
    Completed,
    /// Every setting has been tried, with fewer trials than were asked for.
    Exhausted,
    /// The time limit was reached.
    OutOfTime,
    /// It was stopped.
    Stopped,
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
/// When the journal cannot be written, the disk is full or a thread cannot be started.
pub fn run(
    folder: &mut SweepFolder,
    dataset: &Arc<Dataset>,
    parallel: usize,
    control: &SweepControl,
    observer: &mut (dyn FnMut(&SweepEvent, &SweepState) + Send),
) -> Result<SweepEnd, SweepError> {
    let parallel = parallel.max(1);
    let shared = Shared::new(folder, dataset, control, observer);
    // A rerun may be requested while the last trials end.
    let mut end = work(&shared, parallel)?;
    while control.has_retries() && end != SweepEnd::Stopped {
        end = work(&shared, parallel)?;
    }
    Ok(end)
}

/// Runs trials until there are no more to start.
fn work(shared: &Shared<'_>, parallel: usize) -> Result<SweepEnd, SweepError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let spawned = std::thread::scope(|scope| {
        for worker in 0..parallel {
            let share = cores / parallel + usize::from(worker < cores % parallel);
            let spawned = std::thread::Builder::new()
                .name(format!("trial-{}", worker + 1))
                .spawn_scoped(scope, move || {
                    kernels::use_own_threads(share.max(1));
                    run_trials(shared);
                });
            if let Err(error) = spawned {
                shared.control.stop();
                return Err(error);
            }
        }
        Ok(())
    });
    let mut inner = shared.lock();
    if let Err(reason) = spawned {
        let (verb, path) = ("start a thread for", "a trial".to_owned());
        return Err(SweepError::Io { verb, path, reason });
    }
    if let Some(problem) = inner.problem.take() {
        return Err(problem);
    }
    let is_stopped = shared.control.is_stopped();
    Ok(match inner.is_out_of_time(shared.control) {
        _ if is_stopped => SweepEnd::Stopped,
        true if inner.remains() => SweepEnd::OutOfTime,
        _ if inner.exhausts_space() => SweepEnd::Exhausted,
        _ => SweepEnd::Completed,
    })
}

fn run_trials(shared: &Shared<'_>) {
    while shared.control.may_start() {
        let Some(task) = shared.lock().next(shared.control) else {
            return;
        };
        let (trial, status) = (task.of.trial, trial::run(shared, &task));
        shared
            .lock()
            .record(shared.control, |secs| SweepEvent::Ended {
                trial,
                status,
                secs,
            });
    }
}
