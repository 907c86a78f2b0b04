//! `candle-studio runs rm`, `restore` and `trash`.

use std::path::Path;

use super::{find, listing};
use crate::cli::{UsageError, out};
use crate::runs::{RunId, delete_run, deleted_runs, empty_trash, restore_run};
use crate::text::count;

/// The arguments of `runs rm`.
#[derive(Debug, clap::Args)]
pub struct RmArgs {
    /// The runs.
    #[arg(required = true)]
    runs: Vec<String>,
}

/// The arguments of `runs restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Ids of runs in the trash, or the beginnings of ids.
    #[arg(required = true)]
    runs: Vec<String>,
}

/// The arguments of `runs trash`.
#[derive(Debug, clap::Args)]
pub struct TrashArgs {
    /// Delete everything in it permanently.
    #[arg(long)]
    empty: bool,
}

pub(super) fn rm(args: &RmArgs, workspace: &Path) -> anyhow::Result<()> {
    let listing = listing(workspace)?;
    for record in find(&listing, &args.runs)? {
        delete_run(workspace, &record.id)?;
        out::print(&format!("moved {} to the trash", record.id))?;
    }
    Ok(())
}

pub(super) fn restore(args: &RestoreArgs, workspace: &Path) -> anyhow::Result<()> {
    let deleted = deleted_runs(workspace)?;
    for text in &args.runs {
        let is_meant = |id: &&RunId| id.as_str().starts_with(text.as_str());
        let found: Vec<&RunId> = deleted.iter().filter(is_meant).collect();
        let [id] = found[..] else {
            anyhow::bail!(UsageError(format!(
                "expected the id of one run in the trash, found {} that start with `{text}`",
                found.len()
            )));
        };
        restore_run(workspace, id)?;
        out::print(&format!("restored {id}"))?;
    }
    Ok(())
}

pub(super) fn run(args: &TrashArgs, workspace: &Path) -> anyhow::Result<()> {
    if args.empty {
        let n = empty_trash(workspace)?;
        return out::print(&format!("permanently deleted {}", count(n, "run")));
    }
    let deleted = deleted_runs(workspace)?;
    deleted.iter().try_for_each(|id| out::print(id.as_str()))
}
