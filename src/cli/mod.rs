//! The command line front end, one file per command.
//!
//! Results go to standard output, everything else to standard error: with `--json`, standard
//! output holds JSON lines only. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

mod bench;
mod compare;
mod data;
mod diagram;
mod embed;
mod evaluate;
mod explain;
mod export;
mod generate;
mod hyperparameter_args;
mod interrupt;
mod lr_find;
#[cfg(feature = "mlflow")]
mod mlflow;
mod open_data;
mod open_model;
mod out;
mod parse;
mod plot;
mod predict;
mod presets;
mod progress;
mod record_args;
mod report;
mod resolve_run;
mod runs;
#[cfg(feature = "serve")]
mod serve;
mod settings;
mod sweep;
mod train;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::runs::default_workspace;

/// The command-line arguments.
#[derive(Debug, Parser)]
#[command(name = "candle-studio", version, about, after_help = AFTER_HELP)]
pub struct Cli {
    /// The command to run; without one, the window opens.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Folder that holds the runs [default: in your data directory].
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
}

const AFTER_HELP: &str = "Without a command, the window opens.\n\n\
    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the window with a model, a dataset or images in it.
    Open(OpenArgs),
    /// Train a network.
    Train(Box<train::Args>),
    /// Find a learning rate: a short trial run with a rising rate; its weights are discarded.
    LrFind(lr_find::Args),
    /// Train with many settings to find the best.
    Sweep(sweep::Args),
    /// Measure a model on test, validation or training images.
    Evaluate(evaluate::Args),
    /// Write a report about a model: one HTML page.
    Report(report::Args),
    /// Import, check and export datasets.
    Data(data::Args),
    /// List, compare, export, edit and delete runs.
    Runs(runs::Args),
    /// Classify images.
    Predict(predict::Args),
    /// Offer models as a service over HTTP: the Open Inference Protocol v2, and a page to draw on.
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    /// Explain an answer: a map of the pixels that speak for a class, or against it.
    Explain(explain::Args),
    /// Write what a layer makes of each image: a table, or files for TensorBoard's projector.
    Embed(embed::Args),
    /// Write a model as files that others can run: ONNX, a page, a program, a model card.
    Export(export::Args),
    /// Report which runs' settings are better, and whether the difference is significant.
    Compare(compare::Args),
    /// List the preset networks.
    Presets(presets::Args),
    /// Plot the curves of runs to a file.
    Plot(plot::Args),
    /// Draw a network to a file: its layers, and the shapes between them.
    Diagram(diagram::Args),
    /// Measure how fast this machine trains (20 seconds).
    Bench(bench::Args),
    /// Write man pages and completions, for packages.
    #[command(hide = true)]
    Generate(generate::Args),
}

/// The arguments of `open`.
#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// A model file, a dataset (a folder or a file), or images; without any, the window opens as it
    /// was.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl Command {
    /// Runs the command and prints its error to standard error. Runs are in `workspace`, or in the
    /// default workspace.
    pub fn run(self, workspace: Option<&Path>) -> ExitCode {
        let result = match self {
            // Who opens the window does so before; without one, there is nothing to open.
            Command::Open(_) => Err(anyhow::anyhow!("this build has no window")),
            Command::Train(args) => train::run(&args, workspace),
            Command::LrFind(args) => lr_find::run(&args, workspace),
            Command::Sweep(args) => sweep::run(&args, workspace),
            Command::Evaluate(args) => evaluate::run(&args, workspace),
            Command::Runs(args) => {
                named_or_default(workspace).and_then(|dir| runs::run(&args, &dir))
            }
            Command::Data(args) => data::run(&args, workspace),
            Command::Report(args) => report::run(&args, workspace),
            Command::Predict(args) => predict::run(&args, workspace),
            #[cfg(feature = "serve")]
            Command::Serve(args) => serve::run(&args, workspace),
            Command::Explain(args) => explain::run(&args, workspace),
            Command::Embed(args) => embed::run(&args, workspace),
            Command::Export(args) => export::run(&args, workspace),
            Command::Compare(args) => compare::run(&args, workspace),
            Command::Presets(args) => presets::run(&args),
            Command::Plot(args) => plot::run(&args, workspace),
            Command::Diagram(args) => diagram::run(&args, workspace),
            Command::Bench(args) => bench::run(&args),
            Command::Generate(args) => generate::run(&args),
        };
        result.unwrap_or_else(|error| {
            if out::is_reader_gone(&error) {
                return ExitCode::SUCCESS;
            }
            out::eprint(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        })
    }
}

/// Returns the workspace folder.
fn named_or_default(workspace: Option<&Path>) -> anyhow::Result<PathBuf> {
    let named = workspace.map(Path::to_owned);
    named
        .or_else(default_workspace)
        .context("this system has no data directory for runs: pass a folder with --workspace")
}

/// Arguments that parse but make no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);
