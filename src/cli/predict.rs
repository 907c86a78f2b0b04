//! `candle-studio predict`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use super::out;
use super::resolve_run::model_file;
use crate::data::read_image_file;
use crate::model::Classifier;
use crate::predict::classify;
use crate::text;

/// The arguments of `predict`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model file from `train --save` or the window, or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// PNG or JPEG images of one digit or object each: any size, dark on light or light on dark.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Print one JSON line per image.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    image: String,
    /// Name of the most probable class.
    class: &'a str,
    class_index: usize,
    /// One per class, in the model's order; they sum to 1.
    probabilities: &'a [f32],
}

/// Classifies every image it can; the command fails at the end if one is bad.
pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let classifier = Classifier::load(&model_file(&args.model, workspace)?)?;
    let mut n_failed = 0;
    for image in &args.images {
        if let Err(error) = one(&classifier, image, args.json) {
            if out::is_reader_gone(&error) {
                return Err(error);
            }
            n_failed += 1;
            out::eprint(&format!("error: {error:#}"));
        }
    }
    Ok(ExitCode::from(u8::from(n_failed > 0)))
}

fn one(classifier: &Classifier, image: &Path, is_json: bool) -> anyhow::Result<()> {
    let picture = read_image_file(image)?;
    let prediction = classify(classifier, &picture)
        .with_context(|| format!("could not classify {}", image.display()))?
        .with_context(|| format!("{} is blank: it has one color only", image.display()))?;
    let class = &classifier.classes[prediction.class];
    let image = image.display().to_string();
    if is_json {
        return out::print_json(&Line {
            image,
            class,
            class_index: prediction.class,
            probabilities: &prediction.probabilities,
        });
    }
    let probability = f64::from(prediction.probabilities[prediction.class]);
    out::print(&format!(
        "{image}: {class} ({})",
        text::percent_exact(probability)
    ))
}
