//! The runs the studio knows, which of them are looked for, and which are picked.

use std::collections::BTreeSet;

use super::Run;
use crate::runs::{RunId, RunState};

/// All runs, with the one filter and the one selection that every view of them shares.
#[derive(Default)]
pub(super) struct Library {
    /// Oldest first.
    pub(super) runs: Vec<Run>,
    /// The run this studio trains, or trained last.
    pub(super) own: Option<RunId>,
    pub(super) filter: Filter,
    pub(super) selection: BTreeSet<RunId>,
}

/// Which runs are looked for. Empty looks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    /// What every run that passes has in its name, in small letters.
    words: Vec<String>,
}

impl Filter {
    /// The filter somebody typed.
    pub fn new(text: &str) -> Filter {
        Filter {
            text: text.to_owned(),
            words: text.split_whitespace().map(str::to_lowercase).collect(),
        }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `run` is looked for.
    pub fn passes(&self, run: &Run) -> bool {
        let name = run.state.name.to_lowercase();
        self.words.iter().all(|word| name.contains(word))
    }
}

impl Library {
    pub(super) fn get(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }

    pub(super) fn get_mut(&mut self, id: &RunId) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == *id)
    }

    /// The run this studio trains, or trained last.
    pub(super) fn own(&self) -> Option<&Run> {
        self.get(self.own.as_ref()?)
    }

    /// The same, to let something happen in it.
    pub(super) fn own_mut(&mut self) -> Option<&mut Run> {
        let id = self.own.clone()?;
        self.get_mut(&id)
    }

    /// A run of this studio begins.
    pub(super) fn begin(&mut self, id: RunId, state: RunState) {
        self.own = Some(id.clone());
        self.runs.push(Run {
            id,
            state,
            is_visible: true,
        });
    }

    /// A run that was over goes on, from where `state` tells.
    pub(super) fn go_on_with(&mut self, id: &RunId, state: RunState) {
        self.own = Some(id.clone());
        if let Some(run) = self.get_mut(id) {
            run.state = state;
            run.is_visible = true;
        }
    }

    /// Runs of earlier sessions were read.
    pub(super) fn add_earlier(&mut self, runs: Vec<(RunId, RunState)>) {
        let earlier = runs.into_iter().map(|(id, state)| Run {
            id,
            state,
            is_visible: false,
        });
        self.runs.splice(0..0, earlier);
    }

    pub(super) fn select(&mut self, ids: Vec<RunId>) {
        let known = ids.into_iter().filter(|id| self.get(id).is_some());
        self.selection = known.collect();
    }
}
