//! The sweep that is shown.

use crate::sweep::{Plan, SweepEnd, SweepState};

/// Where the shown sweep stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepPhase {
    /// Trials are training.
    Running,
    /// They wait.
    Paused,
    /// It ended for now.
    Ended(SweepEnd),
    /// It could not go on; one sentence.
    Failed(String),
    /// It was read from the workspace.
    Kept,
}

/// The sweep that is shown.
#[derive(Clone, Debug)]
pub struct ShownSweep {
    /// What is searched.
    pub plan: Plan,
    /// What happened in it.
    pub state: SweepState,
    /// Where it stands.
    pub phase: SweepPhase,
}

impl ShownSweep {
    /// Whether its trials are training or wait.
    pub fn is_live(&self) -> bool {
        matches!(self.phase, SweepPhase::Running | SweepPhase::Paused)
    }

    /// Whether there is something left to do in it.
    pub fn can_resume(&self) -> bool {
        let n_trials = self.plan.n_trials();
        !self.is_live() && n_trials.is_none_or(|n| self.state.n_over() < n)
    }
}
