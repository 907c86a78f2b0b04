//! What stands in the cells and above them.

use crate::runs::table::{Column, Spread, Summary};
use crate::runs::{Record, Value};
use crate::ui::format;

/// The heading of a column, and below it which number of a history it is.
pub(super) fn heading(column: &Column) -> (String, &'static str) {
    let word = match column.key.as_str() {
        "val_accuracy" => "val. accuracy",
        "val_loss" => "val. loss",
        "test_accuracy" => "test accuracy",
        "test_loss" => "test loss",
        "train_accuracy" => "train accuracy",
        "train_loss" => "train loss",
        "epochs_done" => "epochs done",
        "train_seconds" => "time",
        "images_per_second" => "images/s",
        "learning_rate" => "learning rate",
        "batch_size" => "batch",
        "n_validation" => "held out",
        "warm_up" => "warm-up",
        "weight_decay" => "weight decay",
        "init" => "first weights",
        "preset" => "network",
        "optimizer" => "optimiser",
        "status" => "state",
        "model.layers" => "layers",
        "model.input" => "image size",
        "model.classes" => "classes",
        key => return (plain(key), aggregate_word(column)),
    };
    (word.to_owned(), aggregate_word(column))
}

/// `optimizer.beta1` is told as `beta1`.
fn plain(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    last.replace('_', " ")
}

/// What only grows, and what is measured once, has only one number worth telling.
fn aggregate_word(column: &Column) -> &'static str {
    let is_single = ["test_", "epochs_done", "steps", "images", "train_seconds"]
        .iter()
        .any(|start| column.key.starts_with(start));
    match column.aggregate {
        Some(aggregate) if !is_single => aggregate.label(),
        _ => "",
    }
}

/// The whole name, for lists and for those who cannot see where it stands.
pub(super) fn full_name(column: &Column) -> String {
    let (word, aggregate) = heading(column);
    let part = match column.key.rsplit_once('.') {
        Some((part, _)) if column.aggregate.is_none() && word == plain(&column.key) => {
            format!("{part}: ")
        }
        _ => String::new(),
    };
    if aggregate.is_empty() {
        format!("{part}{word}")
    } else {
        format!("{word}, {aggregate}")
    }
}

/// How wide a column is at least.
pub(super) fn width(column: &Column) -> f32 {
    match column.key.as_str() {
        "created" => 156.0,
        "note" | "model.layers" => 220.0,
        _ => {
            let (word, aggregate) = heading(column);
            let n_chars = word.chars().count().max(aggregate.chars().count() + 2);
            (7.0 * n_chars as f32 + 20.0).clamp(84.0, 132.0)
        }
    }
}

/// A value as people read it.
pub(super) fn text(column: &Column, record: &Record) -> String {
    match column.value(record) {
        Some(Value::Number(number)) => number_text(column, number),
        // To the second, as people read it.
        Some(Value::Text(text)) if column.key == "created" => {
            let to_second: String = text.chars().take(19).collect();
            to_second.replace('T', " ")
        }
        Some(Value::Text(text)) => text,
        None => String::new(),
    }
}

fn number_text(column: &Column, number: f64) -> String {
    let key = column.key.as_str();
    if column.aggregate.is_none() {
        return format::setting(number);
    }
    if number.is_nan() {
        return String::new();
    }
    if key.contains("accuracy") {
        format::percent_exact(number)
    } else if key.contains("loss") {
        format::loss(number)
    } else if key == "train_seconds" {
        format::duration(number)
    } else if key == "epochs_done" {
        format::setting((number * 100.0).round() / 100.0)
    } else {
        format::thousands(number.max(0.0).round() as u64)
    }
}

/// How far `record` is from the baseline in a result, and whether that is better.
pub(super) fn difference(
    column: &Column,
    record: &Record,
    baseline: &Record,
) -> Option<(String, bool)> {
    let is_less_better = column.is_less_better()?;
    let of = |record: &Record| column.value(record)?.number();
    let difference = of(record)? - of(baseline)?;
    if !difference.is_finite() {
        return None;
    }
    let text = if column.key.contains("accuracy") {
        format!("{:+.2} %", 100.0 * difference)
    } else {
        format!("{difference:+.4}")
    };
    Some((text.replace('-', "−"), (difference < 0.0) == is_less_better))
}

/// What stands in a column for a group.
pub(super) fn summary(column: &Column, summary: &Summary) -> String {
    match summary {
        Summary::Nothing => String::new(),
        Summary::Shared(Value::Number(number)) => number_text(column, *number),
        Summary::Shared(Value::Text(text)) => text.clone(),
        Summary::Different => "…".to_owned(),
        Summary::Spread(spread) => spread_text(column, spread),
    }
}

fn spread_text(column: &Column, spread: &Spread) -> String {
    let mean = number_text(column, spread.mean);
    let Some(deviation) = spread.deviation else {
        return mean;
    };
    if column.key.contains("accuracy") {
        format!("{:.2} ± {:.2} %", 100.0 * spread.mean, 100.0 * deviation)
    } else if column.key.contains("loss") {
        format!("{mean} ± {deviation:.4}")
    } else {
        mean
    }
}
