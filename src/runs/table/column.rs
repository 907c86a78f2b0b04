//! Columns of the table.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::runs::record::Record;
use crate::runs::run_summary::{Aggregates, is_less_better};
use crate::runs::value::Value;

/// Which value represents a metric's whole history.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The lowest loss, the highest accuracy.
    #[default]
    Best,
    /// The newest.
    Last,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The one at the epoch with the best validation metric.
    AtBest,
}

impl Aggregate {
    /// All of them.
    pub const ALL: [Aggregate; 5] = [
        Aggregate::Best,
        Aggregate::Last,
        Aggregate::Min,
        Aggregate::Max,
        Aggregate::AtBest,
    ];

    /// Returns the name in files and filters.
    pub fn name(self) -> &'static str {
        match self {
            Aggregate::Best => "best",
            Aggregate::Last => "last",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
            Aggregate::AtBest => "at_best",
        }
    }

    /// Returns the label.
    pub fn label(self) -> &'static str {
        match self {
            Aggregate::Best => "best",
            Aggregate::Last => "last",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
            Aggregate::AtBest => "at best epoch",
        }
    }

    /// Returns the value, if there is one.
    pub fn of(self, metric: &str, all: &Aggregates) -> Option<f64> {
        match self {
            Aggregate::Best if is_less_better(metric) => Some(all.min),
            Aggregate::Best | Aggregate::Max => Some(all.max),
            Aggregate::Last => Some(all.last),
            Aggregate::Min => Some(all.min),
            Aggregate::AtBest => all.at_best,
        }
    }
}

/// A column: a setting or another field of a run, or an aggregate of a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Column {
    /// The setting by its path, or the metric by its name.
    pub key: String,
    /// For a metric, which value of its history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
}

impl Column {
    /// Makes a column of a setting or another field of a run.
    pub fn setting(key: &str) -> Column {
        Column {
            key: key.to_owned(),
            aggregate: None,
        }
    }

    /// Makes a column of a metric.
    pub fn metric(key: &str, aggregate: Aggregate) -> Column {
        Column {
            key: key.to_owned(),
            aggregate: Some(aggregate),
        }
    }

    /// Parses a column such as `learning_rate`, `val_loss`, `val_loss.last` or `lr`.
    pub fn parse(text: &str) -> Column {
        let (key, aggregate) = super::query::key_parts(text);
        let is_metric = aggregate.is_some() || is_metric(&key);
        Column {
            aggregate: is_metric.then(|| aggregate.unwrap_or_default()),
            key,
        }
    }

    /// Returns the name in files and filters: `learning_rate`, `val_loss.best`.
    pub fn name(&self) -> String {
        match self.aggregate {
            Some(aggregate) => format!("{}.{}", self.key, aggregate.name()),
            None => self.key.clone(),
        }
    }

    /// Returns the value of `record` in this column.
    pub fn value(&self, record: &Record) -> Option<Value> {
        match self.aggregate {
            Some(aggregate) => {
                let number = aggregate.of(&self.key, record.metrics.get(&self.key)?)?;
                Some(Value::Number(number))
            }
            None => record.value(&self.key),
        }
    }

    /// Returns whether lower is better; `None` if neither is.
    pub fn is_less_better(&self) -> Option<bool> {
        let has_goal = self.key.contains("loss") || self.key.contains("accuracy");
        (self.aggregate.is_some() && has_goal).then(|| is_less_better(&self.key))
    }
}

/// The metrics that any run can have; see [`crate::runs::RunSummary::metrics`].
const METRICS: [&str; 13] = [
    "val_accuracy",
    "val_loss",
    "test_accuracy",
    "test_loss",
    "train_accuracy",
    "train_loss",
    "batch_accuracy",
    "batch_loss",
    "epochs_done",
    "steps",
    "images",
    "train_seconds",
    "images_per_second",
];

fn is_metric(key: &str) -> bool {
    METRICS.contains(&key)
}

/// The fields of a run besides its settings.
const ABOUT: [&str; 11] = [
    "status", "created", "parent", "data", "threads", "sweep", "trial", "tags", "note", "starred",
    "archived",
];

/// Returns every column with a value in any of `records`: first the fields, then settings by path,
/// then metrics.
pub fn all_columns<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Column> {
    let (mut settings, mut metrics) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        for key in record.settings().keys() {
            if !settings.contains(key.as_str()) {
                settings.insert(key.as_str());
            }
        }
        for key in record.metrics.keys() {
            if !metrics.contains(key.as_str()) {
                metrics.insert(key.as_str());
            }
        }
    }
    let rank = |key: &&str| METRICS.iter().position(|m| m == key).unwrap_or(usize::MAX);
    let mut metrics: Vec<&str> = metrics.into_iter().collect();
    metrics.sort_by_key(rank);
    let about = ABOUT.iter().map(|key| Column::setting(key));
    let settings = settings.into_iter().map(Column::setting);
    let metrics = metrics
        .into_iter()
        .map(|key| Column::metric(key, Aggregate::Best));
    about.chain(settings).chain(metrics).collect()
}

/// Returns the columns of interest: the status, the settings that differ, and the results.
pub fn differing_columns(records: &[&Record]) -> Vec<Column> {
    let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut differs = BTreeSet::new();
    for (idx, record) in records.iter().enumerate() {
        for (key, value) in record.settings() {
            match first.get(key.as_str()) {
                Some(seen) if *seen == value => {}
                Some(_) => {
                    differs.insert(key.as_str());
                }
                // Some runs have it, and earlier ones do not.
                None => {
                    first.insert(key, value);
                    if idx > 0 {
                        differs.insert(key);
                    }
                }
            }
        }
        let missing = first
            .keys()
            .filter(|key| !record.settings().contains_key(**key));
        differs.extend(missing.copied().collect::<Vec<_>>());
    }
    // The layers repeat at length what the preset's name says.
    if differs.contains("preset") {
        differs.retain(|key| !key.starts_with("model."));
    }
    let results = ["val_accuracy", "val_loss", "test_accuracy", "train_seconds"];
    let results = results
        .into_iter()
        .filter(|key| records.iter().any(|r| r.metrics.contains_key(*key)));
    let mut columns = vec![Column::setting("status")];
    columns.extend(results.map(|key| Column::metric(key, Aggregate::Best)));
    columns.extend(differs.into_iter().map(Column::setting));
    for about in ["parent", "data", "sweep", "tags"] {
        let column = Column::setting(about);
        let of_first = records.first().and_then(|r| column.value(r));
        if records.iter().any(|r| column.value(r) != of_first) {
            columns.push(column);
        }
    }
    columns
}
