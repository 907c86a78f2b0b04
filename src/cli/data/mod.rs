//! `candle-studio data`: datasets: what they hold, import, export, checks.

mod active;
mod check;
mod edit;
mod export;
mod import;
mod info;
mod labels;
mod manage;
mod odd;
mod progress;
mod recipe_args;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{UsageError, named_or_default};
use crate::data::store::Store;

/// The arguments of `data`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "DATA is a folder or file, the name of an imported dataset, or one of \
mnist, digits and fashion-mnist. Known are folders of pictures with one folder per class (in folders \
train, val and test or not) or with metadata.csv or .jsonl; ZIP, tar and tar.gz archives of them; \
CSV with pixels or file names; NumPy's npz; CIFAR's binary batches; Parquet files of pictures; IDX files.";

/// The commands of `data`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Show what a dataset holds: splits, shape, classes, fingerprint, duplicates.
    Info(info::Args),
    /// Import a dataset into the workspace.
    Import(import::Args),
    /// Write a dataset for other programs.
    Export(export::Args),
    /// Find images that are in a dataset twice, test images that are training images, too, and, with
    /// --labels, labels that are probably wrong.
    Check(check::Args),
    /// List the images that are farthest from their class in the space of a trained model.
    Odd(odd::Args),
    /// Measure how much labeling by uncertainty saves: the accuracy after so many labels, by the most
    /// uncertain images and by random ones.
    Active(active::Args),
    /// Change labels and leave images out: a log in the workspace, sources stay as they are.
    Edit(edit::Args),
    /// List the imported datasets.
    List(manage::ListArgs),
    /// Rename an imported dataset.
    Rename(manage::RenameArgs),
    /// Move imported datasets to the trash; the files they were made of stay.
    Rm(manage::RmArgs),
    /// Restore datasets from the trash.
    Restore(manage::RestoreArgs),
    /// List or empty the trash.
    Trash(manage::TrashArgs),
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let store = || named_or_default(workspace).map(|dir| Store::of(&dir));
    match &args.command {
        Command::Info(args) => return info::run(args, workspace),
        Command::Import(args) => return import::run(args, workspace),
        Command::Export(args) => export::run(args, workspace)?,
        Command::Check(args) => return check::run(args, workspace),
        Command::Odd(args) => odd::run(args, workspace)?,
        Command::Active(args) => return active::run(args, workspace),
        Command::Edit(args) => edit::run(args, workspace)?,
        Command::List(args) => manage::list(args, &store()?)?,
        Command::Rename(args) => manage::rename(args, &store()?)?,
        Command::Rm(args) => manage::rm(args, &store()?)?,
        Command::Restore(args) => manage::restore(args, &store()?)?,
        Command::Trash(args) => manage::trash(args, &store()?)?,
    }
    Ok(ExitCode::SUCCESS)
}
