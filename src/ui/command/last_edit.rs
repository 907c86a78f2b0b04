//! Undo and redo of the canvas or the settings, whichever was edited last.

use super::canvas::CanvasCommand;
use super::draft::DraftCommand;
use super::effect::CommandEffect;
use super::kind::CommandKind;
use crate::studio::{DataAction, LastEdited, Studio, TeachAction};

/// Undo or redo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEditCommand {
    /// Undo the last change to the canvas or the settings, whichever was edited last.
    Undo,
    /// Redo it.
    Redo,
}

impl CommandKind for LastEditCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            LastEditCommand::Undo => (
                "Undo last change",
                "Undoes the last change to the canvas or the settings, whichever was edited last.",
            ),
            LastEditCommand::Redo => (
                "Redo last change",
                "Redoes the change that was undone last.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        match (self, studio.last_edited()) {
            (LastEditCommand::Undo, LastEdited::Canvas) => CanvasCommand::Undo.effect(studio),
            (LastEditCommand::Undo, LastEdited::Settings) => DraftCommand::Undo.effect(studio),
            (LastEditCommand::Undo, LastEdited::Labels) => {
                let can_undo = studio.datasets().cleaner().can_undo();
                can_undo.then(|| CommandEffect::Act(DataAction::UndoEdit.into()))
            }
            (LastEditCommand::Undo, LastEdited::Examples) => {
                let can_undo = studio.teach().can_undo();
                can_undo.then(|| CommandEffect::Act(TeachAction::Undo.into()))
            }
            (LastEditCommand::Redo, LastEdited::Labels | LastEdited::Examples) => None,
            (LastEditCommand::Redo, LastEdited::Canvas) => CanvasCommand::Redo.effect(studio),
            (LastEditCommand::Redo, LastEdited::Settings) => DraftCommand::Redo.effect(studio),
        }
    }
}
