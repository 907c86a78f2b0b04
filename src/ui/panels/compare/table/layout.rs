//! The user's arrangement of the table, and the resulting columns and rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::runs::table::{
    Aggregate, Column, Group, GroupBy, SortKey, SummaryMetric, all_columns, differing_columns,
    group, sort,
};
use crate::runs::{Direction, Record};
use crate::studio::Studio;

/// The user's arrangement of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// Columns shown or hidden by hand, by key.
    pub(super) by_hand: BTreeMap<String, bool>,
    /// The aggregate of a metric, where it is not the best.
    pub(super) aggregates: BTreeMap<String, Aggregate>,
    /// Sort order; newest first if empty.
    pub(super) sort: Vec<SortKey>,
    pub(super) group: Option<GroupBy>,
    /// Names of collapsed groups.
    pub(super) closed: BTreeSet<String>,
}

impl Layout {
    /// The column with its selected aggregate.
    pub(super) fn aggregated(&self, column: &Column) -> Column {
        match (column, self.aggregates.get(column.key())) {
            (Column::Metric(metric), Some(&aggregate)) => Column::Metric(SummaryMetric {
                aggregate,
                ..*metric
            }),
            _ => column.clone(),
        }
    }

    /// Sorts by a column, or reverses the order if it is the first key already. With `is_more` it
    /// is added after the existing keys.
    pub(super) fn sort_by(&mut self, column: &Column, is_more: bool) {
        let first_end = column.direction() == Some(Direction::Maximize);
        let old = self.sort.iter_mut().find(|key| key.column == *column);
        match old {
            Some(key) if is_more => key.is_descending = !key.is_descending,
            old => {
                let is_descending = old.map_or(first_end, |key| !key.is_descending);
                if !is_more {
                    self.sort.clear();
                }
                self.sort.push(SortKey {
                    column: column.clone(),
                    is_descending,
                });
            }
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The group at this index.
    Group(usize),
    /// The run at this index of all runs.
    Run(usize),
}

/// Columns and rows, cached until the runs or the arrangement change.
pub(super) struct Made {
    version: u64,
    layout: Layout,
    /// All available columns.
    pub(super) all: Vec<Column>,
    /// The columns that are shown.
    pub(super) columns: Vec<Column>,
    pub(super) lines: Vec<Line>,
    /// The groups; their members are run indices.
    pub(super) groups: Vec<Group>,
}

impl Made {
    pub(super) fn new(studio: &Studio, layout: &Layout) -> Made {
        let shown = studio
            .runs()
            .iter()
            .enumerate()
            .filter(|(_, run)| run.passes());
        // Newest first, unless sorted otherwise.
        let (places, records): (Vec<usize>, Vec<&Record>) =
            shown.rev().map(|(idx, run)| (idx, &run.record)).unzip();
        let all = all_columns(records.iter().copied());
        let columns = columns(&records, &all, layout);
        let order = sort(&records, &layout.sort);
        let sorted: Vec<&Record> = order.iter().map(|&idx| records[idx]).collect();
        let place = |idx: usize| places[order[idx]];
        let mut groups = Vec::new();
        let mut lines = Vec::new();
        match &layout.group {
            None => lines.extend((0..sorted.len()).map(|idx| Line::Run(place(idx)))),
            Some(by) => {
                groups = group(&sorted, by);
                for (idx, group) in groups.iter_mut().enumerate() {
                    group.members.iter_mut().for_each(|m| *m = place(*m));
                    lines.push(Line::Group(idx));
                    if !layout.closed.contains(&group.name) {
                        lines.extend(group.members.iter().map(|&idx| Line::Run(idx)));
                    }
                }
            }
        }
        Made {
            version: studio.runs_version(),
            layout: layout.clone(),
            all,
            columns,
            lines,
            groups,
        }
    }

    /// Whether it is still up to date.
    pub(super) fn is_of(&self, studio: &Studio, layout: &Layout) -> bool {
        self.version == studio.runs_version() && self.layout == *layout
    }

    /// The run indices in row order.
    pub(super) fn run_rows(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().filter_map(|line| match line {
            Line::Run(idx) => Some(*idx),
            Line::Group(_) => None,
        })
    }
}

/// The relevant columns, with those shown by hand added and those hidden by hand removed.
fn columns(records: &[&Record], all: &[Column], layout: &Layout) -> Vec<Column> {
    let mut columns = differing_columns(records);
    for column in all {
        match layout.by_hand.get(column.key()) {
            Some(true) if !columns.iter().any(|c| c.key() == column.key()) => {
                columns.push(column.clone());
            }
            _ => {}
        }
    }
    columns.retain(|c| layout.by_hand.get(c.key()) != Some(&false));
    columns.iter().map(|c| layout.aggregated(c)).collect()
}
