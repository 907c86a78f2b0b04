//! Labels of run columns, used wherever a column can be selected.

use crate::runs::table::{Column, SummaryMetric};

/// The heading of a column and, below it, its aggregate.
pub fn heading(column: &Column) -> (String, &'static str) {
    let key = match column {
        Column::Setting(key) => key.as_str(),
        Column::Metric(SummaryMetric { metric, aggregate }) => {
            let below = if metric.is_single() {
                ""
            } else {
                aggregate.label()
            };
            return (metric.heading().to_owned(), below);
        }
    };
    let word = match key {
        "learning_rate" => "learning rate",
        "batch_size" => "batch size",
        "n_validation" => "validation images",
        "warmup_epochs" => "warm-up",
        "weight_decay" => "weight decay",
        "init" => "initial weights",
        "preset" => "network",
        "optimizer" => "optimizer",
        "model.layers" => "layers",
        "model.input" => "image size",
        "model.classes" => "classes",
        key => return (plain(key), ""),
    };
    (word.to_owned(), "")
}

/// `optimizer.beta1` is shown as `beta1`.
fn plain(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    last.replace('_', " ")
}

/// The label in selectors and on axes.
pub fn label(column: &Column) -> String {
    match column {
        Column::Setting(_) => full_name(column),
        Column::Metric(metric) => metric.label(),
    }
}

/// The label of a setting by its path; a layer by its number.
pub fn setting_label(key: &str) -> String {
    match key.strip_prefix("model.layers.") {
        Some(number) => format!("layer {}", number.trim_start_matches('0')),
        None => label(&Column::setting(key)),
    }
}

/// The full name, for lists and screen readers.
pub fn full_name(column: &Column) -> String {
    let (word, aggregate) = heading(column);
    let part = match column.key().rsplit_once('.') {
        Some((part, _)) if word == plain(column.key()) => format!("{part}: "),
        _ => String::new(),
    };
    if aggregate.is_empty() {
        format!("{part}{word}")
    } else {
        format!("{word}, {aggregate}")
    }
}
