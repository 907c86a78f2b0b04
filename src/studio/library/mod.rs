//! The runs the studio knows, with the filter and the selection.

mod filter;
mod run;
mod workspace;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::runs::table::Column;
use crate::runs::{
    Notes, Record, RunId, RunState, RunSummary, Status, UnreadableRun, Value, WatchNews,
};
use crate::studio::thread::Wake;
use crate::train::Event;
pub use filter::Filter;
use run::Points;
pub use run::Run;
use workspace::Workspace;

/// All runs, with the one filter and the one selection that every view shares.
#[derive(Default)]
pub(super) struct Library {
    pub(super) workspace: Workspace,
    /// Oldest first.
    pub(super) runs: Vec<Run>,
    /// By id.
    pub(super) unreadable: Vec<UnreadableRun>,
    /// The run in training, or trained last.
    own: Option<RunId>,
    filter: Filter,
    pub(super) selection: BTreeSet<RunId>,
    pub(super) baseline: Option<RunId>,
    pub(super) version: u64,
    /// Whether the runs of the workspace have been read.
    is_listed: bool,
}

impl Library {
    /// Saves runs in the folder `workspace`, and shows those that are there. The filter stays.
    ///
    /// # Errors
    /// If the system cannot start the thread that watches the folder; then nothing changes.
    pub(super) fn open(&mut self, workspace: PathBuf, wake: Wake) -> std::io::Result<()> {
        *self = Library {
            workspace: Workspace::open(workspace, wake)?,
            filter: std::mem::take(&mut self.filter),
            version: self.version + 1,
            ..Library::default()
        };
        Ok(())
    }

    /// Whether the runs of the workspace are still being read for the first time.
    pub(super) fn is_reading(&self) -> bool {
        self.workspace.is_watched() && !self.is_listed
    }

    pub(super) fn get(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }

    fn get_mut(&mut self, id: &RunId) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == *id)
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) fn filtered(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.passes)
    }

    /// The run in training, or trained last.
    pub(super) fn own(&self) -> Option<&Run> {
        self.get(self.own.as_ref()?)
    }

    /// Index of a color that the newest runs do not use.
    pub(super) fn next_color(&self) -> usize {
        self.runs.last().map_or(0, |run| run.record.color + 1)
    }

    /// Adds a run of this studio, which begins now or began earlier.
    pub(super) fn begin(&mut self, id: RunId, color: usize, state: RunState) {
        self.own = Some(id.clone());
        let mut record = Record::begun(id, &state);
        record.color = color;
        let mut run = Run::new(state, record, Points::Own);
        run.summary = RunSummary::of(&run.state);
        run.record.follow(&run.state, &run.summary);
        run.is_visible = true;
        self.runs.push(run);
        self.version += 1;
    }

    /// Continues a run that had ended, from `state`.
    pub(super) fn resume_with(&mut self, id: &RunId, state: RunState) {
        self.own = Some(id.clone());
        if let Some(run) = self.get_mut(id) {
            run.summary = RunSummary::of(&state);
            run.state = state;
            run.points = Points::Own;
            run.record.follow(&run.state, &run.summary);
            run.is_visible = true;
        }
        self.version += 1;
    }

    /// Applies an event to the run of this studio.
    pub(super) fn apply(&mut self, event: &Event) {
        let own = self.own.clone();
        if let Some(run) = own.and_then(|id| self.get_mut(&id)) {
            run.apply(event);
            self.version += 1;
        }
    }

    /// Applies news of the workspace; returns whether its runs have now been read for the first
    /// time.
    ///
    /// # Errors
    /// A notice to the user.
    pub(super) fn receive(&mut self, news: WatchNews) -> Result<bool, String> {
        let was_listed = self.is_listed;
        match news {
            WatchNews::Records(records) => self.take(records),
            WatchNews::Gone(ids) => self.lose(&ids),
            WatchNews::Replayed(id, state) => self.replayed(&id, *state),
            WatchNews::Happened(id, events) => {
                if let Some(run) = self.get_mut(&id).filter(|r| r.points == Points::Here) {
                    events.iter().for_each(|event| run.state.apply(event));
                }
            }
            WatchNews::Unreadable(run) => {
                let reason = run.reason.clone();
                self.unreadable.retain(|other| other.id != run.id);
                self.unreadable.push(run);
                self.unreadable.sort();
                self.version += 1;
                return Err(reason);
            }
            WatchNews::Problem(text) => return Err(text),
        }
        self.version += 1;
        Ok(self.is_listed && !was_listed)
    }

    fn take(&mut self, records: Vec<Record>) {
        self.is_listed = true;
        let places: HashMap<RunId, usize> = self
            .runs
            .iter()
            .enumerate()
            .map(|(idx, run)| (run.id.clone(), idx))
            .collect();
        for record in records {
            self.unreadable.retain(|run| run.id != record.id);
            let run = match places.get(&record.id) {
                Some(&idx) => {
                    self.runs[idx].update(record);
                    &mut self.runs[idx]
                }
                None => {
                    let run = Run::new(Run::outline(&record), record, Points::Absent);
                    self.runs.push(run);
                    let last = self.runs.len() - 1;
                    &mut self.runs[last]
                }
            };
            run.passes = self.filter.passes(&run.record);
        }
        let age = |run: &Run| (run.record.created.clone(), run.id.clone());
        if !self.runs.is_sorted_by_key(age) {
            self.runs.sort_by_cached_key(age);
        }
    }

    fn lose(&mut self, ids: &[RunId]) {
        let lost: BTreeSet<&RunId> = ids.iter().collect();
        // The folder of a run in training here can be deleted; the run continues.
        self.runs.retain(|run| {
            !lost.contains(&run.id) || (run.points == Points::Own && run.state.is_live())
        });
        self.unreadable.retain(|run| !lost.contains(&run.id));
        self.selection.retain(|id| !lost.contains(id));
        if self.baseline.as_ref().is_some_and(|id| lost.contains(id)) {
            self.baseline = None;
        }
    }

    fn replayed(&mut self, id: &RunId, mut state: RunState) {
        let wants_points = self.wants_points(id);
        match self.get_mut(id) {
            Some(run) if wants_points && run.points != Points::Own => {
                state.name.clone_from(&run.record.name);
                if run.record.status == Status::Interrupted {
                    state.status = Status::Interrupted;
                }
                run.state = state;
                run.points = Points::Here;
            }
            // Hidden again before the points arrived.
            _ => self.workspace.forget(id),
        }
    }

    /// Shows or hides the curves of a run; its points are read on demand.
    pub(super) fn show(&mut self, id: &RunId, is_visible: bool) {
        if let Some(run) = self.get_mut(id) {
            run.is_visible = is_visible;
        }
        self.fetch_points(id);
    }

    /// Sets the baseline, or clears it.
    pub(super) fn set_baseline(&mut self, id: Option<RunId>) {
        let before = std::mem::replace(&mut self.baseline, id.clone());
        for id in before.iter().chain(&id) {
            self.fetch_points(id);
        }
        self.version += 1;
    }

    /// Whether the points of a run are needed: for its own curves, or for differences from it.
    fn wants_points(&self, id: &RunId) -> bool {
        self.baseline.as_ref() == Some(id) || self.get(id).is_some_and(|run| run.is_visible)
    }

    /// Reads the points of a run if they are needed, and drops them otherwise.
    fn fetch_points(&mut self, id: &RunId) {
        let is_wanted = self.wants_points(id);
        let run = self.runs.iter_mut().find(|run| run.id == *id);
        let Some(run) = run.filter(|_| self.workspace.is_watched()) else {
            return;
        };
        match (run.points, is_wanted) {
            (Points::Absent, true) => {
                run.points = Points::Coming;
                self.workspace.follow(id);
            }
            (Points::Here | Points::Coming, false) => {
                run.points = Points::Absent;
                run.state = Run::outline(&run.record);
                self.workspace.forget(id);
            }
            (Points::Absent | Points::Own, false)
            | (Points::Own | Points::Here | Points::Coming, true) => {}
        }
    }

    pub(super) fn set_filter(&mut self, text: String) {
        let example = |column: &Column| {
            // Without runs any column may be valid, so there is nothing to report.
            if self.runs.is_empty() {
                return Some(Value::Text(String::new()));
            }
            self.runs.iter().find_map(|run| column.value(&run.record))
        };
        self.filter.set(text, example);
        self.refilter();
    }

    /// Sets the notes of a run that is not saved.
    pub(super) fn note(&mut self, id: &RunId, notes: Notes) {
        if let Some(run) = self.get_mut(id) {
            if let Some(name) = &notes.name {
                run.record.name.clone_from(name);
                run.state.name.clone_from(name);
            }
            run.record.notes = notes;
        }
        self.refilter();
    }

    fn refilter(&mut self) {
        for run in &mut self.runs {
            run.passes = self.filter.passes(&run.record);
        }
        self.version += 1;
    }

    pub(super) fn select(&mut self, ids: Vec<RunId>) {
        let known: BTreeSet<&RunId> = self.runs.iter().map(|run| &run.id).collect();
        self.selection = ids.into_iter().filter(|id| known.contains(id)).collect();
    }
}
