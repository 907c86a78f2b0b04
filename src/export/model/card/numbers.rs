//! The numbers of a card, each with its interval where it is a share of images.

use super::CardSubject;
use crate::evaluate::{Report, wilson};
use crate::export::model::markdown::in_markdown;
use crate::model::{Classifier, class_name};
use crate::text;

/// The numbers about all images, and a table with a row per class.
pub(super) fn text(subject: &CardSubject<'_>) -> String {
    let Some((_, report)) = subject.evaluation else {
        return match subject.model.classifier.provenance.test_accuracy {
            None => "It was not evaluated on test images.".to_owned(),
            Some(share) => format!(
                "Test accuracy when it was trained: {}.",
                text::percent_exact(share)
            ),
        };
    };
    let percent = text::percent_exact;
    let [low, high] = report.accuracy_interval.map(percent);
    let mut rows = vec![
        (
            "accuracy",
            percent(report.accuracy),
            format!("{low} to {high}"),
        ),
        (
            "balanced accuracy",
            percent(report.balanced_accuracy),
            String::new(),
        ),
        ("macro F1", percent(report.macro_scores.f1), String::new()),
        ("loss", text::loss(report.loss), String::new()),
        (
            "Brier score (0 to 2)",
            text::loss(report.brier),
            String::new(),
        ),
        (
            "expected calibration error",
            percent(report.calibration.ece()),
            String::new(),
        ),
    ];
    if let Some(temperature) = report.temperature {
        rows.push(("temperature", text::loss(temperature), String::new()));
    }
    let mut table = format!(
        "On {}:\n\n| | | 95 % interval |\n| --- | ---: | --- |\n",
        text::count(report.n_images, "test image")
    );
    for (name, value, interval) in rows {
        table += &format!("| {name} | {value} | {interval} |\n");
    }
    table + "\n" + &classes(report)
}

fn classes(report: &Report) -> String {
    let mut table = "| class | precision | recall | 95 % interval | F1 | images |\n\
                     | --- | ---: | ---: | --- | ---: | ---: |\n"
        .to_owned();
    for (idx, class) in report.per_class.iter().enumerate() {
        let [precision, recall, f1] =
            [class.scores.precision, class.scores.recall, class.scores.f1].map(text::percent_exact);
        let [low, high] = recall_interval(report, idx).map(text::percent_exact);
        table += &format!(
            "| {} | {precision} | {recall} | {low} to {high} | {f1} | {} |\n",
            in_markdown(&class.class),
            text::thousands(class.support)
        );
    }
    table
}

/// 95 % (Wilson).
fn recall_interval(report: &Report, class: usize) -> [f64; 2] {
    let confusion = &report.confusion;
    wilson(confusion.counts[class][class], confusion.support[class])
}

/// Where it is weak, a sentence each.
pub(super) fn weaknesses(classifier: &Classifier, report: &Report) -> Vec<String> {
    let name = |class: u32| in_markdown(&class_name(&classifier.classes, class as usize));
    let percent = text::percent_exact;
    let mut found = vec![format!(
        "Always answering {} would reach {}.",
        name(report.baseline_class),
        percent(report.baseline_accuracy)
    )];
    let with_images = report.per_class.iter().filter(|class| class.support > 0);
    let worst = with_images.min_by(|a, b| a.scores.recall.total_cmp(&b.scores.recall));
    if let Some(worst) = worst {
        found.push(format!(
            "The class it recognizes least is {}: {} of {}.",
            in_markdown(&worst.class),
            percent(worst.scores.recall),
            text::count(worst.support as usize, "image")
        ));
    }
    if let Some(pair) = report.confusion.confused_pairs().first() {
        let [a, b] = pair.classes.map(name);
        let [ab, ba] = pair.n_images;
        let ab = text::count(ab as usize, "image");
        found.push(format!(
            "It confuses {a} and {b} most: {ab} of {a} answered {b}, and {} the other way round.",
            text::thousands(ba)
        ));
    }
    if report.n_not_finite > 0 {
        found.push(format!(
            "**Its output is NaN or infinite for {}, which count as wrong: its weights may have \
             diverged.**",
            text::count(report.n_not_finite, "image")
        ));
    }
    found
}
