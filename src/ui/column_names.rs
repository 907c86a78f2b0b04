//! Labels of run columns, used wherever a column can be selected.

use crate::runs::table::Column;

/// The heading of a column and, below it, its aggregate.
pub fn heading(column: &Column) -> (String, &'static str) {
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
        key => return (plain(key), aggregate_word(column)),
    };
    (word.to_owned(), aggregate_word(column))
}

/// `optimizer.beta1` is shown as `beta1`.
fn plain(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    last.replace('_', " ")
}

/// Cumulative metrics and those measured once have only one useful aggregate.
fn aggregate_word(column: &Column) -> &'static str {
    let is_single = ["test_", "epochs_done", "steps", "images", "train_seconds"]
        .iter()
        .any(|start| column.key.starts_with(start));
    match column.aggregate {
        Some(aggregate) if !is_single => aggregate.label(),
        _ => "",
    }
}

/// The full name, for lists and screen readers.
pub fn full_name(column: &Column) -> String {
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
