//! What columns of runs are called, wherever one can be chosen.

use crate::runs::table::Column;

/// The heading of a column, and below it which number of a history it is.
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
        "batch_size" => "batch",
        "n_validation" => "held out",
        "warmup_epochs" => "warm-up",
        "weight_decay" => "weight decay",
        "init" => "first weights",
        "preset" => "network",
        "optimizer" => "optimizer",
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
