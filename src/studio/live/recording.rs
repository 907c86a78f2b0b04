//! The recording of the run in its folder.

use std::path::PathBuf;

use crate::model::Classifier;
use crate::runs::{BestBy, CheckpointPolicy, Recorder, RunMeta, Summary};
use crate::text;
use crate::train::{Checkpoint, Event, Job, Observer};

/// Checkpoints kept on disk: enough for a run's timeline to be shown later.
pub(in crate::studio) const POLICY: CheckpointPolicy = CheckpointPolicy {
    keep_last: 3,
    keep_spread: 64 << 20,
    keep_best: Some(BestBy::Accuracy),
};

/// Where a run is saved.
pub(in crate::studio) struct NewFolder {
    pub(in crate::studio) path: PathBuf,
    pub(in crate::studio) about: RunMeta,
}

/// The recording of the run. Its problems are reported, one sentence each, and training continues.
pub(in crate::studio) enum Recording {
    /// Off, because it was not requested or has failed.
    Off,
    /// The folder is created when the run starts, on its thread, as this accesses the disk.
    Planned(NewFolder),
    /// On.
    On(Recorder),
}

impl Recording {
    /// Records an event.
    pub(super) fn event(&mut self, event: &Event, job: &Job, report: impl Fn(String)) {
        if let Recording::Planned(_) = self
            && let Recording::Planned(folder) = std::mem::replace(self, Recording::Off)
        {
            match Recorder::create_about(&folder.path, folder.about, job) {
                Ok(recorder) => *self = Recording::On(recorder),
                Err(error) => report(format!("This run is not saved: {error}")),
            }
        }
        let Recording::On(recorder) = self else {
            return;
        };
        recorder.event(event);
        while let Some(news) = recorder.news() {
            report(text::capitalized(&news));
        }
        if recorder.problem().is_some() {
            *self = Recording::Off;
        }
    }

    pub(super) fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if let Recording::On(recorder) = self {
            recorder.checkpoint(checkpoint);
        }
    }

    /// Writes the model and the summary of the run, which has ended.
    pub(super) fn finish(self, summary: &Summary, model: &Classifier, report: impl Fn(String)) {
        if let Recording::On(recorder) = self
            && let Err(error) = recorder.finish(summary, model)
        {
            report(format!("The run was not saved completely: {error}"));
        }
    }
}
