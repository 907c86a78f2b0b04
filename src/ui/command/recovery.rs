//! Recoveries from the anomaly that training is paused for.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act};
use crate::studio::{RunAction, Studio};
use crate::train::{Anomaly, Divergence, Recovery};

/// A recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCommand {
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
        let back = |divides_rate| {
            let step = divergence.default_rollback_step()?;
            Some(Recovery::RollBack { step, divides_rate })
        };
        match self {
            RecoveryCommand::RollBackSlower => back(true),
            RecoveryCommand::RollBack => back(false),
            RecoveryCommand::SkipBatch => divergence.can_skip.then_some(Recovery::SkipBatch),
            RecoveryCommand::ContinueAnyway => {
                matches!(divergence.anomaly, Anomaly::Spike { .. }).then_some(Recovery::Continue)
            }
        }
    }
}
