//! The queue of runs that train one after the other.

use std::collections::VecDeque;

use crate::train::TrainConfig;

/// Queued configurations.
#[derive(Default)]
pub(super) struct Queue {
    /// The next one first.
    pub(super) waiting: VecDeque<TrainConfig>,
    /// Whether the run in training, or trained last, came from the queue.
    pub(super) is_current: bool,
}
