//! Commands for sending runs to an MLflow server.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{LibraryAction, Studio, TrackForm};

/// A command for sending runs to an MLflow server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingCommand {
    /// Send runs to the server in the settings.
    Start,
    /// Send none from now on.
    Stop,
}

impl CommandKind for TrackingCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            TrackingCommand::Start => (
                "Send runs to MLflow",
                "Sends each run to the MLflow server whose address is in the settings, while it \
                 trains.",
            ),
            TrackingCommand::Stop => (
                "Stop sending runs to MLflow",
                "Sends nothing from now on; what the server has stays there.",
            ),
        }
    }

    fn keywords(&self) -> &'static str {
        "tracking tracker experiment server log"
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let form = studio.run_tracker().form();
        let (is_possible, is_on) = match self {
            TrackingCommand::Start => (!form.is_on && !form.url.is_empty(), true),
            TrackingCommand::Stop => (form.is_on, false),
        };
        let url = form.url.clone();
        act_if(is_possible, LibraryAction::Track(TrackForm { is_on, url }))
    }
}
