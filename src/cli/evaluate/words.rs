//! The report as text.

use super::temperature::Before;
use crate::data::Dataset;
use crate::evaluate::{ClassReport, Report, SplitName};
use crate::text;

/// With more classes, the matrix is too wide for a terminal.
const MAX_MATRIX: usize = 20;

/// Number of most confused pairs that are listed instead of the matrix.
const N_PAIRS: usize = 20;

/// Numbers, the table of the classes, and the confusion matrix or what matters of it.
pub(super) fn report(
    model: &str,
    dataset: &Dataset,
    split: SplitName,
    report: &Report,
    before: Option<Before>,
) -> String {
    let heading = format!(
        "{model} on {}: {}, accuracy {}, loss {:.4} ({})",
        dataset.name,
        text::count(report.n_images, split.image()),
        text::percent_exact(report.accuracy),
        report.loss,
        report.loss_kind.unit(),
    );
    let confusion = match report.confusion.counts.len() <= MAX_MATRIX {
        true => matrix(report),
        false => pairs(report),
    };
    let parts = [
        format!("{heading}\n{}", numbers(report, before)),
        class_table(&report.per_class),
        confusion,
    ];
    parts.join("\n\n")
}

/// A row of numbers for each question: how right, how right by class, how sure.
fn numbers(report: &Report, before: Option<Before>) -> String {
    let percent = text::percent_exact;
    let [low, high] = report.accuracy_interval.map(percent);
    let baseline = report.per_class.get(report.baseline_class as usize);
    let top_k = report.top_k.iter().filter(|(k, _)| **k > 1);
    let top_k = top_k.map(|(k, share)| format!(", top-{k} {}", percent(*share)));
    let mut lines = vec![
        format!(
            "95 % interval {low} to {high}, always answering {}: {}",
            baseline.map_or("", |class| class.class.as_str()),
            percent(report.baseline_accuracy)
        ),
        format!(
            "balanced accuracy {}, macro F1 {}, weighted F1 {}{}",
            percent(report.balanced_accuracy),
            percent(report.macro_scores.f1),
            percent(report.weighted_scores.f1),
            top_k.collect::<String>()
        ),
        format!(
            "Brier score {:.4}, calibration error {} (ECE), {} at most (MCE)",
            report.brier,
            percent(report.calibration.ece()),
            percent(report.calibration.mce())
        ),
    ];
    if let (Some(temperature), Some(before)) = (report.temperature, before) {
        lines.push(format!(
            "at temperature {temperature:.4}; without, loss {:.4}, Brier score {:.4}, calibration \
             error {}",
            before.test_loss,
            before.brier,
            percent(before.ece)
        ));
    }
    lines.join("\n")
}

fn class_table(classes: &[ClassReport]) -> String {
    let width = name_width(classes);
    let mut lines = vec![format!(
        "{:<width$}  images  precision     recall         F1",
        "class"
    )];
    lines.extend(classes.iter().map(|c| {
        let scores = [c.scores.precision, c.scores.recall, c.scores.f1];
        let [precision, recall, f1] = scores.map(text::percent_exact);
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
    let rows = report.per_class.iter().zip(&report.confusion.counts);
    lines.extend(rows.map(|(class, row)| {
        let row = row.iter().map(u64::to_string).collect();
        format!("{:<width$} {}", class.class, cells(row))
    }));
    lines.join("\n")
}

/// The most confused pairs of classes; the whole matrix is in `--json`.
fn pairs(report: &Report) -> String {
    let mut lines = vec!["most confused classes, in images (--json has the matrix)".to_owned()];
    let name = |class: u32| report.per_class[class as usize].class.as_str();
    for pair in report.confusion.confused_pairs().iter().take(N_PAIRS) {
        let ([a, b], [ab, ba]) = (pair.classes.map(name), pair.n_images);
        lines.push(format!("{ab:>6} {a} as {b}, {ba} {b} as {a}"));
    }
    lines.join("\n")
}

fn name_width(classes: &[ClassReport]) -> usize {
    let widths = classes.iter().map(|c| c.class.chars().count());
    widths.max().unwrap_or(0).max("class".len())
}
