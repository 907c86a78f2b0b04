//! The confusion matrix, or the most confused pairs of many classes.

use super::Subject;
use crate::evaluate::Report;
use crate::text::escape_markup;

/// Most classes of which the matrix is shown.
const MAX_CLASSES: usize = 30;

/// Most pairs that are listed.
const MAX_PAIRS: usize = 20;

pub(super) fn html(subject: &Subject<'_>, report: &Report) -> String {
    let mut html = String::new();
    if report.confusion.counts.len() <= MAX_CLASSES {
        html += &matrix(subject, report);
    }
    let pairs = report.confusion.confused_pairs();
    let items: String = pairs
        .iter()
        .take(MAX_PAIRS)
        .map(|pair| {
            let [a, b] = pair
                .classes
                .map(|class| escape_markup(&subject.class(class)));
            let [ab, ba] = pair.n_images;
            format!("<li>{a} predicted as {b}: {ab}; {b} as {a}: {ba}</li>\n")
        })
        .collect();
    match items.is_empty() {
        true => html + "<p>No class is confused with another.</p>\n",
        false => html + &format!("<p class=\"quiet\">Most confused:</p>\n<ul>\n{items}</ul>\n"),
    }
}

fn matrix(subject: &Subject<'_>, report: &Report) -> String {
    let counts = &report.confusion.counts;
    let n = counts.len();
    let others = (0..n).flat_map(|y| (0..n).filter(move |x| *x != y).map(move |x| (y, x)));
    let most = others.map(|(y, x)| counts[y][x]).max().unwrap_or(0).max(1);
    let names: Vec<String> = (0..n as u32)
        .map(|c| escape_markup(&subject.class(c)))
        .collect();
    let heads: String = names
        .iter()
        .map(|name| format!("<th>{name}</th>"))
        .collect();
    let cell = |y: usize, x: usize| {
        let count = counts[y][x];
        let share = (count as f64 / most as f64).clamp(0.0, 1.0).sqrt();
        let style = match (y == x, count) {
            (true, _) => "background:#eef1f4;color:#5f6b76".to_owned(),
            (false, 0) => String::new(),
            (false, _) => format!("background:rgba(230,140,20,{share:.2})"),
        };
        let text = if count == 0 {
            String::new()
        } else {
            count.to_string()
        };
        format!("<td style=\"{style}\">{text}</td>")
    };
    let row = |y: usize| {
        let cells: String = (0..n).map(|x| cell(y, x)).collect();
        format!("<tr><th>{}</th>{cells}</tr>\n", names[y])
    };
    let rows: String = (0..n).map(row).collect();
    format!(
        "<p class=\"quiet\">Rows: the label. Columns: the answer. The color leaves out the \
         diagonal.</p>\n<table class=\"matrix\">\n<tr><th></th>{heads}</tr>\n{rows}</table>\n"
    )
}
