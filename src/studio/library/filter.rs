//! The filter of runs.

use crate::runs::table::{Column, Query, QueryError};
use crate::runs::{Record, Value};

/// A filter of runs. An empty one matches all that are not archived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    text: String,
    query: Query,
    problem: Option<QueryError>,
}

impl Filter {
    /// The text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why the text is invalid, if it is; the last valid filter then still applies.
    pub fn problem(&self) -> Option<&QueryError> {
        self.problem.as_ref()
    }

    pub(super) fn passes(&self, record: &Record) -> bool {
        // A filter that mentions archived runs also matches them.
        let is_hidden = record.notes.archived && !self.text.contains("archived");
        !is_hidden && self.query.passes(record)
    }

    /// Sets the filter if the text is valid; `example` returns what some run has in a column.
    pub(super) fn set(&mut self, text: String, example: impl Fn(&Column) -> Option<Value>) {
        let query = Query::parse(&text).and_then(|query| {
            query.check(|column| example(column).or_else(|| about_to_come(column)))?;
            Ok(query)
        });
        self.text = text;
        match query {
            Ok(query) => {
                self.query = query;
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
    }
}

/// What runs will have in a column, though none may have it yet.
fn about_to_come(column: &Column) -> Option<Value> {
    match column.key() {
        "val_accuracy" | "val_loss" | "test_accuracy" | "test_loss" | "trial" => {
            Some(Value::Number(0.0))
        }
        "sweep" => Some(Value::Text(String::new())),
        _ => None,
    }
}
