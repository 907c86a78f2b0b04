//! What leaves the studio: the model on the canvas as files that others can run, and as a service.

mod export;
#[cfg(feature = "serve")]
mod service;

use std::path::PathBuf;

pub use export::ModelFormat;
#[cfg(feature = "serve")]
pub(super) use service::Running;
#[cfg(feature = "serve")]
pub use service::{ServiceState, Services};

use super::Studio;

/// An action that takes the model on the canvas out of the studio.
#[derive(Clone, Debug)]
pub enum DeployAction {
    /// Write it as files that others can run.
    Export(ModelFormat, PathBuf),
    /// Offer it as a service to this machine, at this port; 0 takes a free one.
    #[cfg(feature = "serve")]
    Serve(u16),
    /// End the service.
    #[cfg(feature = "serve")]
    StopService,
    /// Serve the newest weights of the run in training from now on, or the ones it began with.
    #[cfg(feature = "serve")]
    Follow(bool),
}

impl Studio {
    pub(super) fn handle_deploy(&mut self, action: DeployAction) {
        match action {
            DeployAction::Export(format, path) => self.export_model(format, path),
            #[cfg(feature = "serve")]
            DeployAction::Serve(port) => self.serve(port),
            #[cfg(feature = "serve")]
            DeployAction::StopService => self.stop_service(),
            #[cfg(feature = "serve")]
            DeployAction::Follow(follows) => self.services.follow(follows),
        }
    }
}
