//! Which runs are looked for.

use crate::runs::Record;
use crate::runs::table::{Column, Query, QueryError};

/// Which runs are looked for. Empty looks for all that are not archived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    text: String,
    query: Query,
    problem: Option<QueryError>,
}

impl Filter {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it makes no sense. Then the last one that did still holds.
    pub fn problem(&self) -> Option<&QueryError> {
        self.problem.as_ref()
    }

    pub(super) fn passes(&self, record: &Record) -> bool {
        // Who asks for archived runs by that word gets them.
        let is_hidden = record.notes.archived && !self.text.contains("archived");
        !is_hidden && self.query.passes(record)
    }

    /// Looks for what was typed, if it makes sense; `is_known` tells whether any run has a column.
    pub(super) fn set(&mut self, text: String, is_known: impl Fn(&Column) -> bool) {
        let will_come = |column: &Column| ABOUT_TO_COME.contains(&column.key.as_str());
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

/// What runs will have, though none may have it yet.
const ABOUT_TO_COME: [&str; 6] = [
    "val_accuracy",
    "val_loss",
    "test_accuracy",
    "test_loss",
    "sweep",
    "trial",
];
