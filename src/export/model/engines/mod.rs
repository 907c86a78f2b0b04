//! A model handed over to an engine that serves it: what Triton, KServe, Docker, Kubernetes, MLServer,
//! Ray Serve and systemd read.
//!
//! What they read is in `templates/` as plain files. Names of people reach them through [`names`]
//! alone, and Python programs read them from the files of the bundle beside them.

mod bundled;
mod docker;
mod names;
mod triton;

#[cfg(test)]
mod tests;

use super::content::Content;
use super::onnx::OnnxOptions;
use super::{ExportModelError, ExportedModel};
use names::Names;

const KSERVE: &str = include_str!("templates/kserve.yaml");
const SYSTEMD: &str = include_str!("templates/systemd.service");

/// A program that serves models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// NVIDIA's Triton Inference Server: a model repository with one model.
    Triton,
    /// KServe: an `InferenceService` that runs Triton.
    Kserve,
    /// A Docker image with our own service, and what Kubernetes needs to run it.
    Docker,
    /// Ray Serve: an application that answers pictures.
    Ray,
    /// Seldon's MLServer: settings and a runtime.
    Mlserver,
    /// systemd: a unit that runs our own service.
    Systemd,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 6] = [
        Engine::Triton,
        Engine::Kserve,
        Engine::Docker,
        Engine::Ray,
        Engine::Mlserver,
        Engine::Systemd,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Triton => "triton",
            Engine::Kserve => "kserve",
            Engine::Docker => "docker",
            Engine::Ray => "ray",
            Engine::Mlserver => "mlserver",
            Engine::Systemd => "systemd",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Engine::Triton => "Triton",
            Engine::Kserve => "KServe",
            Engine::Docker => "Docker and Kubernetes",
            Engine::Ray => "Ray Serve",
            Engine::Mlserver => "MLServer",
            Engine::Systemd => "systemd",
        }
    }

    /// What is written for it, in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            Engine::Triton => "A model repository for NVIDIA's Triton Inference Server.",
            Engine::Kserve => "An InferenceService that runs Triton with its model repository.",
            Engine::Docker => {
                "A folder for an image with our service and the model, with a Deployment, a Service \
                 and an autoscaler."
            }
            Engine::Ray => {
                "The ONNX bundle with an application that classifies pictures, and its RayService for \
                 KubeRay."
            }
            Engine::Mlserver => "The ONNX bundle with settings and a runtime for MLServer.",
            Engine::Systemd => "A unit that runs our service without rights.",
        }
    }

    /// Whether it takes one file, and not a folder.
    pub fn is_file(self) -> bool {
        matches!(self, Engine::Kserve | Engine::Systemd)
    }
}

/// What `engine` needs to serve the model.
///
/// * `options`: how the ONNX file is written, for engines that take one
///
/// # Errors
/// When the model cannot be exported.
pub(super) fn content(
    engine: Engine,
    model: &ExportedModel<'_>,
    options: OnnxOptions,
) -> Result<Content, ExportModelError> {
    let names = Names::new(model.name);
    let file = |template| Content::File(names.fill(template).into_bytes());
    Ok(match engine {
        Engine::Kserve => file(KSERVE),
        Engine::Systemd => file(SYSTEMD),
        Engine::Triton => Content::Folder(triton::files(model, options, &names)?),
        Engine::Docker => Content::Folder(docker::files(model, &names)?),
        Engine::Ray => Content::Folder(bundled::ray(model, options, &names)?),
        Engine::Mlserver => Content::Folder(bundled::mlserver(model, options, &names)?),
    })
}
