//! Commands for the service.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act_if};
use crate::studio::{DeployAction, ServiceState, Studio};

/// A command for the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployCommand {
    /// Offer models as a service, as the form in Deploy says.
    StartService,
    /// End the service.
    StopService,
}

impl CommandKind for DeployCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            DeployCommand::StartService => (
                "Start the service",
                "Offers the model over HTTP, to the machines that Deploy names.",
            ),
            DeployCommand::StopService => (
                "Stop the service",
                "Answers what was asked, then ends the service.",
            ),
        }
    }

    fn keywords(&self) -> &'static str {
        "serve deploy http api inference triton kserve"
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let services = studio.services();
        let is = |state| services.state() == state;
        match self {
            DeployCommand::StartService => act_if(
                is(ServiceState::Off) && studio.classifier().is_some(),
                DeployAction::Serve(services.form()),
            ),
            DeployCommand::StopService => act_if(is(ServiceState::On), DeployAction::StopService),
        }
    }
}
