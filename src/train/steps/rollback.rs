//! Keeping the full states that a run can roll back to, and rolling back.

use std::sync::Arc;

use super::loop_state::{Steps, evaluated_network};
use crate::kernels::Copies;
use crate::train::checkpoint::{Checkpoint, RollbackStates};
use crate::train::error::TrainError;
use crate::train::event::Event;

/// Updates between two full states, and between two large ones: copying a state takes about as long
/// as a good part of an update of a large network.
// With these intervals the states take about 2 % of an epoch of keras-cnn.
const EVERY: u64 = 100;
const EVERY_LARGE: u64 = 250;

/// A full state is large from this many bytes on.
const LARGE: usize = 8 << 20;

/// The beginning is denser: a state after 1, 2, 4, … updates, up to this many.
const DENSE_UNTIL: u64 = 64;

impl Steps<'_> {
    pub(super) fn full_state(&self) -> Result<Checkpoint, TrainError> {
        self.state_in(&mut Copies::default())
    }

    fn state_in(&self, copies: &mut Copies) -> Result<Checkpoint, TrainError> {
        let params = self.network.params();
        let kept = self.kept(copies)?;
        let (config, cursor, optimizer) = (&self.config, &self.cursor, &self.optimizer);
        Ok(Checkpoint::new(
            config, cursor, optimizer, kept, params, copies,
        )?)
    }

    /// Keeps the full state if it is due.
    pub(super) fn keep_now_and_then(&mut self) -> Result<(), TrainError> {
        let step = self.optimizer.step;
        let is_early = step <= DENSE_UNTIL && step.is_power_of_two();
        let is_large = self.states.newest().is_some_and(|s| s.n_bytes() > LARGE);
        let every = if is_large { EVERY_LARGE } else { EVERY };
        if is_early || step.is_multiple_of(every) {
            self.keep_state()?;
        }
        Ok(())
    }

    /// Keeps the full state, if its weights are finite and it is not kept already.
    pub(super) fn keep_state(&mut self) -> Result<(), TrainError> {
        let newest = self.states.newest();
        if newest.is_some_and(|s| s.cursor == self.cursor && s.config == self.config) {
            return Ok(());
        }
        let mut copies = std::mem::take(&mut self.states.copies);
        let state = Arc::new(self.state_in(&mut copies)?);
        if state.is_finite() {
            self.states.push(state.clone(), self.control.state_bytes());
            self.observer.snapshot(&state);
        }
        Ok(())
    }

    /// Copies the rollback states for a checkpoint.
    pub(super) fn rollback(&self) -> RollbackStates {
        RollbackStates {
            n_rollbacks: self.n_rollbacks,
            states: self.states.all(),
            unread: Vec::new(),
        }
    }

    /// Restores the rollback states from a checkpoint. One of an older version, or one whose states
    /// are missing, starts with the checkpoint itself as the only state.
    pub(super) fn restore_rollback(
        &mut self,
        rollback: Option<RollbackStates>,
    ) -> Result<(), TrainError> {
        let rollback = rollback.unwrap_or_default();
        self.n_rollbacks = rollback.n_rollbacks;
        if rollback.states.is_empty() {
            return self.keep_state();
        }
        for state in rollback.states {
            let mut state = Arc::unwrap_or_clone(state);
            state.sort_like(self.network.params());
            if !state.fits(self.network.params()) {
                return Err(TrainError::Checkpoint(state.step()));
            }
            let state = Arc::new(state);
            self.states.push(state.clone(), self.control.state_bytes());
            self.observer.snapshot(&state);
        }
        // For display only, not as a rollback state: an uninterrupted run would not have it.
        let state = Arc::new(self.full_state()?);
        if state.is_finite() {
            self.observer.snapshot(&state);
        }
        Ok(())
    }

    /// Restores the run's state at `step`, with the current settings. `false` if that state is no
    /// longer kept.
    pub(super) fn go_back(&mut self, step: u64) -> Result<bool, TrainError> {
        let Some(state) = self.states.at(step).cloned() else {
            return Ok(false);
        };
        let from = self.optimizer.step;
        state.restore(self.network.params())?;
        self.cursor = state.cursor.clone();
        self.optimizer = state.optimizer.clone();
        self.restore_kept(state.kept.clone())?;
        self.states.forget_after(step);
        self.observer.event(&Event::RolledBack {
            step,
            epoch: self.epochs_done(),
            from,
        });
        self.observer
            .weights(evaluated_network(&self.mean, &self.network));
        Ok(true)
    }
}
