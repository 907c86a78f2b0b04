//! What the guard over a run's losses goes by, as part of a checkpoint: a run that goes on after an
//! interruption takes the same way back as one that was never interrupted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Checkpoint;

/// The guard's own memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackStates {
    /// How often the loss could not be trusted; in a row, where such batches are left out.
    pub n_rollbacks: usize,
    /// The full states to go back to, the oldest first. They know no way back themselves.
    pub states: Vec<Arc<Checkpoint>>,
    /// Marks of further ones that are in files of their own, see [`Checkpoint::mark`].
    pub unread: Vec<String>,
}

/// [`RollbackStates`] as a checkpoint's file tells it: the states are in files of their own, which
/// checkpoints share, so that each is written once.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    n_rollbacks: usize,
    marks: Vec<String>,
}

impl Written {
    pub(super) fn new(rollback: &RollbackStates) -> Written {
        Written {
            n_rollbacks: rollback.n_rollbacks,
            marks: rollback.marks(),
        }
    }

    pub(super) fn read(self) -> RollbackStates {
        RollbackStates {
            n_rollbacks: self.n_rollbacks,
            states: Vec::new(),
            unread: self.marks,
        }
    }
}

impl RollbackStates {
    /// The marks of all states.
    pub fn marks(&self) -> Vec<String> {
        let read = self.states.iter().map(|state| state.mark());
        self.unread.iter().cloned().chain(read).collect()
    }

    /// Puts the states that `read` finds where their marks are.
    pub fn read_with(&mut self, read: impl Fn(&str) -> Option<Checkpoint>) {
        for mark in std::mem::take(&mut self.unread) {
            match read(&mark) {
                Some(state) => self.states.push(Arc::new(state)),
                None => self.unread.push(mark),
            }
        }
    }
}

impl Checkpoint {
    /// A name for this moment of the run: its update, and a sum over its place, its seconds and its
    /// settings. A run that went back passes the same update at other seconds.
    pub fn mark(&self) -> String {
        // Both are plain numbers and words, which always have a JSON form.
        let moment = serde_json::to_vec(&(&self.config, &self.cursor)).unwrap_or_default();
        format!("{:010}-{:08x}", self.step(), crc32c::crc32c(&moment))
    }
}
