//! `candle-studio data check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::labels::{self, LabelArgs};
use crate::cli::open_data::open_data;
use crate::cli::out;
use crate::data::{Dataset, ImageRef};
use crate::text::count;

/// Groups that are listed for people.
const MAX_LISTED: usize = 20;

/// The arguments of `data check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset.
    data: PathBuf,
    #[command(flatten)]
    judging: LabelArgs,
    /// Print one JSON line per finding, and one for each result.
    #[arg(long)]
    json: bool,
}

/// Images that are the same, or look the same.
#[derive(Serialize)]
struct GroupLine<'a> {
    event: &'static str,
    images: Vec<ImageLine<'a>>,
    /// Whether it has training and test images.
    leaks: bool,
}

#[derive(Serialize)]
struct ImageLine<'a> {
    split: &'static str,
    index: usize,
    class: &'a str,
}

#[derive(Serialize)]
struct ResultLine {
    event: &'static str,
    images: usize,
    duplicates: usize,
    /// Test images that are training images, too.
    leaks: usize,
    /// Pairs that look the same; null if there are too many images to compare.
    near_duplicates: Option<usize>,
    near_leaks: usize,
    /// Groups of the same images with different labels.
    contradictions: usize,
}

fn split(image: &ImageRef) -> &'static str {
    if image.is_test { "test" } else { "train" }
}

fn class<'a>(dataset: &'a Dataset, image: &ImageRef) -> &'a str {
    &dataset.classes[dataset.label(*image) as usize]
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let dataset = open_data(Some(&args.data), workspace)?;
    check_images(args, &dataset)?;
    match args.judging.labels {
        true => labels::run(&args.judging, dataset, args.json),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn check_images(args: &Args, dataset: &Dataset) -> anyhow::Result<()> {
    let found = dataset.duplicates(true);
    let near = found.near.iter().flatten().map(|pair| &pair[..]);
    let exact = found.exact.iter().map(|group| &group[..]);
    let groups: Vec<(&'static str, &[ImageRef])> = exact
        .map(|group| ("same", group))
        .chain(near.map(|group| ("near", group)))
        .collect();
    let differ = |group: &&Vec<ImageRef>| {
        group
            .iter()
            .any(|image| dataset.label(*image) != dataset.label(group[0]))
    };
    let result = ResultLine {
        event: "checked",
        images: dataset.train.len() + dataset.test.len(),
        duplicates: found.n_duplicates(),
        leaks: found.n_leaks(),
        near_duplicates: found.near.as_ref().map(Vec::len),
        near_leaks: found.near_leaks().count(),
        contradictions: found.exact.iter().filter(differ).count(),
    };
    if args.json {
        for (event, group) in groups {
            let image = |image: &ImageRef| ImageLine {
                split: split(image),
                index: image.idx,
                class: class(dataset, image),
            };
            out::print_json(&GroupLine {
                event,
                images: group.iter().map(image).collect(),
                leaks: group.iter().any(|image| image.is_test != group[0].is_test),
            })?;
        }
        return out::print_json(&result);
    }
    for (kind, group) in groups.iter().take(MAX_LISTED) {
        let image = |image: &ImageRef| {
            format!("{} {} ({})", split(image), image.idx, class(dataset, image))
        };
        let images: Vec<String> = group.iter().map(image).collect();
        out::print(&format!("{kind}: {}", images.join(", ")))?;
    }
    if groups.len() > MAX_LISTED {
        out::print(&format!(
            "… and {} more (--json lists all)",
            groups.len() - MAX_LISTED
        ))?;
    }
    print(&result)
}

fn print(result: &ResultLine) -> anyhow::Result<()> {
    let near = match result.near_duplicates {
        Some(n) => format!(
            "{} that look the same ({} of them in training and test)",
            count(n, "pair"),
            result.near_leaks
        ),
        None => "too many images to compare by their looks".to_owned(),
    };
    out::print(&format!(
        "checked {}: {}, {} in the training images, {} with different labels, {near}",
        count(result.images, "image"),
        count(result.duplicates, "duplicate"),
        count(result.leaks, "test image"),
        count(result.contradictions, "group"),
    ))
}
