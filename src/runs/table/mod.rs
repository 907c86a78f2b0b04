//! The table of runs: filter, columns, order and groups.
//!
//! Everything here is a pure function of records; other modules make windows and files of it.

mod column;
mod csv;
mod diff;
mod group;
mod query;
mod sort;
#[cfg(test)]
mod tests;

pub use column::{Aggregate, Column, all_columns, differing_columns};
pub use csv::{csv_row, to_csv};
pub use diff::{Difference, differences};
pub use group::{Group, GroupBy, Spread, Summary, group};
pub use query::{Query, QueryError, canonical};
pub use sort::{SortKey, sort};
