//! `candle-studio predict`.

pub(super) mod images;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::open_model::NetworkArgs;
use super::out;
use super::resolve_run::model_file;
use crate::data::{Framing, InputImage, Object, Recipe};
use crate::model::Classifier;
use crate::predict::classify;
use report::{Format, Line};

/// The arguments of `predict`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model file, of this program, PyTorch, ONNX or Keras; or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// Images (PNG, JPEG, WebP, BMP, GIF, PNM) of one digit or object each, in any size; folders of them; or `-` for
    /// one image on standard input.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Print one JSON line per image.
    #[arg(long)]
    json: bool,
    /// Print a table with one row per image and the probability of every class, as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Classify every separate object of an image, from left to right.
    #[arg(long)]
    each: bool,
    /// How an image fills the input [default: as the model's training images]: `center` like
    /// MNIST's digits, `fit` with black bars, `crop` or `stretch`.
    #[arg(long)]
    framing: Option<Framing>,
    #[command(flatten)]
    network: NetworkArgs,
}

/// Classifies every image it can; the command fails at the end if one is bad.
pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let path = model_file(&args.model, workspace)?;
    let mut classifier = args.network.open(&path, workspace)?;
    if let Some(framing) = args.framing {
        classifier.provenance.recipe = Some(Recipe {
            framing,
            ..classifier.recipe()
        });
    }
    let format = match (args.json, args.csv) {
        (true, _) => Format::Json,
        (false, true) => Format::Csv,
        (false, false) => Format::Text,
    };
    format.print_heading(&classifier.classes)?;
    let mut n_failed = 0;
    for image in images::all(&args.images) {
        let result = image.and_then(|image| one(&classifier, &image, args.each, format));
        if let Err(error) = result {
            if out::is_reader_gone(&error) {
                return Err(error);
            }
            n_failed += 1;
            out::eprint(&format!("error: {error:#}"));
        }
    }
    Ok(ExitCode::from(u8::from(n_failed > 0)))
}

/// Prints the predictions for one image.
fn one(classifier: &Classifier, path: &Path, is_each: bool, format: Format) -> anyhow::Result<()> {
    let picture = images::read(path)?;
    let original_size = picture.original_size();
    let picture = InputImage::from(picture);
    let name = path.display().to_string();
    let shape = classifier.network.spec().input;
    let objects = classifier.recipe().objects(&picture, shape);
    if objects.len() < 2 {
        return line(classifier, &name, &picture, None, format);
    }
    if !is_each {
        let n = objects.len();
        out::eprint(&format!(
            "warning: {name} shows {n} separate objects, and the prediction is for all of them \
             together; use --each for one prediction per object"
        ));
        return line(classifier, &name, &picture, None, format);
    }
    for object in objects {
        let bounds = in_pixels(&object, original_size);
        line(
            classifier,
            &name,
            &object.image.into(),
            Some(bounds),
            format,
        )?;
    }
    Ok(())
}

fn line(
    classifier: &Classifier,
    image: &str,
    input: &InputImage,
    object: Option<[usize; 4]>,
    format: Format,
) -> anyhow::Result<()> {
    let prediction = classify(classifier, input)
        .with_context(|| format!("could not classify {image}"))?
        .with_context(|| format!("{image} is blank: it has one color only"))?;
    format.print(&Line {
        image,
        object,
        class: &classifier.classes[prediction.class],
        class_index: prediction.class,
        probabilities: &prediction.probabilities,
    })
}

/// The bounds of an object in pixels of the file, whose ink may be smaller. By the longer sides,
/// because a recipe may have turned the picture.
fn in_pixels(object: &Object, [height, width]: [usize; 2]) -> [usize; 4] {
    let of_ink = object.image.width.max(object.image.height).max(1);
    object.bounds.map(|n| n * height.max(width) / of_ink)
}
