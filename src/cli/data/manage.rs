//! `candle-studio data list`, `rename`, `rm`, `restore` and `trash`.

use serde::Serialize;

use crate::cli::{out, runs};
use crate::data::store::{Store, Stored};
use crate::text::{bytes, count, thousands};

/// The arguments of `data list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print one JSON line per dataset.
    #[arg(long)]
    json: bool,
}

/// The arguments of `data rename`.
#[derive(Debug, clap::Args)]
pub struct RenameArgs {
    /// The dataset.
    name: String,
    /// Its new name.
    new: String,
}

/// The arguments of `data rm`.
#[derive(Debug, clap::Args)]
pub struct RmArgs {
    /// The datasets.
    #[arg(required = true)]
    names: Vec<String>,
}

/// The arguments of `data restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Datasets in the trash.
    #[arg(required = true)]
    names: Vec<String>,
}

/// The arguments of `data trash`.
#[derive(Debug, clap::Args)]
pub struct TrashArgs {
    /// Delete everything in it permanently.
    #[arg(long)]
    empty: bool,
}

/// A stored dataset as JSON.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    /// Bytes on disk.
    bytes: u64,
    train: usize,
    test: usize,
    shape: [usize; 3],
    classes: &'a [String],
    created: &'a str,
    source: String,
    fingerprint: &'a str,
    content: &'a str,
}

pub(super) fn list(args: &ListArgs, store: &Store) -> anyhow::Result<()> {
    let all = store.list()?;
    let mut rows = vec![
        [
            "name", "training", "test", "shape", "classes", "on disk", "source",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for Stored {
        name,
        bytes: size,
        description,
    } in &all
    {
        let about = match description {
            Ok(about) => about,
            Err(reason) => {
                out::eprint(&format!("warning: {reason}"));
                continue;
            }
        };
        if args.json {
            out::print_json(&Line {
                name,
                bytes: *size,
                train: about.n_train,
                test: about.n_test,
                shape: about.shape,
                classes: &about.classes,
                created: &about.created,
                source: about.source.display().to_string(),
                fingerprint: &about.fingerprint,
                content: &about.content,
            })?;
            continue;
        }
        let [channels, height, width] = about.shape;
        rows.push(vec![
            name.clone(),
            thousands(about.n_train as u64),
            thousands(about.n_test as u64),
            format!("{channels}×{height}×{width}"),
            about.classes.len().to_string(),
            bytes(*size),
            about.source.display().to_string(),
        ]);
    }
    match rows.len() {
        _ if args.json => Ok(()),
        1 => out::print("no imported datasets"),
        _ => runs::aligned(&rows)
            .iter()
            .try_for_each(|line| out::print(line)),
    }
}

pub(super) fn rename(args: &RenameArgs, store: &Store) -> anyhow::Result<()> {
    store.rename(&args.name, &args.new)?;
    out::print(&format!("renamed {} to {}", args.name, args.new))
}

pub(super) fn rm(args: &RmArgs, store: &Store) -> anyhow::Result<()> {
    for name in &args.names {
        let kept = store.remove(name)?;
        out::print(&match kept == *name {
            true => format!("moved {name} to the trash"),
            false => format!("moved {name} to the trash, as {kept}"),
        })?;
    }
    Ok(())
}

pub(super) fn restore(args: &RestoreArgs, store: &Store) -> anyhow::Result<()> {
    for name in &args.names {
        store.restore(name)?;
        out::print(&format!("restored {name}"))?;
    }
    Ok(())
}

pub(super) fn trash(args: &TrashArgs, store: &Store) -> anyhow::Result<()> {
    if args.empty {
        let n = store.empty_trash()?;
        return out::print(&format!("permanently deleted {}", count(n, "dataset")));
    }
    for stored in store.deleted()? {
        out::print(&format!("{}  {}", stored.name, bytes(stored.bytes)))?;
    }
    Ok(())
}
