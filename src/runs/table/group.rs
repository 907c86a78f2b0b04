//! Groups of runs, with mean and standard deviation of their results.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::column::Column;
use crate::runs::record::Record;
use crate::runs::value::Value;
use crate::stats;

/// What the runs of a group share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The value of a column.
    Column(Column),
    /// Every setting but the seed, the dataset, and changes during training.
    #[default]
    AllButSeed,
}

/// A group of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they share, as text.
    pub name: String,
    /// Indices of the runs, in their order.
    pub members: Vec<usize>,
}

/// Mean and standard deviation of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Number of values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (n − 1); `None` for one value.
    pub deviation: Option<f64>,
}

impl Spread {
    /// Returns mean and standard deviation of the finite `values`; `None` if there are none.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        (!values.is_empty()).then(|| Spread {
            n: values.len(),
            mean: stats::mean(values.iter().copied()),
            deviation: stats::standard_deviation(&values),
        })
    }
}

/// Groups the runs. Groups are in the order of their first runs, so sorting the runs beforehand
/// sorts the groups by their best run.
pub fn group(records: &[&Record], by: &GroupBy) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (idx, record) in records.iter().enumerate() {
        let (key, name) = shared(record, by);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.members.push(idx),
            None => groups.push(Group {
                name,
                members: vec![idx],
            }),
        }
    }
    groups
}

/// Returns key and name of the group of `record`.
fn shared(record: &Record, by: &GroupBy) -> (String, String) {
    match by {
        GroupBy::Column(column) => {
            let value = column.value(record).map(|v| v.to_string());
            let name = format!("{} {}", column.key(), value.as_deref().unwrap_or("–"));
            (value.unwrap_or_default(), name)
        }
        GroupBy::AllButSeed => (record.all_but_seed(), record.name.clone()),
    }
}

impl Group {
    /// Summarizes `column` for the group: the shared value, or mean and standard deviation.
    /// `record` gives the record of a member.
    pub fn summary<'a>(&self, record: impl Fn(usize) -> &'a Record, column: &Column) -> Summary {
        let mut values = self.members.iter().map(|&idx| column.value(record(idx)));
        let Some(first) = values.next() else {
            return Summary::Nothing;
        };
        let is_result = column.metric().is_some();
        if !is_result && values.all(|value| value == first) {
            return first.map_or(Summary::Nothing, Summary::Shared);
        }
        let values = self.members.iter().map(|&idx| column.value(record(idx)));
        let numbers = values.filter_map(|value| value?.number());
        match Spread::of(numbers) {
            Some(spread) if is_result => Summary::Spread(spread),
            _ => Summary::Different,
        }
    }
}

/// A group's value in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Summary {
    /// No run has a value.
    Nothing,
    /// All runs have this value.
    Shared(Value),
    /// Runs have different settings.
    Different,
    /// Mean and standard deviation of results.
    Spread(Spread),
}
