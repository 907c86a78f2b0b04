//! Commands for the labeled sketches.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{SketchAction, Studio};
use crate::ui::dialogs::Purpose;
use crate::ui::place::DataView;

/// A command for the labeled sketches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SketchCommand {
    /// Label the sketch on the canvas as what the model answered.
    ConfirmAnswer,
    /// Open the window with all of them.
    Show,
    /// Show where new classes are taught.
    Teach,
    /// Write them for other programs.
    Export,
    /// Add augmentation that reaches as far as they do.
    MatchAugmentation,
}

impl CommandKind for SketchCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            SketchCommand::ConfirmAnswer => (
                "The answer is right: label the sketch",
                "Keeps what is on the canvas as a sketch of the class that the model answered.",
            ),
            SketchCommand::Show => (
                "Labeled sketches…",
                "Shows all labeled sketches with the model's answers, to correct or delete them.",
            ),
            SketchCommand::Teach => (
                "Teach a class…",
                "Gives the model on the canvas new classes, from a few drawings or pictures of each.",
            ),
            SketchCommand::Export => (
                "Export sketches…",
                "Writes the labeled sketches as NumPy arrays, or as PNG files in one folder per class.",
            ),
            SketchCommand::MatchAugmentation => (
                "Augment like your sketches",
                "Raises shift and shear of the augmentation so that they reach as far as your sketches \
                 are from the training images.",
            ),
        }
    }

    fn keywords(&self) -> &'static str {
        "it is a collect draw own validation new class examples transfer"
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let has_any = !studio.sketches().all().is_empty();
        match self {
            SketchCommand::ConfirmAnswer => {
                let answer = studio.answered_class()?.to_owned();
                act_if(studio.can_label(), SketchAction::Label(answer))
            }
            SketchCommand::Show => has_any.then_some(CommandEffect::ShowSketches),
            SketchCommand::Teach => Some(CommandEffect::ShowDataView(DataView::Teach)),
            SketchCommand::Export => {
                has_any.then_some(CommandEffect::AskPath(Purpose::ExportSketches))
            }
            SketchCommand::MatchAugmentation => act_if(
                studio.matched_augmentation().is_some(),
                SketchAction::MatchAugmentation,
            ),
        }
    }
}
