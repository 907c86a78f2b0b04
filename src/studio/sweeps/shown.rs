//! The sweep that is shown.

use crate::sweep::{Plan, SweepEnd, SweepState};

/// The phase of the shown sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepPhase {
    /// Trials are training.
    Running,
    /// Trials are paused.
    Paused,
    /// It has ended, at least for now.
    Ended(SweepEnd),
    /// It failed; one sentence.
    Failed(String),
    /// It was read from the workspace.
    Kept,
}

/// The sweep that is shown.
#[derive(Clone, Debug)]
pub struct ShownSweep {
    /// Its definition and base settings.
    pub plan: Plan,
    /// Its trials and their results.
    pub state: SweepState,
    /// Its phase.
    pub phase: SweepPhase,
}

impl ShownSweep {
    /// Whether it is running or paused.
    pub fn is_live(&self) -> bool {
        matches!(self.phase, SweepPhase::Running | SweepPhase::Paused)
    }

    /// The trial that is training, such as `trial 3 of 16`; with several at once, the first.
    pub fn trial_words(&self) -> String {
        let now = self.state.n_over() + 1;
        match self.plan.n_trials() {
            Some(n) => format!("trial {} of {n}", now.min(n)),
            None => format!("trial {now}"),
        }
    }

    /// The share of the trials that are over; `None` if only the time limit ends the sweep.
    pub fn progress(&self) -> Option<f32> {
        let n = self.plan.n_trials()?.max(1);
        Some(self.state.n_over() as f32 / n as f32)
    }

    /// Whether there are trials left to run.
    pub fn can_resume(&self) -> bool {
        let n_trials = self.plan.n_trials();
        !self.is_live() && n_trials.is_none_or(|n| self.state.n_over() < n)
    }
}
