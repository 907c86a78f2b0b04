//! `candle-studio runs`: the runs of the workspace, without the window.

mod check;
mod diff;
mod edit;
mod export;
mod list;
mod show;
mod trash;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::{UsageError, out};
use crate::runs::{Listing, Record, list_runs};
use crate::text;

/// The arguments of `runs`.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "A RUN is an id, the beginning of one, a unique name, or `last` for the \
newest; commands that only read runs also accept the folder of a run.";

/// The commands of `runs`.
#[derive(Debug, Subcommand)]
enum Command {
    /// List runs.
    List(list::Args),
    /// Show a run: settings, metrics, machine and versions.
    Show(show::Args),
    /// Show the settings in which runs differ.
    Diff(diff::Args),
    /// Export runs for other programs: tables, and event files for TensorBoard.
    Export(export::Args),
    /// Check the files of the workspace: checksums, histories, and what killed writers have left.
    Check(check::Args),
    /// Rename, annotate, tag, star or archive runs.
    Edit(edit::Args),
    /// Move runs to the trash.
    Rm(trash::RmArgs),
    /// Restore runs from the trash.
    Restore(trash::RestoreArgs),
    /// List or empty the trash.
    Trash(trash::TrashArgs),
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List(args) => list::run(args, workspace)?,
        Command::Show(args) => show::run(args, workspace)?,
        Command::Diff(args) => diff::run(args, workspace)?,
        Command::Export(args) => export::run(args, workspace)?,
        Command::Check(args) => return check::run(args, workspace),
        Command::Edit(args) => edit::run(args, workspace)?,
        Command::Rm(args) => trash::rm(args, workspace)?,
        Command::Restore(args) => trash::restore(args, workspace)?,
        Command::Trash(args) => trash::run(args, workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists the runs of the workspace; warns about those that cannot be read.
fn listing(workspace: &Path) -> anyhow::Result<Listing> {
    let listing = list_runs(workspace)?;
    warn_of_unreadable(&listing);
    Ok(listing)
}

fn warn_of_unreadable(listing: &Listing) {
    for run in &listing.unreadable {
        out::eprint(&format!("warning: {}", run.reason));
    }
}

/// Finds the named runs, in the order of the names.
fn find<'a>(listing: &'a Listing, names: &[String]) -> anyhow::Result<Vec<&'a Record>> {
    let found = names.iter().map(|name| listing.find(name));
    found
        .collect::<Result<_, _>>()
        .map_err(|error| UsageError(error.to_string()).into())
}

/// Pads the cells of all columns but the last. A cell stays on its line.
pub(super) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let one_line = |cell: &String| cell.replace(text::controls, " ");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(one_line).collect())
        .collect();
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let padded = cells.map(|(cell, &width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
