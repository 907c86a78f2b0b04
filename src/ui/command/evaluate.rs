//! Commands for the models that are compared in Evaluate.

use std::sync::Arc;

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{EvaluateAction, MAX_BESIDE, Studio};

/// A command for the models that are compared in Evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluateCommand {
    /// Keep the model on the canvas beside the one that is evaluated.
    KeepBeside,
    /// Show the int8 twin of the model on the canvas beside it.
    AddInt8,
}

impl CommandKind for EvaluateCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            EvaluateCommand::KeepBeside => (
                "Keep the model beside",
                "Keeps the model as it is now, to compare others with: another moment of the \
                 timeline, another run, a file.",
            ),
            EvaluateCommand::AddInt8 => (
                "Add its int8 twin",
                "Rounds the weights of this model and what its layers compute to 8 bits, as the \
                 int8 ONNX file does, and shows which answers flip.",
            ),
        }
    }

    fn keywords(&self) -> &'static str {
        "evaluate models compare quantize 8 bit"
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let model = studio.classifier()?;
        let beside = studio.evaluator().beside();
        let has_room = beside.len() < MAX_BESIDE;
        match self {
            EvaluateCommand::KeepBeside => {
                let is_kept = beside.iter().any(|m| Arc::ptr_eq(&m.classifier, model));
                act_if(has_room && !is_kept, EvaluateAction::KeepBeside)
            }
            EvaluateCommand::AddInt8 => act_if(
                has_room && studio.dataset().is_some(),
                EvaluateAction::AddInt8,
            ),
        }
    }
}
