//! A run in the studio.

use crate::runs::{Metric, Record, RunId, RunState, RunSummary, Status};
use crate::train::{Event, Metrics};

/// A run of this session, or one of the workspace.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id, which never changes.
    pub id: RunId,
    /// Its run state. For runs that are not of this session, points and epochs are loaded only
    /// while their curves are shown; everything else always is.
    pub state: RunState,
    /// Its settings and results by name.
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
    /// In memory, because it was trained here.
    Own,
    /// On disk.
    Absent,
    /// Being read.
    Coming,
    /// In memory, as long as they are needed.
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

    /// Whether it matches the filter.
    pub fn passes(&self) -> bool {
        self.passes
    }

    /// The run state, as far as it follows from the record.
    pub(super) fn outline(record: &Record) -> RunState {
        let mut state = RunState::new(&record.name, record.config.clone());
        state.dataset.clone_from(&record.data);
        state.threads = record.threads;
        state.status = record.status.clone();
        state.changes.clone_from(&record.changes);
        state.parent.clone_from(&record.parent);
        let last = |metric| record.metrics.get(&metric).map(|all| all.last);
        if let (Some(loss), Some(accuracy)) = (last(Metric::TestLoss), last(Metric::TestAccuracy)) {
            state.test = Some(Metrics { loss, accuracy });
        }
        state
    }

    /// Replaces the record by one that was read.
    pub(super) fn update(&mut self, record: Record) {
        self.state.name.clone_from(&record.name);
        if self.points == Points::Own && (self.state.is_live() || self.is_newer_than(&record)) {
            // A run of this session is more up to date here; only its notes come from the folder.
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

    /// Whether `record` was read from the folder of this finished run before its end was written
    /// there. It would bring the run back to life, and no further event would end it.
    fn is_newer_than(&self, record: &Record) -> bool {
        let is_over = |status: &Status| matches!(status, Status::Finished(_));
        let steps = |record: &Record| {
            record
                .metrics
                .get(&Metric::Steps)
                .map_or(0.0, |steps| steps.last)
        };
        is_over(&self.state.status)
            && !is_over(&record.status)
            && steps(record) <= steps(&self.record)
    }

    pub(super) fn apply(&mut self, event: &Event) {
        self.state.apply(event);
        self.summary.apply(event);
        self.record.follow(&self.state, &self.summary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PRESETS;
    use crate::train::{Finish, StepPoint, TrainConfig};

    fn steps(n: u64) -> Event {
        let point = |step| StepPoint {
            step,
            images: 32 * step,
            epoch: step as f64,
            secs: step as f64,
            loss: 1.0,
            accuracy: 0.5,
            learning_rate: 1e-3,
        };
        Event::Steps {
            points: (1..=n).map(point).collect(),
        }
    }

    #[test]
    fn a_record_from_before_the_end_does_not_bring_a_finished_run_back_to_life() {
        let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
        let mut state = RunState::new("run 1", config);
        state.status = Status::Running;
        let record = Record::begun(RunId::new("run-1"), &state);
        let mut run = Run::new(state, record, Points::Own);
        run.apply(&steps(3));
        let mut stale = run.record.clone();
        stale.notes.note = "noted".to_owned();
        assert_eq!(stale.status, Status::Running);
        let finished = Status::Finished(Finish::Completed);
        run.apply(&Event::Finished {
            finish: Finish::Completed,
            test: None,
        });
        run.update(stale.clone());
        assert_eq!(run.state.status, finished);
        assert_eq!(run.record.notes.note, "noted");
        // Another process that trains the run further is believed.
        let mut further = RunSummary::default();
        further.apply(&steps(5));
        stale.metrics.clone_from(further.metrics());
        run.update(stale);
        assert_eq!(run.state.status, Status::Running);
    }
}
