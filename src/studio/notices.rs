//! Messages to the user.

use crate::runs::RunId;

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is an error.
    pub is_error: bool,
    /// One sentence.
    pub text: String,
    /// The runs that were moved to the trash, if that is what it reports: they can be restored.
    pub deleted: Vec<RunId>,
}

/// The notices that are shown, oldest first.
#[derive(Default)]
pub(super) struct Notices(Vec<Notice>);

impl Notices {
    pub(super) fn all(&self) -> &[Notice] {
        &self.0
    }

    pub(super) fn info(&mut self, text: String) {
        self.add(false, text, Vec::new());
    }

    pub(super) fn error(&mut self, text: String) {
        self.add(true, text, Vec::new());
    }

    /// Adds the error of `result`, if it is one, and returns its value otherwise.
    pub(super) fn check<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|text| self.error(text)).ok()
    }

    /// Reports that these runs were moved to the trash.
    pub(super) fn deleted(&mut self, runs: Vec<RunId>) {
        let text = match runs.as_slice() {
            [] => return,
            [run] => format!("Moved {run} to the trash"),
            runs => format!("Moved {} runs to the trash", runs.len()),
        };
        self.add(false, text, runs);
    }

    pub(super) fn dismiss(&mut self, idx: usize) {
        if idx < self.0.len() {
            self.0.remove(idx);
        }
    }

    fn add(&mut self, is_error: bool, text: String, deleted: Vec<RunId>) {
        self.0.push(Notice {
            is_error,
            text,
            deleted,
        });
    }
}
