//! The training loop. It owns no thread, no file and no window.

mod average;
mod batch;
mod commands;
mod divergence;
mod epochs;
mod loop_state;
mod outcome;
mod private;
mod report;
mod rollback;
mod states;
mod update;

use super::checkpoint::Checkpoint;
use super::control::Control;
use super::error::TrainError;
use super::event::Event;
use super::job::Job;
use crate::kernels;
pub(crate) use commands::live_changes;
use loop_state::Steps;
pub use outcome::{Observer, Outcome};

/// Runs `job` until its epochs are done, `control` stops it, or the loss becomes NaN or infinite.
///
/// # Errors
/// When the network cannot be built or run. The observer gets no event about it.
pub fn train(
    job: &Job,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.event(&Event::Started {
        config: Box::new(job.config().clone()),
        dataset: job.dataset().name.clone(),
        n_train: job.split().train.len(),
        threads: kernels::threads(),
    });
    let network = job.first_network(job.config())?;
    let mut run = Steps::new(job, network, control, observer)?;
    run.keep_state()?;
    let finish = run.all_epochs()?;
    run.finish(finish)
}

/// Resumes from `checkpoint`, which is one of `job`'s: ends with the same bits as the run would
/// have without the interruption.
///
/// # Errors
/// Like [`train`], and when the checkpoint belongs to another network.
pub fn resume(
    job: &Job,
    checkpoint: Checkpoint,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.event(&Event::Resumed {
        step: checkpoint.step(),
    });
    if !checkpoint.is_of(&job.config().model) {
        return Err(TrainError::Checkpoint(checkpoint.step()));
    }
    let mut run = Steps::new(job, job.network(job.config())?, control, observer)?;
    run.restore(checkpoint)?;
    let finish = run.all_epochs()?;
    run.finish(finish)
}
