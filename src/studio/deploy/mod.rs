//! What leaves the studio: the model on the canvas as files that others can run, and as a service.

mod export;
#[cfg(feature = "serve")]
mod service;

use std::path::PathBuf;

#[cfg(feature = "serve")]
pub(super) use service::Running;
#[cfg(feature = "serve")]
pub use service::{Offer, ServiceForm, ServiceState, Services};

use super::Studio;
use crate::export::model::ModelFormat;
#[cfg(feature = "serve")]
pub use crate::serve::{Second, TRAFFIC_SECONDS, Traffic};

/// An action that takes the model on the canvas out of the studio.
#[derive(Clone, Debug)]
pub enum DeployAction {
    /// Write it as files that others can run.
    Export(ModelFormat, PathBuf),
    /// What the next service is to offer, and to whom.
    #[cfg(feature = "serve")]
    SetService(ServiceForm),
    /// Offer models as a service.
    #[cfg(feature = "serve")]
    Serve(ServiceForm),
    /// End the service.
    #[cfg(feature = "serve")]
    StopService,
    /// Serve the newest weights of the run in training from now on, or the ones it began with.
    #[cfg(feature = "serve")]
    Follow(bool),
    /// Keep the last pictures that the service is asked about in memory, or forget them.
    #[cfg(feature = "serve")]
    KeepPictures(bool),
}

impl Studio {
    pub(super) fn handle_deploy(&mut self, action: DeployAction) {
        match action {
            DeployAction::Export(format, path) => self.export_model(format, path),
            #[cfg(feature = "serve")]
            DeployAction::SetService(form) => self.services.set_form(form),
            #[cfg(feature = "serve")]
            DeployAction::Serve(form) => self.serve(form),
            #[cfg(feature = "serve")]
            DeployAction::StopService => self.stop_service(),
            #[cfg(feature = "serve")]
            DeployAction::Follow(follows) => self.services.follow(follows),
            #[cfg(feature = "serve")]
            DeployAction::KeepPictures(keeps) => self.keep_served_pictures(keeps),
        }
    }
}
