//! The settings in which runs differ.

use std::collections::BTreeSet;

use crate::runs::record::Record;
use crate::runs::value::Value;

/// A setting that differs between runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The setting by its path.
    pub key: String,
    /// Its value in each run, in order; `None` if a run has no such setting.
    pub values: Vec<Option<Value>>,
}

/// Returns the settings in which `records` differ, including dataset and number of threads, sorted
/// by path. Layers are compared one by one.
pub fn differences(records: &[&Record]) -> Vec<Difference> {
    let rows: Vec<Vec<(String, Value)>> = records.iter().map(|r| rows(r)).collect();
    let keys: BTreeSet<&str> = rows.iter().flatten().map(|(key, _)| key.as_str()).collect();
    let with_values = |key: &str| Difference {
        key: key.to_owned(),
        values: rows
            .iter()
            .map(|row| row.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()))
            .collect(),
    };
    keys.into_iter()
        .map(with_values)
        .filter(|difference| difference.values.windows(2).any(|pair| pair[0] != pair[1]))
        .collect()
}

/// Returns everything that decided a run, by path.
fn rows(record: &Record) -> Vec<(String, Value)> {
    let settings = record.settings().iter();
    let settings = settings.filter(|(key, _)| *key != "model.layers");
    let mut rows: Vec<(String, Value)> = settings.map(|(k, v)| (k.clone(), v.clone())).collect();
    for about in ["data", "threads"] {
        rows.extend(record.value(about).map(|value| (about.to_owned(), value)));
    }
    for (idx, layer) in record.config.model.layers.iter().enumerate() {
        let text = format!("{} {}", layer.label(), layer.detail());
        // Two digits keep the layers in order.
        let key = format!("model.layers.{:02}", idx + 1);
        rows.push((key, Value::Text(text.trim().to_owned())));
    }
    rows
}
