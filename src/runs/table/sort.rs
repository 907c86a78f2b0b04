//! Sorts the rows.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::column::Column;
use crate::runs::record::Record;
use crate::runs::value::Value;

/// A column to sort by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortKey {
    /// The column.
    pub column: Column,
    /// Whether the largest, or last in the alphabet, comes first.
    pub is_descending: bool,
}

/// Returns the indices of `records` sorted by the first key, ties by the second, and so on; stable.
/// Rows without a value come last in both directions.
pub fn sort(records: &[&Record], keys: &[SortKey]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    if keys.is_empty() {
        return order;
    }
    // Look up every value once, not in each of the many comparisons.
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

/// Treats NaN as no value.
fn known(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !value.number().is_some_and(f64::is_nan))
}
