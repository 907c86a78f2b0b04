//! The connection between the sweeps and the rest of the studio.

use std::path::Path;
use std::sync::Arc;

use super::{SweepAction, Sweeps};
use crate::data::Dataset;
use crate::studio::background::Message;
use crate::studio::{DataState, Studio, Wake};
use crate::sweep::{Plan, SweepFolder, SweepState};
use crate::train::TrainConfig;

/// The part of the studio's state that a sweep needs.
pub(in crate::studio) struct SweepContext<'a> {
    pub(super) base: &'a TrainConfig,
    pub(super) dataset: Option<&'a Arc<Dataset>>,
    pub(super) workspace: Option<&'a Path>,
    pub(super) wake: Wake,
}

impl Studio {
    pub(in crate::studio) fn read_sweeps(&mut self) {
        let Some(workspace) = self.workspace.clone() else {
            return;
        };
        self.background
            .run("reading earlier sweeps".to_owned(), move || {
                let (kept, problems) = read_kept(&workspace);
                Message::Sweeps(kept, problems)
            });
    }

    /// Runs `work` with the sweeps and the rest of the state that they need.
    pub(in crate::studio) fn with_sweeps<R>(
        &mut self,
        work: impl FnOnce(&mut Sweeps, &SweepContext<'_>) -> R,
    ) -> R {
        let context = SweepContext {
            base: &self.draft,
            dataset: match &self.data {
                DataState::Ready(dataset) => Some(dataset),
                _ => None,
            },
            workspace: self.workspace.as_deref(),
            wake: self.background.wake(),
        };
        work(&mut self.sweeps, &context)
    }

    pub(in crate::studio) fn handle_sweep(&mut self, action: SweepAction) {
        let done = self.with_sweeps(|sweeps, context| sweeps.handle(action, context));
        if let Err(text) = done {
            self.notify_error(text);
        }
    }
}

/// Reads the sweeps in `workspace`, and one sentence for each that cannot be read.
fn read_kept(workspace: &Path) -> (Vec<(Plan, SweepState)>, Vec<String>) {
    let (mut kept, mut problems) = (Vec::new(), Vec::new());
    for dir in SweepFolder::list(workspace) {
        match SweepFolder::read(&dir) {
            Ok(sweep) => kept.push(sweep),
            Err(error) => problems.push(error.to_string()),
        }
    }
    (kept, problems)
}
