//! The answers to variants of what is on the canvas: the work of its thread.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::follower::Job;
use crate::explain::{ExplainError, Robustness, Sweep, robustness};

/// The answers to all variants of an input.
#[derive(Clone, Debug)]
pub struct RobustnessMap {
    /// The answers.
    pub robustness: Robustness,
    /// The input, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Seconds it took.
    pub secs: f64,
}

impl RobustnessMap {
    /// Height and width of the input.
    pub fn size(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }
}

pub(super) fn map(job: Job<Sweep>, cancel: &AtomicBool) -> Result<RobustnessMap, ExplainError> {
    let start = Instant::now();
    Ok(RobustnessMap {
        robustness: robustness(&job.classifier, &job.input, job.settings, cancel)?,
        input: job.input,
        shape: job.shape,
        classes: job.classifier.classes.clone(),
        secs: start.elapsed().as_secs_f64(),
    })
}
