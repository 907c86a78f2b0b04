//! The settings in which runs differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::runs::record::Record;
use crate::runs::value::Value;
use crate::train::Setting;

/// A setting that differs between runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The setting by its path.
    pub key: String,
    /// Its value in each run, in order; `None` if a run has no such setting.
    pub values: Vec<Option<Value>>,
}

/// Returns the settings in which `records` differ, including dataset, number of threads and the run
/// it is a branch of, sorted by path. A setting that was changed during training says so. Layers
/// are compared one by one.
pub fn differences(records: &[&Record]) -> Vec<Difference> {
    let rows: Vec<BTreeMap<String, Value>> = records.iter().map(|r| rows(r)).collect();
    let keys: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.keys().map(String::as_str))
        .collect();
    let with_values = |key: &str| Difference {
        key: key.to_owned(),
        values: rows.iter().map(|row| row.get(key).cloned()).collect(),
    };
    keys.into_iter()
        .map(with_values)
        .filter(|difference| difference.values.windows(2).any(|pair| pair[0] != pair[1]))
        .collect()
}

/// Returns everything that decided a run, by path.
fn rows(record: &Record) -> BTreeMap<String, Value> {
    let mut rows = record.settings().clone();
    rows.remove("model.layers");
    for about in ["data", "threads"] {
        rows.extend(record.value(about).map(|value| (about.to_owned(), value)));
    }
    if let Some(parent) = &record.parent {
        rows.insert("parent".to_owned(), Value::Text(parent.words()));
    }
    for (idx, layer) in record.started().model.layers.iter().enumerate() {
        let text = format!("{} {}", layer.label(), layer.detail());
        // Two digits keep the layers in order.
        let key = format!("model.layers.{:02}", idx + 1);
        rows.insert(key, Value::Text(text.trim().to_owned()));
    }
    let mut changed = BTreeSet::new();
    for change in &record.changes {
        let key = change_key(record, change.setting);
        let before = match rows.get(&key) {
            Some(before) if !changed.insert(key.clone()) => before,
            // The epochs among the settings are those planned last.
            _ => &change.old,
        };
        let text = format!("{before}, {}", change.words());
        rows.insert(key, Value::Text(text));
    }
    rows
}

/// Returns the path of a setting that was changed during training.
fn change_key(record: &Record, setting: Setting) -> String {
    let is_beta1 = record.settings().contains_key("optimizer.beta1");
    let key = match setting {
        Setting::Momentum if is_beta1 => Setting::Beta1.info().key,
        // The rates of all dropout layers together have no key of their own.
        Setting::Dropout => "dropout",
        setting => setting.info().key,
    };
    key.to_owned()
}

/// Returns the settings whose values differ between `records`, by path. One that only some of them
/// have differs.
pub(super) fn differing_keys<'a>(records: &[&'a Record]) -> BTreeSet<&'a str> {
    let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut differing = BTreeSet::new();
    for (idx, record) in records.iter().enumerate() {
        for (key, value) in record.settings() {
            match first.get(key.as_str()) {
                Some(seen) if *seen == value => {}
                Some(_) => {
                    differing.insert(key.as_str());
                }
                // Some runs have it, and earlier ones do not.
                None => {
                    first.insert(key, value);
                    if idx > 0 {
                        differing.insert(key);
                    }
                }
            }
        }
        let missing = first
            .keys()
            .filter(|key| !record.settings().contains_key(**key));
        differing.extend(missing.copied().collect::<Vec<_>>());
    }
    differing
}

/// Returns whether a setting or another field differs between `records`.
pub(super) fn differs(records: &[&Record], key: &str) -> bool {
    let first = records.first().and_then(|record| record.value(key));
    records.iter().any(|record| record.value(key) != first)
}

/// Returns the choices that differ between `records`, by path: settings, with the network as one
/// choice, the dataset, and changes during training. Omits keys that only repeat their parent, such
/// as `optimizer.momentum` if all runs with SGD share it.
pub fn differing_choices<'a>(records: &[&'a Record]) -> Vec<&'a str> {
    let keys = differing_keys(records);
    let network = network_key(records);
    let is_choice = |key: &str| {
        let is_network = key == "preset" || key.starts_with("model.");
        key == network || !is_network && !repeats_parent(records, &keys, key)
    };
    let mut choices: BTreeSet<&str> = keys.iter().copied().filter(|key| is_choice(key)).collect();
    choices.extend(
        ["changed", "data"]
            .into_iter()
            .filter(|key| differs(records, key)),
    );
    choices.into_iter().collect()
}

/// Returns the setting that tells the networks of `records` apart: the preset, unless runs with the
/// same one have different layers. Image size and classes belong to the dataset.
fn network_key(records: &[&Record]) -> &'static str {
    let layers = "model.layers";
    let mut of_preset: BTreeMap<&str, &Value> = BTreeMap::new();
    let is_told = records.iter().all(|record| {
        record
            .settings()
            .get(layers)
            .is_none_or(|value| *of_preset.entry(&record.config.preset).or_insert(value) == value)
    });
    if is_told { "preset" } else { layers }
}

/// Returns whether `key` differs only because its parent does: all runs that have it share its
/// value.
fn repeats_parent(records: &[&Record], differing: &BTreeSet<&str>, key: &str) -> bool {
    let has_parent = key
        .rsplit_once('.')
        .is_some_and(|(parent, _)| differing.contains(parent));
    let mut values = records.iter().filter_map(|r| r.settings().get(key));
    let first = values.next();
    has_parent && values.all(|value| Some(value) == first)
}
