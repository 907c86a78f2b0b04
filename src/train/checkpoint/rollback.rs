//! The state of the guard as part of a checkpoint: a resumed run can roll back exactly like one
//! that was never interrupted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Checkpoint;

/// The state of the guard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollbackStates {
    /// Number of anomalies; consecutive ones if such batches are skipped.
    pub n_rollbacks: usize,
    /// The full states a run can roll back to, oldest first. They have no rollback states
    /// themselves.
    pub states: Vec<Arc<Checkpoint>>,
    /// Marks of more states that are in files of their own, see [`Checkpoint::mark`].
    pub unread: Vec<String>,
}

/// [`RollbackStates`] as written in a checkpoint file: the states are in files of their own, shared
/// by all checkpoints, so that each is written once.
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

    /// Replaces each mark by the state that `read` returns for it.
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
    /// Returns a name for this moment of the run: its step, and a hash of its cursor and settings.
    /// A run that rolled back passes the same step at a different time.
    pub fn mark(&self) -> String {
        // Both are plain numbers and strings, which always have a JSON form.
        let moment = serde_json::to_vec(&(&self.config, &self.cursor)).unwrap_or_default();
        format!("{:010}-{:08x}", self.step(), crc32c::crc32c(&moment))
    }
}
