//! Commands for the timeline.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{RunAction, Studio, TimelineAction};

/// A command for the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimelineCommand {
    /// Start a run from the snapshot that the timeline shows.
    Branch,
    /// Show the previous snapshot.
    Previous,
    /// Show the next snapshot.
    Next,
}

impl CommandKind for TimelineCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            TimelineCommand::Branch => (
                "Branch from the timeline",
                "Starts a new run from this exact state (weights, optimizer, data position) with \
                 the settings on the left; seed and validation images stay the same.",
            ),
            TimelineCommand::Previous => (
                "Previous snapshot",
                "Classifies the drawing with the previous snapshot.",
            ),
            TimelineCommand::Next => (
                "Next snapshot",
                "Classifies the drawing with the next snapshot, and after the last one with the \
                 current model.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        match self {
            TimelineCommand::Branch => act_if(studio.can_branch(), RunAction::Branch),
            TimelineCommand::Previous => act_if(
                studio.timeline().states().len() > 1,
                TimelineAction::ShowPrevious,
            ),
            TimelineCommand::Next => {
                act_if(studio.shown_step().is_some(), TimelineAction::ShowNext)
            }
        }
    }
}
