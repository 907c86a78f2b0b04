//! Commands for the canvas and the model that classifies it.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{CanvasAction, Model, Studio};

/// A command for the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanvasCommand {
    /// Use the trained model for predictions again.
    UseTrainedModel,
    /// Put a random test image on the canvas.
    RandomTestImage,
    /// Undo the last change to the canvas.
    Undo,
    /// Redo it.
    Redo,
    /// Empty the canvas.
    Clear,
    /// Copy the sketch to the clipboard.
    Copy,
}

impl CommandKind for CanvasCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            CanvasCommand::UseTrainedModel => (
                "Use the trained model",
                "Classifies the drawing with the model trained in this session, not the opened one.",
            ),
            CanvasCommand::RandomTestImage => (
                "Random test image",
                "Puts an image that no network was trained on onto the canvas, with its label.",
            ),
            CanvasCommand::Undo => (
                "Undo stroke",
                "Undoes the last stroke, image, clearing or label.",
            ),
            CanvasCommand::Redo => (
                "Redo stroke",
                "Redoes the stroke, image, clearing or label that was undone.",
            ),
            CanvasCommand::Clear => (
                "Clear canvas",
                "Removes all ink from the canvas; this can be undone.",
            ),
            CanvasCommand::Copy => (
                "Copy sketch",
                "Copies the canvas to the clipboard, as an image.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let pad = studio.pad();
        match self {
            CanvasCommand::UseTrainedModel => act_if(
                studio.has_trained_model() && is_another_used(studio.model()),
                CanvasAction::UseTrainedModel,
            ),
            CanvasCommand::RandomTestImage => {
                act_if(studio.dataset().is_some(), CanvasAction::RandomTestImage)
            }
            CanvasCommand::Undo => act_if(studio.can_undo_on_canvas(), CanvasAction::Undo),
            CanvasCommand::Redo => act_if(studio.can_redo_on_canvas(), CanvasAction::Redo),
            CanvasCommand::Clear => act_if(!pad.is_empty(), CanvasAction::Clear),
            CanvasCommand::Copy => (!pad.is_empty()).then_some(CommandEffect::CopySketch),
        }
    }
}

/// Whether a network other than the newest trained one classifies the drawing.
fn is_another_used(model: &Model) -> bool {
    match model {
        Model::Opened { .. } | Model::Snapshot { .. } => true,
        Model::None | Model::Trained(_) => false,
    }
}
