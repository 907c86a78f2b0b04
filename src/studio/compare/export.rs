//! Export of runs for other programs.

use std::path::PathBuf;

use crate::export::{self, ExportError};
use crate::studio::Studio;
use crate::studio::background::Message;
use crate::studio::library::Run;
use crate::text::count;

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with one row per run.
    Csv,
    /// One JSON object per line, with every epoch.
    Jsonl,
    /// A folder of event files, with every point.
    Tensorboard,
}

impl Studio {
    /// Exports the selected runs, or without a selection those that match the filter.
    pub(in crate::studio) fn export(&mut self, format: Format, path: PathBuf) {
        let Some(workspace) = self.workspace.clone() else {
            self.notify_error(
                "These runs are not saved to disk, so they cannot be exported".into(),
            );
            return;
        };
        let mut runs: Vec<&Run> = self.selected_runs().collect();
        if runs.is_empty() {
            runs = self.filtered_runs().collect();
        }
        let paths: Vec<PathBuf> = runs
            .iter()
            .map(|run| workspace.join(run.id.as_str()))
            .collect();
        let activity = format!("exporting {}", count(paths.len(), "run"));
        self.background.run(activity, move || {
            let write = || -> Result<(), ExportError> {
                match format {
                    Format::Csv => export::csv(&paths, &path),
                    Format::Jsonl => export::jsonl(&paths, &path),
                    Format::Tensorboard => export::tensorboard(&paths, &path),
                }
            };
            let result = write().map_err(|e| e.to_string());
            Message::Saved(path, result)
        });
    }
}
