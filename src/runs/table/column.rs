//! Columns of the table.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::aggregate::{Aggregate, SummaryMetric};
use super::diff::{differing_choices, differing_keys, differs};
use super::names::{aliases, canonical};
use crate::runs::metric::{Direction, Metric};
use crate::runs::record::Record;
use crate::runs::value::Value;
use crate::text::nearest;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Column {
    /// A setting by its path, or another field of a run.
    Setting(String),
    /// A metric.
    Metric(SummaryMetric),
}

/// A column in a file.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The setting by its path, or the metric by its name.
    key: String,
    /// For a metric, which value of its history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aggregate: Option<Aggregate>,
}

impl From<Stored> for Column {
    fn from(stored: Stored) -> Column {
        match (Metric::named(&stored.key), stored.aggregate) {
            (Some(metric), Some(aggregate)) => Column::Metric(SummaryMetric { metric, aggregate }),
            _ => Column::Setting(stored.key),
        }
    }
}

impl From<Column> for Stored {
    fn from(column: Column) -> Stored {
        Stored {
            key: column.key().to_owned(),
            aggregate: column.metric().map(|metric| metric.aggregate),
        }
    }
}

/// A column that no run has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no run has a setting or metric `{key}`{}", did_you_mean(.near.as_deref()))]
pub struct UnknownColumn {
    key: String,
    near: Option<String>,
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl Column {
    /// Parses a column that any of `records` has.
    ///
    /// # Errors
    /// When none has it, with the name that was most likely meant.
    pub fn of_records(text: &str, records: &[Record]) -> Result<Column, UnknownColumn> {
        let column = Column::parse(text);
        let key = column.key();
        let is_known = column.metric().is_some()
            || FIELDS.contains(&key)
            || records.iter().any(|record| column.value(record).is_some());
        if is_known {
            return Ok(column);
        }
        let mut names: Vec<&str> = FIELDS.into_iter().chain(aliases()).collect();
        names.extend(Metric::ALL.map(Metric::name));
        for record in records {
            names.extend(record.settings().keys().map(String::as_str));
        }
        Err(UnknownColumn {
            key: text.to_owned(),
            near: nearest(text, names).map(str::to_owned),
        })
    }

    /// Makes a column of a setting or another field of a run.
    pub fn setting(key: &str) -> Column {
        Column::Setting(key.to_owned())
    }

    /// Parses a column such as `learning_rate`, `val_loss`, `val_loss.last` or `lr`.
    pub fn parse(text: &str) -> Column {
        let full = canonical(text);
        let aggregate = |name: &str| Aggregate::ALL.into_iter().find(|a| a.name() == name);
        let split = full.rsplit_once('.');
        let (key, aggregate) = match split.and_then(|(key, name)| Some((key, aggregate(name)?))) {
            Some((key, aggregate)) => (canonical(key), aggregate),
            None => (full, Aggregate::default()),
        };
        match Metric::named(key) {
            Some(metric) => Column::Metric(SummaryMetric { metric, aggregate }),
            None => Column::setting(full),
        }
    }

    /// Returns the metric, if it is one.
    pub fn metric(&self) -> Option<SummaryMetric> {
        match self {
            Column::Metric(metric) => Some(*metric),
            Column::Setting(_) => None,
        }
    }

    /// Returns the setting by its path, or the metric by its name.
    pub fn key(&self) -> &str {
        match self {
            Column::Setting(key) => key,
            Column::Metric(metric) => metric.metric.name(),
        }
    }

    /// Returns the name in files and filters: `learning_rate`, `val_loss.best`.
    pub fn name(&self) -> String {
        match self {
            Column::Setting(key) => key.clone(),
            Column::Metric(metric) => metric.to_string(),
        }
    }

    /// Returns the label in lists.
    pub fn label(&self) -> String {
        match self {
            Column::Setting(key) => key.clone(),
            Column::Metric(metric) => metric.label(),
        }
    }

    /// Returns which direction is better, if one is.
    pub fn direction(&self) -> Option<Direction> {
        self.metric()?.metric.direction()
    }

    /// Returns the value of `record` in this column.
    pub fn value(&self, record: &Record) -> Option<Value> {
        match self {
            Column::Setting(key) => record.value(key),
            Column::Metric(metric) => metric.of(record).map(Value::Number),
        }
    }
}

/// The fields of a run besides its settings.
const FIELDS: [&str; 12] = [
    "status", "created", "parent", "changed", "data", "threads", "sweep", "trial", "tags", "note",
    "starred", "archived",
];

/// Returns every field, and every setting of any of `records`.
pub fn setting_columns<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Column> {
    let mut settings = BTreeSet::new();
    for record in records {
        for key in record.settings().keys() {
            if !settings.contains(key.as_str()) {
                settings.insert(key.as_str());
            }
        }
    }
    FIELDS
        .into_iter()
        .chain(settings)
        .map(Column::setting)
        .collect()
}

/// Returns every column with a value in any of `records`: first the fields, then settings by path,
/// then metrics.
pub fn all_columns<'a>(records: impl Iterator<Item = &'a Record> + Clone) -> Vec<Column> {
    let metrics: BTreeSet<Metric> = records
        .clone()
        .flat_map(|record| record.metrics.keys().copied())
        .collect();
    let metrics = metrics.into_iter().map(SummaryMetric::best);
    let mut columns = setting_columns(records);
    columns.extend(metrics.map(Column::Metric));
    columns
}

/// Returns the columns of interest: the status, the settings that differ, and the results.
pub fn differing_columns(records: &[&Record]) -> Vec<Column> {
    let mut differing = differing_keys(records);
    // The layers repeat at length what the preset's name says.
    if differing.contains("preset") {
        differing.retain(|key| !key.starts_with("model."));
    }
    let results = [
        Metric::ValAccuracy,
        Metric::ValLoss,
        Metric::TestAccuracy,
        Metric::SketchAccuracy,
        Metric::Epsilon,
        Metric::TrainSeconds,
    ];
    let results = results
        .into_iter()
        .filter(|metric| records.iter().any(|r| r.metrics.contains_key(metric)));
    let mut columns = vec![Column::setting("status")];
    columns.extend(results.map(|metric| Column::Metric(SummaryMetric::best(metric))));
    columns.extend(differing.into_iter().map(Column::setting));
    let fields = ["parent", "changed", "data", "sweep", "tags"].into_iter();
    columns.extend(
        fields
            .filter(|key| differs(records, key))
            .map(Column::setting),
    );
    columns
}

/// Returns the columns to plot or compare: the choices that differ between `records`, those with
/// the most values first, and the results that any of them has.
pub fn plot_columns(records: &[&Record]) -> Vec<Column> {
    let mut choices = differing_choices(records);
    choices.sort_by_cached_key(|key| {
        // A description of changes is a poor axis, and a seed is no choice.
        let is_last = ["changed", "data", "seed"].contains(key);
        let values: BTreeSet<String> = records
            .iter()
            .filter_map(|record| record.value(key))
            .map(|value| value.to_string())
            .collect();
        (is_last, Reverse(values.len()))
    });
    let settings = choices.into_iter().map(Column::setting);
    let has = |metric: &SummaryMetric| records.iter().any(|r| metric.finite(r).is_some());
    let results = SummaryMetric::RESULTS.into_iter().filter(has);
    settings.chain(results.map(Column::Metric)).collect()
}
