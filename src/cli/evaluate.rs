//! `candle-studio evaluate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use super::resolve_run::model_file;
use super::{open_data, out};
use crate::evaluate::{ClassReport, Report, evaluate};
use crate::model::Classifier;
use crate::text;
use crate::train::Loss;

/// The arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model file from `train --save` or the window, or a run: its folder, or its id or name in
    /// the workspace.
    model: PathBuf,
    /// Folder with four IDX files named like MNIST's; its test images are used [default: MNIST].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one JSON line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    model: String,
    data: &'a str,
    n_images: usize,
    test_accuracy: f64,
    /// `null` if it is not finite.
    test_loss: f64,
    /// Images for which the network's output is NaN or infinite; they count as wrong.
    n_not_finite: usize,
    /// The kind of loss.
    loss: Loss,
    per_class: &'a [ClassReport],
    /// `confusion[true class][predicted class]`
    confusion: &'a [Vec<u64>],
}

/// With more classes, the matrix is too wide for a terminal.
const MAX_MATRIX: usize = 20;

pub(super) fn run(args: &Args, workspace: Option<&Path>) -> anyhow::Result<ExitCode> {
    let classifier = Classifier::load(&model_file(&args.model, workspace)?)?;
    let dataset = open_data(args.data.as_deref())?;
    let model = args.model.display().to_string();
    let report = evaluate(&classifier, &dataset.test)
        .with_context(|| format!("could not evaluate {model} on {}", dataset.name))?;
    if args.json {
        out::print_json(&Line {
            model,
            data: &dataset.name,
            n_images: report.n_images,
            test_accuracy: report.accuracy,
            test_loss: report.loss,
            n_not_finite: report.n_not_finite,
            loss: report.loss_kind,
            per_class: &report.per_class,
            confusion: &report.confusion,
        })?;
        return finish(&report);
    }
    out::print(&format!(
        "{model} on {}: {}, accuracy {}, loss {:.4} ({})\n\n{}",
        dataset.name,
        text::count(report.n_images, "test image"),
        text::percent_exact(report.accuracy),
        report.loss,
        report.loss_kind.unit(),
        class_table(&report.per_class),
    ))?;
    if report.confusion.len() <= MAX_MATRIX {
        out::print(&format!("\n{}", matrix(&report)))?;
    } else {
        out::print("\nthe confusion matrix is too wide to show: use --json")?;
    }
    finish(&report)
}

/// Fails if any output is NaN or infinite, after the results of the others were printed.
fn finish(report: &Report) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        report.n_not_finite == 0,
        "the network's output is NaN or infinite for {} of {}, which count as wrong; its weights \
         may have diverged",
        text::thousands(report.n_not_finite as u64),
        text::count(report.n_images, "test image")
    );
    Ok(ExitCode::SUCCESS)
}

fn class_table(classes: &[ClassReport]) -> String {
    let width = name_width(classes);
    let mut lines = vec![format!(
        "{:<width$}  images  precision     recall         F1",
        "class"
    )];
    lines.extend(classes.iter().map(|c| {
        let [precision, recall, f1] = [c.precision, c.recall, c.f1].map(text::percent_exact);
        format!(
            "{:<width$}  {:>6}  {precision:>9}  {recall:>9}  {f1:>9}",
            c.class, c.support
        )
    }));
    lines.join("\n")
}

fn matrix(report: &Report) -> String {
    let width = name_width(&report.per_class);
    let cells = |cells: Vec<String>| cells.iter().map(|c| format!(" {c:>6}")).collect::<String>();
    // Longer names would break the columns.
    let short = |name: &str| name.chars().take(6).collect::<String>();
    let names = report.per_class.iter().map(|c| short(&c.class)).collect();
    let mut lines = vec![
        "true class (rows) and predicted class (columns), in images".to_owned(),
        format!("{:<width$} {}", "", cells(names)),
    ];
    lines.extend(
        report
            .per_class
            .iter()
            .zip(&report.confusion)
            .map(|(class, row)| {
                let row = row.iter().map(u64::to_string).collect();
                format!("{:<width$} {}", class.class, cells(row))
            }),
    );
    lines.join("\n")
}

fn name_width(classes: &[ClassReport]) -> usize {
    let widths = classes.iter().map(|c| c.class.chars().count());
    widths.max().unwrap_or(0).max("class".len())
}
