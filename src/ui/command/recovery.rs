//! Recoveries from the anomaly that training is paused for.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act};
use crate::studio::{RunAction, Studio};
use crate::train::{Anomaly, Divergence, Recovery, RollbackRate};

/// A recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCommand {
    /// Roll back to before the learning rate was raised.
    UndoRaise,
    /// Roll back from an anomaly and continue with a smaller learning rate.
    RollBackSlower,
    /// Roll back from an anomaly.
    RollBack,
    /// Skip the batch.
    SkipBatch,
    /// Use the batch anyway.
    ContinueAnyway,
}

impl CommandKind for RecoveryCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            RecoveryCommand::UndoRaise => (
                "Roll back, learning rate as before",
                "Rolls back to the last state before the learning rate was raised, and continues \
                 with the rate it had.",
            ),
            RecoveryCommand::RollBackSlower => (
                "Roll back, rate ÷ 10",
                "Rolls back to an earlier state and continues with a tenth of the learning rate.",
            ),
            RecoveryCommand::RollBack => (
                "Roll back",
                "Rolls back exactly to an earlier state; without a changed setting the same \
                 happens again.",
            ),
            RecoveryCommand::SkipBatch => (
                "Skip this batch",
                "Skips this batch and continues with the next.",
            ),
            RecoveryCommand::ContinueAnyway => ("Continue anyway", "Uses this batch anyway."),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let divergence = studio.live_run()?.divergence.as_ref()?;
        act(RunAction::Recover(self.recovery(divergence)?))
    }
}

impl RecoveryCommand {
    /// The recovery it stands for, if that is possible.
    fn recovery(self, divergence: &Divergence) -> Option<Recovery> {
        self.recovery_to(divergence, divergence.default_rollback_step())
    }

    /// Like the command, but rolls back to `step` where there is a choice.
    pub fn recovery_to(self, divergence: &Divergence, step: Option<u64>) -> Option<Recovery> {
        let back = |step: Option<u64>, rate| Some(Recovery::RollBack { step: step?, rate });
        match self {
            RecoveryCommand::UndoRaise => {
                back(divergence.raise.map(|r| r.step), RollbackRate::Restored)
            }
            RecoveryCommand::RollBackSlower => back(step, RollbackRate::Divided),
            RecoveryCommand::RollBack => back(step, RollbackRate::Current),
            RecoveryCommand::SkipBatch => divergence.can_skip.then_some(Recovery::SkipBatch),
            RecoveryCommand::ContinueAnyway => {
                matches!(divergence.anomaly, Anomaly::Spike { .. }).then_some(Recovery::Continue)
            }
        }
    }
}
