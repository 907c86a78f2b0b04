//! The runs that match the filter as rows of a table, and what is derived from all of them. It is
//! cached until the runs change: ten thousand rows are read many times per second.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::compare::Scale;
use crate::runs::table::{Column, GroupBy, SummaryMetric, group, plot_columns};
use crate::runs::{Metric, Record, RunId, Value};
use crate::studio::{Run, Studio};
use crate::text;

/// The runs that match the filter, oldest first.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Record>,
    /// Changes whenever the rows change.
    pub(super) generation: u64,
    /// A stamp per row.
    stamps: Vec<u64>,
    version: Option<u64>,
    columns: OnceCell<Vec<Column>>,
    metrics: OnceCell<Vec<SummaryMetric>>,
    groups: OnceCell<Groups>,
}

/// Rows that differ only in the seed.
pub(super) struct Groups {
    /// Row indices of each group.
    pub(super) members: Vec<Vec<usize>>,
    /// The group of each row.
    of_row: Vec<usize>,
}

impl Groups {
    /// The group of the row at `idx`.
    pub(super) fn of(&self, idx: usize) -> usize {
        self.of_row[idx]
    }
}

/// Changes when the data of a run changes: its name, dataset, progress, changes, or end.
fn stamp(run: &Run) -> u64 {
    let last = |metric| run.record.metrics.get(&metric).map(|all| all.last);
    // Of a live run, only whole epochs count as a change here.
    let done = last(Metric::EpochsDone).map(|epochs| match run.state.is_live() {
        true => epochs.floor(),
        false => epochs,
    });
    let mut hasher = DefaultHasher::new();
    run.record.name.hash(&mut hasher);
    run.record.data.hash(&mut hasher);
    run.record.color.hash(&mut hasher);
    done.map(f64::to_bits).hash(&mut hasher);
    run.record.changes.len().hash(&mut hasher);
    run.record.status.word().hash(&mut hasher);
    last(Metric::TestAccuracy).is_some().hash(&mut hasher);
    hasher.finish()
}

impl Rows {
    /// Applies what has changed in the studio.
    pub(super) fn refresh(&mut self, studio: &Studio) {
        let version = Some(studio.runs_version());
        if self.version == version {
            return;
        }
        self.version = version;
        let n_before = self.rows.len();
        let before = self.rows.drain(..).zip(self.stamps.drain(..)).enumerate();
        let mut known: HashMap<RunId, (usize, Record, u64)> = before
            .map(|(idx, (row, stamp))| (row.id.clone(), (idx, row, stamp)))
            .collect();
        let mut is_same = true;
        for run in studio.filtered_runs() {
            let stamp = stamp(run);
            let row = match known.remove(&run.id) {
                Some((idx, row, old)) if old == stamp => {
                    is_same &= idx == self.rows.len();
                    row
                }
                _ => {
                    is_same = false;
                    run.record.clone()
                }
            };
            self.rows.push(row);
            self.stamps.push(stamp);
        }
        if !is_same || self.rows.len() != n_before {
            self.generation += 1;
            self.columns = OnceCell::new();
            self.metrics = OnceCell::new();
            self.groups = OnceCell::new();
        }
    }

    fn records(&self) -> Vec<&Record> {
        self.rows.iter().collect()
    }

    /// The columns worth plotting.
    pub(super) fn columns(&self) -> &[Column] {
        self.columns.get_or_init(|| plot_columns(&self.records()))
    }

    /// The metrics that any run has.
    pub(super) fn metrics(&self) -> &[SummaryMetric] {
        self.metrics.get_or_init(|| {
            let columns = self.columns().iter();
            columns.filter_map(Column::metric).collect()
        })
    }

    /// The groups of runs that differ only in the seed.
    pub(super) fn groups(&self) -> &Groups {
        self.groups.get_or_init(|| {
            let groups = group(&self.records(), &GroupBy::AllButSeed);
            let members: Vec<Vec<usize>> = groups.into_iter().map(|g| g.members).collect();
            let mut of_row = vec![0; self.rows.len()];
            for (group, rows) in members.iter().enumerate() {
                rows.iter().for_each(|&idx| of_row[idx] = group);
            }
            Groups { members, of_row }
        })
    }

    /// The values of a column.
    pub(super) fn values(&self, column: &Column) -> Vec<Value> {
        let values = self.rows.iter().filter_map(|row| column.value(row));
        values.collect()
    }

    /// Whether a column has more than one value.
    pub(super) fn varies(&self, column: &Column) -> bool {
        let values = self.values(column);
        values.iter().any(|value| *value != values[0])
    }

    /// Whether a logarithmic axis shows more of a column: always for rates and penalties, whose
    /// orders of magnitude matter.
    pub(super) fn suggests_log(&self, column: &Column) -> bool {
        let is_rate = ["learning_rate", "weight_decay", "l1"].contains(&column.key());
        let values = self.values(column);
        Scale::suggests_log(&values)
            || is_rate && matches!(Scale::new(&values, true), Some(Scale::Log { .. }))
    }

    /// The index of the run among the rows.
    pub(super) fn place(&self, id: &RunId) -> Option<usize> {
        self.rows.iter().position(|row| row.id == *id)
    }
}

/// The positions of all rows along a column, cached until rows or column change.
#[derive(Default)]
pub(super) struct Places {
    key: Option<(u64, Column, bool)>,
    /// The scale of the values; `None` if there are no values.
    pub(super) scale: Option<Scale>,
    /// The position of each row, from 0 to 1.
    pub(super) places: Vec<Option<f64>>,
}

impl Places {
    /// Computes the positions in `column`, logarithmic if requested and possible.
    pub(super) fn follow(&mut self, rows: &Rows, column: &Column, wants_log: bool) {
        let key = Some((rows.generation, column.clone(), wants_log));
        if self.key == key {
            return;
        }
        self.scale = Scale::new(&rows.values(column), wants_log);
        let place = |row: &Record| self.scale.as_ref()?.place(&column.value(row)?);
        self.places = rows.rows.iter().map(place).collect();
        self.key = key;
    }
}

/// Formats a value of a column.
pub(super) fn text(column: &Column, value: &Value) -> String {
    match (column, value) {
        (Column::Metric(column), Value::Number(number)) => column.metric.format(*number),
        (_, Value::Number(number)) => text::setting(*number),
        (_, Value::Text(text)) => text.clone(),
    }
}
