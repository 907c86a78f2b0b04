//! Commands for the settings.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act, act_if};
use crate::model::PRESETS;
use crate::studio::{DraftAction, Studio};

/// A command for the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftCommand {
    /// Copy the preset at this index into the settings.
    Preset(usize),
    /// Draw a new seed.
    NewSeed,
    /// Return to the default settings.
    Reset,
    /// Undo the last change to the settings.
    Undo,
    /// Redo it.
    Redo,
}

impl CommandKind for DraftCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            DraftCommand::Preset(idx) => (PRESETS[*idx].label, PRESETS[*idx].explanation),
            DraftCommand::NewSeed => (
                "New seed",
                "Draws a new seed, so that the next run starts from different weights.",
            ),
            DraftCommand::Reset => (
                "Reset all settings",
                "Returns to the first preset with its settings and the default seed; this can be undone.",
            ),
            DraftCommand::Undo => (
                "Undo edit",
                "Undoes the last change to the settings, layers included.",
            ),
            DraftCommand::Redo => (
                "Redo edit",
                "Redoes the change to the settings that was undone.",
            ),
        }
    }

    fn prefix(&self) -> &'static str {
        match self {
            DraftCommand::Preset(_) => "Preset: ",
            DraftCommand::NewSeed
            | DraftCommand::Reset
            | DraftCommand::Undo
            | DraftCommand::Redo => "",
        }
    }

    fn keywords(&self) -> &'static str {
        match self {
            DraftCommand::Reset => "defaults restore",
            _ => "",
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        match self {
            DraftCommand::Preset(idx) => act(DraftAction::ChoosePreset(PRESETS[*idx].name)),
            DraftCommand::NewSeed => act(DraftAction::NewSeed),
            DraftCommand::Reset => act(DraftAction::Reset),
            DraftCommand::Undo => act_if(studio.can_undo_edit(), DraftAction::Undo),
            DraftCommand::Redo => act_if(studio.can_redo_edit(), DraftAction::Redo),
        }
    }
}
