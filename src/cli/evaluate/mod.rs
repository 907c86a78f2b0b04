//! `candle-studio evaluate`.

mod temperature;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

use super::open_data::{add_sketches, open_data};
use super::open_model::NetworkArgs;
use super::out;
use super::resolve_run::model_file;
use crate::data::Dataset;
use crate::evaluate::{ClassReport, Loss, Predictions, Report, SplitName};
use crate::export::write_predictions;
use crate::files;
use crate::kernels;
use crate::model::Classifier;
use crate::text;
use temperature::Before;

/// The arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model file, of this program, PyTorch, ONNX or Keras; or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// The dataset: a folder or file, or a name, see `candle-studio data` [default: MNIST].
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Images to evaluate it on. Choose between models by validation images, and keep the test
    /// images for the end. `sketches` are those drawn and labeled in the window.
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// Fit a temperature on the model's validation images, and keep it in the model file: every
    /// probability is then computed with it, here and elsewhere. No answer changes.
    #[arg(long)]
    fit_temperature: bool,
    /// Write the prediction for each image to a CSV file: index, label, answer, loss, and the
    /// probability of each class; as JSON lines if it ends in .jsonl.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Number of threads; changes the speed, not the result [default: all processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
    /// Evaluate so many times, printing the result each time: for benchmarks. The first pass grows
    /// buffers, as in every framework.
    #[arg(long, hide = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    passes: u32,
    #[command(flatten)]
    network: NetworkArgs,
}

impl clap::ValueEnum for SplitName {
    fn value_variants<'a>() -> &'a [SplitName] {
        &SplitName::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

/// Accuracy and loss keep their keys whatever the split.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a str,
    data: &'a str,
    split: &'static str,
    n_images: usize,
    /// Time to run the network on the images; reading them and computing the numbers is not in it.
    seconds: f64,
    test_accuracy: f64,
    /// 95 % (Wilson).
    accuracy_interval: [f64; 2],
    /// Accuracy of always answering the most frequent class.
    baseline_accuracy: f64,
    balanced_accuracy: f64,
    macro_f1: f64,
    weighted_f1: f64,
    /// By `k`.
    top_k: &'a BTreeMap<usize, f64>,
    /// `null` if it is not finite.
    test_loss: f64,
    /// Summed over the classes: from 0 to 2.
    brier: f64,
    ece: f64,
    mce: f64,
    /// `null` if none was fitted.
    temperature: Option<f64>,
    /// What the temperature has changed, as it was without; `null` if none was fitted.
    before_temperature: Option<Before>,
    /// Images for which the network's output is NaN or infinite; they count as wrong.
    n_not_finite: usize,
    /// The kind of loss.
    loss: Loss,
    per_class: &'a [ClassReport],
    /// `confusion[true class][predicted class]`
    confusion: &'a [Vec<u64>],
}

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    if let Some(threads) = args.threads {
        kernels::set_threads(threads.into());
    }
    let path = model_file(&args.model, workspace)?;
    if let Some(file) = &args.predictions {
        files::check_writable(file)?;
    }
    let mut classifier = args.network.open(&path, workspace)?;
    let dataset = open_data(args.data.as_deref(), workspace)?;
    if args.split == SplitName::Sketches {
        add_sketches(&dataset, workspace);
    }
    let model = args.model.display().to_string();
    if args.fit_temperature {
        let fitted = temperature::fit(&mut classifier, &dataset, &path)
            .with_context(|| format!("could not fit a temperature for {model}"))?;
        if !args.json {
            out::print(&fitted)?;
        }
    }
    for _ in 1..args.passes {
        evaluate(args, &model, &classifier, &dataset)?;
    }
    let report = evaluate(args, &model, &classifier, &dataset)?;
    finish(&report, args.split)
}

/// Runs the model once, and prints and writes what comes of it.
fn evaluate(
    args: &Args,
    model: &str,
    classifier: &Classifier,
    dataset: &Dataset,
) -> anyhow::Result<Report> {
    let start = Instant::now();
    let predictions = predict(classifier, dataset, args.split)
        .with_context(|| format!("could not evaluate {model} on {}", dataset.name))?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(file) = &args.predictions {
        write_predictions(file, &predictions, &classifier.classes)?;
    }
    let report = Report::new(&predictions, &classifier.classes);
    let before = Before::of(&predictions)?;
    match args.json {
        true => print_json(model, dataset, args.split, &report, before, seconds)?,
        false => out::print(&words::report(model, dataset, args.split, &report, before))?,
    }
    Ok(report)
}

/// Runs the model on the images of a split.
fn predict(
    classifier: &Classifier,
    dataset: &Dataset,
    split: SplitName,
) -> anyhow::Result<Predictions> {
    let (set, indices) = split.images(dataset, classifier)?;
    Ok(Predictions::new(classifier, &set, &indices)?)
}

fn print_json(
    model: &str,
    dataset: &Dataset,
    split: SplitName,
    report: &Report,
    before_temperature: Option<Before>,
    seconds: f64,
) -> anyhow::Result<()> {
    out::print_json(&Line {
        model,
        data: &dataset.name,
        split: split.name(),
        n_images: report.n_images,
        seconds,
        test_accuracy: report.accuracy,
        accuracy_interval: report.accuracy_interval,
        baseline_accuracy: report.baseline_accuracy,
        balanced_accuracy: report.balanced_accuracy,
        macro_f1: report.macro_scores.f1,
        weighted_f1: report.weighted_scores.f1,
        top_k: &report.top_k,
        test_loss: report.loss,
        brier: report.brier,
        ece: report.calibration.ece(),
        mce: report.calibration.mce(),
        temperature: report.temperature,
        before_temperature,
        n_not_finite: report.n_not_finite,
        loss: report.loss_kind,
        per_class: &report.per_class,
        confusion: &report.confusion.counts,
    })
}

/// Fails if any output is NaN or infinite, after the results of the others were printed.
fn finish(report: &Report, split: SplitName) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        report.n_not_finite == 0,
        "the network's output is NaN or infinite for {} of {}, which count as wrong; its weights \
         may have diverged",
        text::thousands(report.n_not_finite as u64),
        text::count(report.n_images, split.image())
    );
    Ok(ExitCode::SUCCESS)
}
