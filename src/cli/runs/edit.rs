//! `candle-studio runs edit`.

use std::path::Path;

use super::{find, listing};
use crate::cli::{UsageError, out};
use crate::runs::Notes;

/// The arguments of `runs edit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The runs.
    #[arg(required = true)]
    runs: Vec<String>,
    /// Rename the run; an empty name restores the original.
    #[arg(long)]
    name: Option<String>,
    /// Replace the note.
    #[arg(long)]
    note: Option<String>,
    /// Add a tag.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Remove a tag.
    #[arg(long, value_name = "TAG")]
    untag: Vec<String>,
    /// Mark it with a star.
    #[arg(long, conflicts_with = "unstar")]
    star: bool,
    /// Remove the star.
    #[arg(long)]
    unstar: bool,
    /// Archive it: hide it from lists.
    #[arg(long, conflicts_with = "unarchive")]
    archive: bool,
    /// Show it in lists again.
    #[arg(long)]
    unarchive: bool,
}

impl Args {
    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.note.is_none()
            && self.tag.is_empty()
            && self.untag.is_empty()
            && !(self.star || self.unstar || self.archive || self.unarchive)
    }

    fn changes(&self, notes: &mut Notes) {
        if let Some(name) = &self.name {
            notes.name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        }
        if let Some(note) = &self.note {
            notes.note.clone_from(note);
        }
        notes.tags.retain(|tag| !self.untag.contains(tag));
        for tag in self.tag.iter().flat_map(|text| Notes::tags_of(text)) {
            if !notes.tags.contains(&tag) {
                notes.tags.push(tag);
            }
        }
        notes.starred = (notes.starred || self.star) && !self.unstar;
        notes.archived = (notes.archived || self.archive) && !self.unarchive;
    }
}

pub(super) fn run(args: &Args, workspace: &Path) -> anyhow::Result<()> {
    let listing = listing(workspace)?;
    let records = find(&listing, &args.runs)?;
    if args.is_empty() {
        anyhow::bail!(UsageError(
            "nothing to change: use --name, --note, --tag, --star or --archive".to_owned()
        ));
    }
    for record in records {
        let path = workspace.join(record.id.as_str());
        Notes::change(&path, |notes| args.changes(notes))?;
        out::print(&format!("changed {}", record.id))?;
    }
    Ok(())
}
