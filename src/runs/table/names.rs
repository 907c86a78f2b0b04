//! Other names of settings and metrics.

use crate::train::current_key;

/// Short and alternative names.
const ALIASES: &[(&str, &str)] = &[
    ("lr", "learning_rate"),
    ("wd", "weight_decay"),
    ("batch", "batch_size"),
    ("bs", "batch_size"),
    ("model", "preset"),
    ("network", "preset"),
    ("opt", "optimizer"),
    ("optimiser", "optimizer"),
    ("momentum", "optimizer.momentum"),
    ("nesterov", "optimizer.nesterov"),
    ("beta1", "optimizer.beta1"),
    ("beta2", "optimizer.beta2"),
    ("epsilon", "optimizer.epsilon"),
    ("warmup", "warmup_epochs"),
    ("layers", "model.layers"),
    ("dataset", "data"),
    ("tag", "tags"),
    ("star", "starred"),
    ("state", "status"),
    ("acc", "val_accuracy"),
    ("val_acc", "val_accuracy"),
    ("test_acc", "test_accuracy"),
    ("train_acc", "train_accuracy"),
    ("time", "train_seconds"),
    ("seconds", "train_seconds"),
    ("speed", "images_per_second"),
    // What `compare --metric` took once.
    ("best_validation", "val_accuracy.best"),
    ("last_validation", "val_accuracy.last"),
    ("validation_loss", "val_loss.last"),
    ("train_secs", "train_seconds"),
];

/// Returns the full name of a key.
pub(super) fn canonical(key: &str) -> &str {
    let found = ALIASES.iter().find(|(alias, _)| *alias == key);
    found.map_or(current_key(key), |(_, full)| full)
}

/// Returns the short and alternative names.
pub(super) fn aliases() -> impl Iterator<Item = &'static str> {
    ALIASES.iter().map(|(alias, _)| *alias)
}
