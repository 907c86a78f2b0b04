//! `data check --labels`: labels that are probably wrong.

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::interrupt::{INTERRUPTED, stop_training};
use crate::cli::out;
use crate::cli::train::presets;
use crate::data::Dataset;
use crate::evaluate::{Predictions, label_issues};
use crate::model::Preset;
use crate::text::{count, percent};
use crate::train::{Control, CrossValidateError, TrainConfig, cross_validate};

/// Models that are trained, each without the images that it judges.
const N_FOLDS: usize = 5;

/// Labels that are listed for people.
const MAX_LISTED: usize = 20;

/// How labels are judged.
#[derive(Debug, clap::Args)]
pub(super) struct LabelArgs {
    /// Find labels that are probably wrong as well, by confident learning: trains five models, each
    /// without the images that it judges.
    #[arg(long)]
    pub(super) labels: bool,
    /// Network that judges the labels.
    #[arg(long, value_name = "NAME", default_value = "keras-cnn", value_parser = presets(),
        requires = "labels")]
    preset: &'static Preset,
    /// Epochs to train each of the five models [default: the preset's, mostly 5].
    #[arg(long, value_name = "N", requires = "labels")]
    epochs: Option<usize>,
    /// Seed of the five models, and of who judges what.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "labels")]
    seed: u64,
}

/// A label that is probably wrong.
#[derive(Serialize)]
struct LabelLine<'a> {
    event: &'static str,
    split: &'static str,
    index: u32,
    label: &'a str,
    /// The class the model predicts, and its probability.
    answer: &'a str,
    confidence: f32,
    /// The probability of the label.
    probability: f32,
}

#[derive(Serialize)]
struct ResultLine {
    event: &'static str,
    images: usize,
    label_issues: usize,
    /// Share of the images that the models without them classified as labeled.
    accuracy: f64,
}

/// Trains the models, and lists the labels they doubt.
pub(super) fn run(args: &LabelArgs, dataset: Dataset, as_json: bool) -> anyhow::Result<ExitCode> {
    let dataset = Arc::new(dataset);
    let (input, n_images) = (dataset.image_shape(), dataset.train.len());
    let mut config = TrainConfig::new(args.preset, input, dataset.n_classes(), n_images);
    config.epochs = args.epochs.unwrap_or(config.epochs);
    config.seed = args.seed;
    config.n_validation = 0;
    config.batch_size = config.batch_size.min(n_images / 2).max(1);
    let control = Arc::new(Control::default());
    stop_training(&control, "end at once");
    let told = |n: usize| out::eprint(&format!("trained {n} of {N_FOLDS} models"));
    let predictions = match cross_validate(&config, &dataset, N_FOLDS, &control, told) {
        Err(CrossValidateError::Stopped) => return Ok(ExitCode::from(INTERRUPTED)),
        other => other?,
    };
    print(&dataset, &predictions, as_json)?;
    Ok(ExitCode::SUCCESS)
}

fn print(dataset: &Dataset, predictions: &Predictions, as_json: bool) -> anyhow::Result<()> {
    let found = label_issues(predictions);
    let n_right = predictions.right().filter(|is_right| *is_right).count();
    let result = ResultLine {
        event: "checked_labels",
        images: predictions.len(),
        label_issues: found.len(),
        accuracy: n_right as f64 / predictions.len().max(1) as f64,
    };
    let lines = found
        .iter()
        .filter_map(|&at| line(dataset, predictions, at));
    if as_json {
        for line in lines {
            out::print_json(&line)?;
        }
        return out::print_json(&result);
    }
    for line in lines.take(MAX_LISTED) {
        out::print(&format!(
            "label: train {} is labeled {} ({}), looks like {} ({})",
            line.index,
            line.label,
            percent(f64::from(line.probability)),
            line.answer,
            percent(f64::from(line.confidence)),
        ))?;
    }
    if found.len() > MAX_LISTED {
        let more = found.len() - MAX_LISTED;
        out::print(&format!("… and {more} more (--json lists all)"))?;
    }
    out::print(&format!(
        "checked {}: {} probably wrong; models that did not see them agree with {} of the labels",
        count(result.images, "label"),
        result.label_issues,
        percent(result.accuracy),
    ))
}

fn line<'a>(dataset: &'a Dataset, predictions: &Predictions, at: usize) -> Option<LabelLine<'a>> {
    let (label, answer) = (predictions.labels()[at], predictions.answers()[at]?);
    let probabilities = predictions.probabilities(at);
    Some(LabelLine {
        event: "label",
        split: "train",
        index: predictions.images()[at],
        label: dataset.classes.get(label as usize)?,
        answer: dataset.classes.get(answer as usize)?,
        confidence: *probabilities.get(answer as usize)?,
        probability: *probabilities.get(label as usize)?,
    })
}
