//! The timeline of a run that has ended: its states in memory, or those saved in its folder.

use std::path::Path;
use std::sync::Arc;

use super::timeline::Timeline;
use crate::data::Dataset;
use crate::model::Classifier;
use crate::runs::{RunFolder, RunId, RunState};
use crate::train::{Checkpoint, FieldError};

/// A run with its states.
pub(super) struct OpenedTimeline {
    pub(super) id: RunId,
    /// Its run state.
    pub(super) state: RunState,
    pub(super) timeline: Timeline,
    /// A network of the same architecture, to load the states into.
    pub(super) template: Arc<Classifier>,
}

/// A run of this session with its states, without a network yet.
pub(super) struct Remembered {
    pub(super) id: RunId,
    pub(super) state: RunState,
    pub(super) timeline: Timeline,
}

impl Remembered {
    pub(super) fn open(self, dataset: &Arc<Dataset>) -> Result<OpenedTimeline, String> {
        let last = self.timeline.states().last();
        let last = last.ok_or_else(|| format!("{} has no checkpoint", self.state.name))?;
        Ok(OpenedTimeline {
            template: Arc::new(template(last, dataset)?),
            id: self.id,
            state: self.state,
            timeline: self.timeline,
        })
    }
}

/// Reads the run in the folder `path`, which must have been trained on `dataset`.
pub(super) fn read(
    path: &Path,
    name: &str,
    dataset: &Arc<Dataset>,
) -> Result<OpenedTimeline, String> {
    let folder = RunFolder::open(path).map_err(|e| e.to_string())?;
    let manifest = folder.manifest();
    let checked = manifest.data.check(name, dataset);
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
    Ok(OpenedTimeline {
        id: RunId::of_folder(path),
        state,
        timeline: Timeline::of(states),
        template: Arc::new(template),
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
