//! Applies actions: the only place where a front end changes the studio. One file per area.

mod canvas;
mod compare;
mod draft;
mod file;
mod inspect;
mod library;
mod lr_finder;
mod queue;
mod run;
mod sweep;
mod timeline;

use rand::RngCore;

use crate::random::{Stream, rng};
use crate::studio::Studio;
use crate::studio::action::Action;

impl Studio {
    /// Applies an action, or adds a notice that explains why not. Never blocks on files, training
    /// or prediction: those run on other threads.
    pub fn handle(&mut self, action: impl Into<Action>) {
        match action.into() {
            Action::Draft(action) => self.handle_draft(action),
            Action::Run(action) => self.handle_run(action),
            Action::LrFinder(action) => self.handle_lr_finder(action),
            Action::Timeline(action) => self.handle_timeline(action),
            Action::Library(action) => self.handle_library(action),
            Action::Compare(analysis) => self.handle_compare(analysis),
            Action::Evaluate(action) => self.handle_evaluate(action),
            Action::Explain(action) => self.handle_explain(action),
            Action::Sketch(action) => self.handle_sketch(action),
            Action::Teach(action) => self.handle_teach(action),
            Action::Sweep(action) => self.handle_sweep(action),
            Action::Data(action) => self.handle_data(action),
            Action::Deploy(action) => self.handle_deploy(action),
            Action::File(action) => self.handle_file(action),
            Action::Canvas(action) => self.handle_canvas(action),
            Action::DismissNotice(idx) => self.notices.dismiss(idx),
        }
    }

    /// A different number each time, for random choices that are not part of a run.
    fn pick(&mut self) -> u64 {
        self.n_picks += 1;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        rng(now, Stream::Pick, self.n_picks, 0).next_u64()
    }
}
