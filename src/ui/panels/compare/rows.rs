//! The runs that pass the filter as rows of a table, made anew only where something happened.

use std::collections::HashMap;

use crate::compare::{Column, Facts, Metric, Value};
use crate::runs::RunId;
use crate::studio::{Run, Studio};
use crate::ui::format;

/// A run to be looked at.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: RunId,
    pub(super) facts: Facts,
}

/// The runs that pass the filter, oldest first.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    known: HashMap<RunId, (Stamp, Facts)>,
}

/// What changes when the facts of a run do: its name, how far it came, changes, and its end.
type Stamp = (String, Option<u64>, usize, &'static str, bool);

fn stamp(run: &Run) -> Stamp {
    let last = |metric: &str| run.record.metrics.get(metric).map(|all| all.last);
    // Of a live run, only whole epochs are news here.
    let done = last("epochs_done").map(|epochs| match run.state.is_live() {
        true => epochs.floor(),
        false => epochs,
    });
    (
        run.record.name.clone(),
        done.map(f64::to_bits),
        run.state.changes.len(),
        run.record.status.word(),
        last("test_accuracy").is_some(),
    )
}

impl Rows {
    /// Takes in what has changed.
    pub(super) fn refresh(&mut self, studio: &Studio) {
        let mut known = std::mem::take(&mut self.known);
        self.rows.clear();
        for run in studio.runs() {
            if !run.passes() {
                continue;
            }
            let stamp = stamp(run);
            let facts = match known.remove(&run.id) {
                Some((old, facts)) if old == stamp => facts,
                _ => run.facts(),
            };
            self.known.insert(run.id.clone(), (stamp, facts.clone()));
            self.rows.push(Row {
                id: run.id.clone(),
                facts,
            });
        }
    }

    /// What is worth looking along.
    pub(super) fn columns(&self) -> Vec<Column> {
        let facts: Vec<&Facts> = self.rows.iter().map(|row| &row.facts).collect();
        Column::of(&facts)
    }

    /// The metrics that any run has.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let has = |m: &Metric| self.rows.iter().any(|r| r.facts.metrics.contains_key(m));
        Metric::ALL.into_iter().filter(has).collect()
    }

    /// The values of a column.
    pub(super) fn values(&self, column: &Column) -> Vec<Value> {
        let values = self.rows.iter().filter_map(|r| column.value(&r.facts));
        values.collect()
    }
}

/// A value of a column as people read it.
pub(super) fn text(column: &Column, value: &Value) -> String {
    match (column, value) {
        (Column::Metric(metric), Value::Number(number)) => metric_text(*metric, *number),
        (_, Value::Number(number)) => format::setting(*number),
        (_, Value::Text(text)) => text.clone(),
    }
}

/// A metric as people read it.
pub(super) fn metric_text(metric: Metric, value: f64) -> String {
    match metric {
        _ if metric.is_share() => format::percent_exact(value),
        Metric::TrainSecs => format::duration(value),
        _ => format::loss(value),
    }
}
