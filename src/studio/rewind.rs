//! The timeline of a run that has ended: its states in memory, or those saved in its folder.

use std::path::Path;
use std::sync::Arc;

use super::background::Message;
use super::timeline::Timeline;
use super::{Model, Studio};
use crate::data::Dataset;
use crate::model::Classifier;
use crate::runs::{RunFolder, RunId, RunState};
use crate::train::{Checkpoint, FieldError};

/// A run with its states.
pub(super) struct Earlier {
    id: RunId,
    /// Its run state.
    pub(super) state: RunState,
    pub(super) timeline: Timeline,
    /// A network of the same architecture, to load the states into.
    pub(super) template: Classifier,
}

/// A run of this session with its states, without a network yet.
struct Remembered {
    id: RunId,
    state: RunState,
    timeline: Timeline,
}

impl Remembered {
    fn open(self, dataset: &Arc<Dataset>) -> Result<Earlier, String> {
        let last = self.timeline.states().last();
        let last = last.ok_or_else(|| format!("{} has no checkpoint", self.state.name))?;
        Ok(Earlier {
            template: template(last, dataset)?,
            id: self.id,
            state: self.state,
            timeline: self.timeline,
        })
    }
}

/// Reads the run in the folder `path`, which must have been trained on `dataset`.
fn read(path: &Path, name: &str, dataset: &Arc<Dataset>) -> Result<Earlier, String> {
    let folder = RunFolder::open(path).map_err(|e| e.to_string())?;
    let manifest = folder.manifest();
    let checked = manifest.data.check(name, &dataset.fingerprint);
    checked.map_err(|e| format!("{e}: open that first"))?;
    let mut states = folder.checkpoints().map_err(|e| e.to_string())?;
    let Some(last) = states.last() else {
        return Err(format!("{name} has no checkpoint to show"));
    };
    let template = template(last, dataset)?;
    let params = template.network.params();
    states.iter_mut().for_each(|state| state.sort_like(params));
    let mut state = folder.replay().map_err(|e| e.to_string())?;
    name.clone_into(&mut state.name);
    Ok(Earlier {
        id: RunId::of_folder(path),
        state,
        timeline: Timeline::of(states),
        template,
    })
}

/// A network of `state`'s architecture.
fn template(state: &Checkpoint, dataset: &Arc<Dataset>) -> Result<Classifier, String> {
    let config = &state.config;
    // Not as a job: a network too large to train here can still be shown.
    let errors = config.check(
        dataset.image_shape(),
        dataset.n_classes(),
        dataset.train.len(),
    );
    if !errors.is_empty() {
        return Err(FieldError::joined(&errors));
    }
    let network = config.network().map_err(|e| e.to_string())?;
    Ok(config.classifier(network, dataset, 0.0, None))
}

impl Studio {
    /// Whether the run may have states that are not shown already: it has ended, and is in memory
    /// or in the workspace.
    pub fn can_open_timeline(&self, id: &RunId) -> bool {
        let is_over = self.run(id).is_some_and(|run| !run.state.is_live());
        let is_kept = self.workspace.is_some() || self.past.iter().any(|(past, _)| past == id);
        let is_newest = self.own_run().is_some_and(|run| run.id == *id);
        is_over && is_kept && !is_newest && self.dataset().is_some()
    }

    /// The run whose timeline is open, if it is not the newest run's.
    pub fn earlier_run(&self) -> Option<&RunId> {
        self.earlier.as_ref().map(|earlier| &earlier.id)
    }

    /// Called before another run begins: the newest one's states stay in memory while there is
    /// room.
    pub(super) fn remember_timeline(&mut self) {
        self.background.timeline().read_into(&mut self.timeline);
        let Some(id) = self.library.own().map(|run| run.id.clone()) else {
            return;
        };
        self.past.retain(|(past, _)| *past != id);
        self.past.push((id, self.timeline.clone()));
        let n_bytes = |past: &[(RunId, Timeline)]| -> usize {
            past.iter().map(|(_, timeline)| timeline.n_bytes()).sum()
        };
        while n_bytes(&self.past) > self.timeline.budget() {
            self.past.remove(0);
        }
    }

    /// Shows the states of a run, reading them if they are not in memory.
    pub(super) fn open_timeline(&mut self, id: &RunId) {
        if !self.can_open_timeline(id) {
            return;
        }
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        let name = self.run(id).map_or("", |run| &run.state.name).to_owned();
        let remembered = self.remembered(id);
        let folder = self.workspace.as_ref().map(|w| w.join(id.as_str()));
        let activity = format!("opening the timeline of {name}");
        self.background.run(activity, move || {
            let in_memory = remembered.ok_or_else(|| format!("{name} has no checkpoint"));
            let opened = in_memory.and_then(|run| run.open(&dataset));
            // The dataset may have changed; reading the run's folder then reports it.
            let opened = opened.or_else(|error| match &folder {
                Some(folder) => read(folder, &name, &dataset),
                None => Err(error),
            });
            Message::Timeline(opened.map(Box::new))
        });
    }

    /// A run of this session whose states are in memory.
    fn remembered(&self, id: &RunId) -> Option<Remembered> {
        let (_, timeline) = self.past.iter().find(|(past, _)| past == id)?;
        Some(Remembered {
            id: id.clone(),
            state: self.run(id)?.state.clone(),
            timeline: timeline.clone(),
        })
    }

    /// Shows a timeline that was read, at its end. Its settings are copied to the panel, so that a
    /// branch can start from it, unless a live run would take them over.
    pub(super) fn show_earlier(&mut self, earlier: Earlier) {
        let last = earlier.timeline.states().last().cloned();
        self.earlier = Some(earlier);
        if let Some(last) = last {
            if self.live_run().is_none() {
                self.set_draft(last.config.clone());
            }
            self.show_step(Some(last.step()));
        }
    }

    /// Returns to the timeline of the newest run.
    pub(super) fn close_timeline(&mut self) {
        if self.earlier.take().is_some() && matches!(self.model, Model::Snapshot { .. }) {
            self.use_trained_model();
        }
    }
}
