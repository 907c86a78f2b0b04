//! Rows in order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Column;
use crate::runs::{Record, Value};

/// A column to sort by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// The column.
    pub column: Column,
    /// Largest, or last in the alphabet, first.
    pub is_descending: bool,
}

/// The indices of `records` sorted by the first key, where that is equal by the second, and so on;
/// where all are equal they stay in their order. What has no value comes last either way.
pub fn sort(records: &[&Record], keys: &[SortKey]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    if keys.is_empty() {
        return order;
    }
    // Every value is looked up once, not at each of the many comparisons.
    let values: Vec<Vec<Option<Value>>> = records
        .iter()
        .map(|record| {
            keys.iter()
                .map(|key| known(key.column.value(record)))
                .collect()
        })
        .collect();
    order.sort_by(|&a, &b| {
        let pairs = values[a].iter().zip(&values[b]);
        let mut orders = pairs.zip(keys).map(|((a, b), key)| match (a, b) {
            (Some(a), Some(b)) if key.is_descending => b.order(a),
            (Some(a), Some(b)) => a.order(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
        orders.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    });
    order
}

/// A number that is none is no value.
fn known(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !value.number().is_some_and(f64::is_nan))
}
