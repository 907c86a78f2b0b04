//! `candle-studio data odd`.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use serde::Serialize;

use crate::cli::UsageError;
use crate::cli::open_data::open_data;
use crate::cli::open_model::NetworkArgs;
use crate::cli::out;
use crate::cli::resolve_run::model_file;
use crate::data::Dataset;
use crate::embed::{EmbedError, OddOne, embed, layer_named, odd_ones};
use crate::text::count;

/// The arguments of `data odd`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a file, or the name of a dataset.
    data: PathBuf,
    /// The model whose space is meant: a model file, or a run.
    #[arg(long, value_name = "MODEL|RUN")]
    model: PathBuf,
    /// Look at the test images instead of the training images.
    #[arg(long)]
    test: bool,
    /// The layer whose output is the space [default: the last hidden layer].
    #[arg(long)]
    layer: Option<String>,
    /// Number of images to list.
    #[arg(long, short, value_name = "N", default_value_t = 20)]
    n: usize,
    /// Print one JSON line per image, and one for the result.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// An odd one out.
#[derive(Serialize)]
struct OddLine<'a> {
    event: &'static str,
    split: &'static str,
    index: usize,
    class: &'a str,
    /// Distance from the mean of its class; 1 is usual.
    distance: f64,
}

#[derive(Serialize)]
struct ResultLine<'a> {
    event: &'static str,
    images: usize,
    layer: &'a str,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<()> {
    let path = model_file(&args.model, workspace)?;
    let classifier = args.network.open(&path, workspace)?;
    let layer = layer_named(classifier.network.spec(), args.layer.as_deref());
    let layer = layer.map_err(|error| UsageError(error.to_string()))?;
    let dataset = open_data(Some(&args.data), workspace)?;
    let set = if args.test {
        &dataset.test
    } else {
        &dataset.train
    };
    let all: Vec<u32> = (0..set.len() as u32).collect();
    // Nobody can stop the command in order: Ctrl-C ends it.
    let never = AtomicBool::new(false);
    let embedded: Result<_, EmbedError> = embed(&classifier.network, &layer, set, &all, &never);
    let embedded = embedded.with_context(|| {
        let model = args.model.display();
        format!(
            "could not embed the images of {} with {model}",
            dataset.name
        )
    })?;
    let odd = odd_ones(&embedded, set.labels());
    for one in odd.iter().take(args.n) {
        print(args, &dataset, one)?;
    }
    if args.json {
        return out::print_json(&ResultLine {
            event: "odd_ones",
            images: set.len(),
            layer: &layer.name,
        });
    }
    out::print(&format!(
        "of {}, by the output of {}: a distance of 1 is usual for the class",
        count(set.len(), "image"),
        layer.name
    ))
}

fn print(args: &Args, dataset: &Dataset, one: &OddOne) -> anyhow::Result<()> {
    let (set, split) = match args.test {
        true => (&dataset.test, "test"),
        false => (&dataset.train, "train"),
    };
    let label = set.labels()[one.position] as usize;
    let line = OddLine {
        event: "odd",
        split,
        index: one.position,
        class: dataset.classes.get(label).map_or("", String::as_str),
        distance: one.distance,
    };
    match args.json {
        true => out::print_json(&line),
        false => out::print(&format!(
            "odd: {split} {} ({}) at {:.2}",
            line.index, line.class, line.distance
        )),
    }
}
