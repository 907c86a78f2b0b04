//! Text and widths of table cells.

use crate::runs::table::{Column, Spread, Summary, SummaryMetric};
use crate::runs::{Direction, Record, Value};
use crate::text;
use crate::ui::column_names::heading;

/// Minimum width of a column.
pub(super) fn width(column: &Column) -> f32 {
    match column.key() {
        "created" => 156.0,
        "note" | "model.layers" | "changed" | "parent" => 220.0,
        _ => {
            let (word, aggregate) = heading(column);
            let n_chars = word.chars().count().max(aggregate.chars().count() + 2);
            (7.0 * n_chars as f32 + 20.0).clamp(84.0, 132.0)
        }
    }
}

/// Formats a value.
pub(super) fn text(column: &Column, record: &Record) -> String {
    match column.value(record) {
        Some(Value::Number(number)) => number_text(column, number),
        // To the second, in a readable form.
        Some(Value::Text(text)) if column.key() == "created" => {
            let to_second: String = text.chars().take(19).collect();
            to_second.replace('T', " ")
        }
        // Filters keep the key; the table shows the same word as the rest of the window.
        Some(Value::Text(_)) if column.key() == "status" => record.status.label().to_owned(),
        Some(Value::Text(_)) if column.key() == "parent" => {
            let parent = record.parent.as_ref();
            parent.map_or_else(String::new, |parent| parent.words())
        }
        Some(Value::Text(text)) => text,
        None => String::new(),
    }
}

fn number_text(column: &Column, number: f64) -> String {
    match column.metric() {
        None => text::setting(number),
        Some(_) if number.is_nan() => String::new(),
        Some(SummaryMetric { metric, .. }) => metric.format(number),
    }
}

/// The difference of `record` to the baseline in an accuracy or a loss, and whether that is better.
pub(super) fn difference(
    column: &Column,
    record: &Record,
    baseline: &Record,
) -> Option<(String, bool)> {
    let metric = column.metric()?.metric;
    let direction = metric.direction()?;
    if !metric.is_share() && !metric.is_loss() {
        return None;
    }
    let of = |record: &Record| column.value(record)?.number();
    let difference = of(record)? - of(baseline)?;
    if !difference.is_finite() {
        return None;
    }
    let text = if metric.is_share() {
        format!("{:+.2} %", 100.0 * difference)
    } else {
        format!("{difference:+.4}")
    };
    let is_better = (difference > 0.0) == (direction == Direction::Maximize);
    Some((text.replace('-', "−"), is_better))
}

/// Formats a column's value for a group.
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
    let (Some(deviation), Some(column)) = (spread.deviation, column.metric()) else {
        return mean;
    };
    if column.metric.is_share() {
        format!("{:.2} ± {:.2} %", 100.0 * spread.mean, 100.0 * deviation)
    } else if column.metric.is_loss() {
        format!("{mean} ± {deviation:.4}")
    } else {
        mean
    }
}
