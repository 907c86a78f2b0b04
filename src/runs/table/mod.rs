//! The table of runs: filter, columns, order and groups.
//!
//! Everything here is a pure function of records; other modules make windows and files of it.

mod aggregate;
mod column;
mod csv;
mod diff;
mod group;
mod names;
mod query;
mod sort;
#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, SummaryMetric};
pub use column::{
    Column, UnknownColumn, all_columns, differing_columns, plot_columns, setting_columns,
};
pub use csv::{csv_row, to_csv, to_tsv};
pub use diff::{Difference, differences, differing_choices};
pub use group::{Group, GroupBy, Spread, Summary, group};
pub use query::{Query, QueryError};
pub use sort::{SortKey, sort};
