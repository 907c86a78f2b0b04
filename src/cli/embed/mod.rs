//! `candle-studio embed`.

mod projector;
mod tsv;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use serde::Serialize;

use super::open_data::{add_sketches, open_data};
use super::open_model::NetworkArgs;
use super::resolve_run::model_file;
use super::{UsageError, out};
use crate::data::ImageSet;
use crate::embed::{EmbedError, Embeddings, embed, layer_named};
use crate::evaluate::{Predictions, SplitName};
use crate::files;
use crate::kernels;
use crate::text;

/// The arguments of `embed`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("output").required(true).multiple(true))]
pub struct Args {
    /// A model file, of this program, PyTorch, ONNX or Keras; or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// Folder with four IDX files named like MNIST's [default: MNIST].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Images to embed.
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// The layer whose output is the embedding, such as `dense1`, or its number from 1 [default:
    /// the last hidden layer, which the last dense layer reads].
    #[arg(long)]
    layer: Option<String>,
    /// Output file: tab-separated, a header and a row per image: index, label, answer, and the
    /// values of the embedding, numbered from 0.
    #[arg(long, short, value_name = "FILE", group = "output")]
    out: Option<PathBuf>,
    /// Folder for TensorBoard's Embedding Projector: tensors.tsv, metadata.tsv, sprite.png and
    /// projector_config.pbtxt. Show it with `tensorboard --logdir DIR`.
    #[arg(long, value_name = "DIR", group = "output")]
    projector: Option<PathBuf>,
    /// Number of threads; changes the speed, not the result [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Embedded images, with what is told about each.
struct Embedded<'a> {
    embeddings: Embeddings,
    predictions: Predictions,
    /// The set that the images are from.
    set: &'a ImageSet,
    classes: &'a [String],
    layer: String,
}

impl Embedded<'_> {
    /// Index, label and answer of the image at `at`; the answer is empty if the network's output is
    /// not finite.
    fn about(&self, at: usize) -> [String; 3] {
        let name = |class: u32| {
            let name = self.classes.get(class as usize);
            name.map_or_else(|| class.to_string(), |name| tsv::cell(name))
        };
        [
            self.predictions.images()[at].to_string(),
            name(self.predictions.labels()[at]),
            self.predictions.answers()[at].map_or_else(String::new, name),
        ]
    }
}

#[derive(Serialize)]
struct Line<'a> {
    model: String,
    data: &'a str,
    split: &'static str,
    layer: &'a str,
    n_images: usize,
    /// Values per image.
    n_values: usize,
    out: Option<String>,
    projector: Option<String>,
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    if let Some(file) = &args.out {
        files::check_writable(file)?;
    }
    let path = model_file(&args.model, workspace)?;
    let classifier = args.network.open(&path, workspace)?;
    let layer = layer_named(classifier.network.spec(), args.layer.as_deref());
    let layer = layer.map_err(usage)?;
    let dataset = open_data(args.data.as_deref(), workspace)?;
    let model = args.model.display().to_string();
    if args.split == SplitName::Sketches {
        add_sketches(&dataset, workspace);
    }
    let (set, indices) = args.split.images(&dataset, &classifier)?;
    // Nobody can stop the command in order: Ctrl-C ends it.
    let never = AtomicBool::new(false);
    let embedded =
        embed(&classifier.network, &layer, &set, &indices, &never).with_context(|| {
            format!(
                "could not embed the images of {} with {model}",
                dataset.name
            )
        })?;
    let embedded = Embedded {
        embeddings: embedded,
        predictions: Predictions::new(&classifier, &set, &indices)?,
        set: &set,
        classes: &classifier.classes,
        layer: layer.name,
    };
    if let Some(file) = &args.out {
        tsv::write(file, &embedded)?;
    }
    if let Some(dir) = &args.projector {
        projector::write(dir, &embedded)?;
    }
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let line = Line {
        model,
        data: &dataset.name,
        split: args.split.name(),
        layer: &embedded.layer,
        n_images: embedded.embeddings.len(),
        n_values: embedded.embeddings.n_dims(),
        out: shown(&args.out),
        projector: shown(&args.projector),
    };
    match args.json {
        true => out::print_json(&line)?,
        false => out::print(&sentence(&line, args.split))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A wrong name of a layer is wrong usage.
fn usage(error: EmbedError) -> anyhow::Error {
    match error {
        EmbedError::NoLayer(_) | EmbedError::Several { .. } => UsageError(error.to_string()).into(),
        error => error.into(),
    }
}

fn sentence(line: &Line<'_>, split: SplitName) -> String {
    let images = text::count(line.n_images, split.image());
    let values = text::count(line.n_values, "value");
    let files = [&line.out, &line.projector].into_iter().flatten();
    let files: Vec<&str> = files.map(String::as_str).collect();
    let (layer, files) = (line.layer, files.join(" and "));
    format!(
        "embedded {images} of {}: {values} of {layer} each; wrote {files}",
        line.data
    )
}
