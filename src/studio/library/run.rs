//! A run as the studio knows it.

use crate::runs::{Record, RunId, RunState, RunSummary};
use crate::train::{Event, Metrics};

/// A run of this session, or one of the workspace.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is known by, for its whole life.
    pub id: RunId,
    /// What happened in it. Of runs that are not of this session, points and epochs are there
    /// only while their curves are shown; everything else always is.
    pub state: RunState,
    /// Its settings and results by their names.
    pub record: Record,
    /// Whether its curves are shown.
    pub is_visible: bool,
    pub(super) summary: RunSummary,
    pub(super) points: Points,
    pub(super) passes: bool,
}

/// Where a run's points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Points {
    /// Here, because it happened here.
    Own,
    /// On disk.
    Absent,
    /// Asked for.
    Coming,
    /// Here, as long as they are looked at.
    Here,
}

impl Run {
    pub(super) fn new(state: RunState, record: Record, points: Points) -> Run {
        Run {
            id: record.id.clone(),
            state,
            record,
            is_visible: false,
            summary: RunSummary::default(),
            points,
            passes: true,
        }
    }

    /// Whether its points are still being read.
    pub fn is_loading(&self) -> bool {
        self.points == Points::Coming
    }

    /// Whether it is looked for.
    pub fn passes(&self) -> bool {
        self.passes
    }

    /// The state as far as the record tells it.
    pub(super) fn outline(record: &Record) -> RunState {
        let mut state = RunState::new(&record.name, record.config.clone());
        state.dataset.clone_from(&record.data);
        state.threads = record.threads;
        state.status = record.status.clone();
        state.changes.clone_from(&record.changes);
        state.parent.clone_from(&record.parent);
        let last = |metric: &str| record.metrics.get(metric).map(|all| all.last);
        if let (Some(loss), Some(accuracy)) = (last("test_loss"), last("test_accuracy")) {
            state.test = Some(Metrics { loss, accuracy });
        }
        state
    }

    /// Takes over a record that was read.
    pub(super) fn update(&mut self, record: Record) {
        self.state.name.clone_from(&record.name);
        if self.points == Points::Own && self.state.is_live() {
            // Here it is known better; but what a person says of it is in its folder.
            self.record.name = record.name;
            self.record.notes = record.notes;
            self.record.created = record.created;
            return;
        }
        if self.points == Points::Absent {
            self.state = Run::outline(&record);
        }
        self.state.status = record.status.clone();
        self.state.config = record.config.clone();
        self.record = record;
    }

    pub(super) fn apply(&mut self, event: &Event) {
        self.state.apply(event);
        self.summary.apply(event);
        self.record.follow(&self.state, &self.summary);
    }
}
