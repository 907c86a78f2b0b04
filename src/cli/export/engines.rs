//! The engines that `export` writes for.

use std::path::{Path, PathBuf};

use super::output::Written;
use crate::export::model::{Engine, ExportedModel, OnnxOptions, write_engine};
use crate::files;

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
    /// The engines to write for, with their files or folders.
    pub fn targets(&self) -> Vec<(Engine, &Path)> {
        let target = |engine| Some((engine, self.target(engine)?));
        Engine::ALL.into_iter().filter_map(target).collect()
    }

    fn target(&self, engine: Engine) -> Option<&Path> {
        let target = match engine {
            Engine::Triton => &self.triton,
            Engine::Kserve => &self.kserve,
            Engine::Docker => &self.docker,
            Engine::Ray => &self.ray,
            Engine::Mlserver => &self.mlserver,
            Engine::Systemd => &self.systemd,
        };
        target.as_deref()
    }

    /// Checks that the files can be written.
    pub fn check(&self) -> anyhow::Result<()> {
        for (engine, target) in self.targets() {
            if engine.is_file() {
                files::check_writable(target)?;
            }
        }
        Ok(())
    }

    /// Writes for all of them.
    pub fn write(
        &self,
        model: &ExportedModel<'_>,
        options: OnnxOptions,
    ) -> anyhow::Result<Vec<Written>> {
        let mut written = Vec::new();
        for (engine, target) in self.targets() {
            for file in write_engine(engine, model, options, target)? {
                written.push(Written::of(engine.name(), &file)?);
            }
        }
        Ok(written)
    }
}
