//! `candle-studio data edit`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::UsageError;
use crate::cli::open_data::open_data;
use crate::cli::{named_or_default, out};
use crate::data::edits::{Edit, EditLog};
use crate::data::store::Store;
use crate::data::{Dataset, ImageRef};
use crate::text::count;

/// The arguments of `data edit`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset.
    data: PathBuf,
    /// Change the label of an image, such as train:12=cat.
    #[arg(long, value_name = "SPLIT:INDEX=CLASS")]
    relabel: Vec<String>,
    /// Leave an image out.
    #[arg(long, value_name = "SPLIT:INDEX")]
    exclude: Vec<String>,
    /// Restore the label of an image, or the image.
    #[arg(long, value_name = "SPLIT:INDEX")]
    restore: Vec<String>,
    /// Why, for the log.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Store the dataset with all its edits under this name.
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Print one JSON line per image with an edit.
    #[arg(long)]
    json: bool,
}

/// An edit as JSON.
#[derive(Serialize)]
struct Line<'a> {
    split: &'static str,
    index: usize,
    action: &'static str,
    old: &'a str,
    new: Option<&'a str>,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<()> {
    let dataset = open_data(Some(&args.data), workspace)?;
    let folder = named_or_default(workspace)?;
    let mut log = EditLog::open(&folder, &dataset)?;
    if let Some(problem) = log.problem() {
        out::eprint(&format!("warning: {problem}"));
    }
    // Everything is checked before anything is written.
    let mut all = Vec::new();
    for text in &args.relabel {
        let (at, class) = text
            .split_once('=')
            .ok_or_else(|| wrong("SPLIT:INDEX=CLASS", text))?;
        all.push((image(at, &dataset)?, Some(relabel(class, &dataset)?)));
    }
    for text in &args.exclude {
        all.push((image(text, &dataset)?, Some(Edit::Exclude)));
    }
    for text in &args.restore {
        all.push((image(text, &dataset)?, None));
    }
    for (image, edit) in all {
        log.decide(&dataset, image, edit, &args.why)?;
    }
    print(&dataset, &log, args.json)?;
    if let Some(name) = &args.save {
        let store = Store::of(&folder);
        let stored = store.save_edited(&dataset, log.edits(), Some(name))?;
        out::eprint(&format!("stored: use it with --data {}", stored.name));
    }
    Ok(())
}

fn wrong(expected: &str, found: &str) -> UsageError {
    UsageError(format!("expected {expected}, found `{found}`"))
}

/// The image at `SPLIT:INDEX`.
fn image(text: &str, dataset: &Dataset) -> Result<ImageRef, UsageError> {
    let expected = "train:INDEX or test:INDEX";
    let (split, idx) = text.split_once(':').ok_or_else(|| wrong(expected, text))?;
    let image = ImageRef {
        is_test: match split {
            "train" => false,
            "test" => true,
            _ => return Err(wrong(expected, text)),
        },
        idx: idx.parse().map_err(|_| wrong(expected, text))?,
    };
    let n = dataset.split_of(image).len();
    match image.idx < n {
        true => Ok(image),
        false => Err(wrong(&format!("an image before {split}:{n}"), text)),
    }
}

fn relabel(class: &str, dataset: &Dataset) -> Result<Edit, UsageError> {
    let found = dataset.classes.iter().position(|name| name == class);
    let expected = || format!("one of the classes {}", dataset.classes.join(", "));
    let found = found.ok_or_else(|| wrong(&expected(), class))?;
    Ok(Edit::Relabel(found as u32))
}

fn print(dataset: &Dataset, log: &EditLog, is_json: bool) -> anyhow::Result<()> {
    let name = |class: u32| dataset.classes[class as usize].as_str();
    for (image, edit) in log.edits().all() {
        let (action, new) = match edit {
            Edit::Relabel(class) => ("relabel", Some(name(class))),
            Edit::Exclude => ("exclude", None),
            Edit::Keep => ("keep", None),
        };
        let line = Line {
            split: if image.is_test { "test" } else { "train" },
            index: image.idx,
            action,
            old: name(dataset.label(image)),
            new,
        };
        if is_json {
            out::print_json(&line)?;
            continue;
        }
        let to = new.map_or(String::new(), |new| format!(" → {new}"));
        let Line {
            split, index, old, ..
        } = line;
        out::print(&format!("{action} {split}:{index} {old}{to}"))?;
    }
    match is_json {
        true => Ok(()),
        false => out::print(&count(log.edits().n_changes(), "change")),
    }
}
