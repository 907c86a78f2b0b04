//! The numbers about all images, and those of each class.

use crate::evaluate::Report;
use crate::text;
use crate::text::escape_markup;

/// Returns a table of the numbers.
pub(super) fn numbers(report: &Report) -> String {
    let percent = text::percent_exact;
    let mut rows = vec![
        ("accuracy", percent(report.accuracy)),
        ("balanced accuracy", percent(report.balanced_accuracy)),
        ("macro precision", percent(report.macro_scores.precision)),
        ("macro recall", percent(report.macro_scores.recall)),
        ("macro F1", percent(report.macro_scores.f1)),
        ("weighted F1", percent(report.weighted_scores.f1)),
    ];
    if let Some(top) = report.top_k.get(&3) {
        rows.push(("top 3", percent(*top)));
    }
    rows.extend([
        ("loss", text::loss(report.loss)),
        ("Brier score (0 to 2)", text::loss(report.brier)),
        (
            "expected calibration error",
            percent(report.calibration.ece()),
        ),
        (
            "maximum calibration error",
            percent(report.calibration.mce()),
        ),
    ]);
    if let Some(temperature) = report.temperature {
        rows.push(("temperature", text::loss(temperature)));
    }
    let row = |(name, value): &(&str, String)| {
        format!(
            "<tr><td>{}</td><td class=\"n\">{}</td></tr>\n",
            escape_markup(name),
            escape_markup(value)
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table>\n{rows}</table>\n")
}

/// Returns a table with a row per class.
pub(super) fn classes(report: &Report) -> String {
    let row = |class: &crate::evaluate::ClassReport| {
        let [precision, recall, f1] =
            [class.scores.precision, class.scores.recall, class.scores.f1].map(text::percent_exact);
        format!(
            "<tr><td>{}</td><td class=\"n\">{precision}</td><td class=\"n\">{recall}</td>\
             <td class=\"n\">{f1}</td><td class=\"n\">{}</td></tr>\n",
            escape_markup(&class.class),
            text::thousands(class.support)
        )
    };
    let rows: String = report.per_class.iter().map(row).collect();
    format!(
        "<table>\n<tr><th>class</th><th class=\"n\">precision</th><th class=\"n\">recall</th>\
         <th class=\"n\">F1</th><th class=\"n\">images</th></tr>\n{rows}</table>\n"
    )
}
