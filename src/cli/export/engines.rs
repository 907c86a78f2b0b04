//! The engines that `export` writes for.

use std::path::{Path, PathBuf};

use super::target::{Kind, Target};
use crate::export::model::{Engine, ModelFormat};

/// Where the files for each engine go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For servers and clusters")]
pub(super) struct EngineArgs {
    /// Write a model repository for NVIDIA's Triton Inference Server.
    #[arg(long, value_name = "DIR")]
    triton: Option<PathBuf>,
    /// Write an InferenceService for KServe, which runs Triton with what --triton writes.
    #[arg(long, value_name = "FILE")]
    kserve: Option<PathBuf>,
    /// Write a folder for a Docker image with `candle-studio serve` and the model, and a Deployment,
    /// a Service and an autoscaler for Kubernetes.
    #[arg(long, value_name = "DIR")]
    docker: Option<PathBuf>,
    /// Write the bundle with an application for Ray Serve that classifies pictures.
    #[arg(long, value_name = "DIR")]
    ray: Option<PathBuf>,
    /// Write the bundle with settings and a runtime for MLServer.
    #[arg(long, value_name = "DIR")]
    mlserver: Option<PathBuf>,
    /// Write a unit for systemd that runs `candle-studio serve` without rights.
    #[arg(long, value_name = "FILE")]
    systemd: Option<PathBuf>,
}

impl EngineArgs {
    /// What to write for the engines that are named.
    pub fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        let target = move |engine| {
            let kind = Kind::Format(ModelFormat::Engine(engine));
            let path = self.path(engine)?;
            Some(Target { kind, path })
        };
        Engine::ALL.into_iter().filter_map(target)
    }

    fn path(&self, engine: Engine) -> Option<&Path> {
        let path = match engine {
            Engine::Triton => &self.triton,
            Engine::Kserve => &self.kserve,
            Engine::Docker => &self.docker,
            Engine::Ray => &self.ray,
            Engine::Mlserver => &self.mlserver,
            Engine::Systemd => &self.systemd,
        };
        path.as_deref()
    }
}
