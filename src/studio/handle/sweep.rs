//! Actions on sweeps.

use std::path::Path;

use crate::studio::Studio;
use crate::studio::message::Message;
use crate::studio::sweeps::{SweepAction, SweepContext, Sweeps};
use crate::sweep::{Plan, SweepFolder, SweepState};
use crate::text;

impl Studio {
    pub(super) fn handle_sweep(&mut self, action: SweepAction) {
        let done = self.with_sweeps(|sweeps, context| sweeps.handle(action, context));
        self.notices.check(done);
    }

    pub(in crate::studio) fn read_sweeps(&mut self) {
        let Some(workspace) = self.workspace().map(Path::to_owned) else {
            return;
        };
        self.files
            .run("reading earlier sweeps".to_owned(), move || {
                let (kept, problems) = read_kept(&workspace);
                Message::Sweeps(kept, problems)
            });
    }

    /// Runs `work` with the sweeps and the rest of the state that they need.
    pub(super) fn with_sweeps<R>(
        &mut self,
        work: impl FnOnce(&mut Sweeps, &SweepContext<'_>) -> R,
    ) -> R {
        let context = SweepContext {
            base: self.draft.config(),
            dataset: self.data.dataset(),
            workspace: self.library.workspace.folder(),
            wake: self.wake.clone(),
        };
        work(&mut self.sweeps, &context)
    }
}

/// Reads the sweeps in `workspace`, and one sentence for each that cannot be read.
fn read_kept(workspace: &Path) -> (Vec<(Plan, SweepState)>, Vec<String>) {
    let (mut kept, mut problems) = (Vec::new(), Vec::new());
    for dir in SweepFolder::list(workspace) {
        match SweepFolder::read(&dir) {
            Ok((plan, state, loss)) => {
                kept.push((plan, state));
                problems.extend(loss.map(|loss| text::capitalized(&loss)));
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    (kept, problems)
}
