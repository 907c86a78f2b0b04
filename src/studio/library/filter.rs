//! The filter of runs.

use crate::runs::Record;
use crate::runs::table::{Column, Query, QueryError};

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

    /// Sets the filter if the text is valid; `is_known` tells whether a column exists.
    pub(super) fn set(&mut self, text: String, is_known: impl Fn(&Column) -> bool) {
        let will_come = |column: &Column| ABOUT_TO_COME.contains(&column.key());
        let query = Query::parse(&text).and_then(|query| {
            query.check_keys(|column| will_come(column) || is_known(column))?;
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

/// Columns that runs will have, though none may have them yet.
const ABOUT_TO_COME: [&str; 6] = [
    "val_accuracy",
    "val_loss",
    "test_accuracy",
    "test_loss",
    "sweep",
    "trial",
];
