//! What every kind of command has.

use super::effect::CommandEffect;
use crate::studio::{Action, Studio};

/// A kind of command: one file each.
pub(super) trait CommandKind {
    /// The label, and one sentence that explains what the command does.
    fn text(&self) -> (&'static str, &'static str);

    /// What stands before the label where the command is among others.
    fn prefix(&self) -> &'static str {
        ""
    }

    /// Other words by which the palette finds the command, in lower case.
    fn keywords(&self) -> &'static str {
        ""
    }

    /// What the command does; `None` if that is not available now.
    fn effect(&self, studio: &Studio) -> Option<CommandEffect>;
}

/// The effect of a command that is an action of the studio.
pub(super) fn act(action: impl Into<Action>) -> Option<CommandEffect> {
    Some(CommandEffect::Act(action.into()))
}

/// Like [`act`], if the action is available now.
pub(super) fn act_if(is_possible: bool, action: impl Into<Action>) -> Option<CommandEffect> {
    is_possible.then(|| CommandEffect::Act(action.into()))
}
