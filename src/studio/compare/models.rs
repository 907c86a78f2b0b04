//! The models of runs, read from their folders and cached while they are in use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::Classifier;
use crate::runs::{MODEL_FILE, NoModel, RunId};

/// Where the model of a run is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In the run's folder.
    Folder(PathBuf),
    /// In memory: the run is training, or has just ended.
    Live(Arc<Classifier>),
}

/// A reference to a run's model.
#[derive(Clone, Debug)]
pub(super) struct ModelRef {
    pub(super) id: RunId,
    pub(super) name: String,
    pub(super) source: Option<Source>,
}

/// Models that were read.
#[derive(Default)]
pub(super) struct Models {
    kept: Vec<(RunId, SystemTime, Arc<Classifier>)>,
}

impl Models {
    /// Drops the models of all other runs: a network can be large.
    pub(super) fn keep_only(&mut self, asked: &[ModelRef]) {
        self.kept
            .retain(|(id, ..)| asked.iter().any(|a| a.id == *id));
    }

    /// The model of a run; the error is one sentence.
    pub(super) fn get(&mut self, asked: &ModelRef) -> Result<Arc<Classifier>, String> {
        let none = || NoModel(asked.name.clone()).to_string();
        let folder = match &asked.source {
            None => return Err(none()),
            Some(Source::Live(classifier)) => return Ok(classifier.clone()),
            Some(Source::Folder(folder)) => folder,
        };
        let path = folder.join(MODEL_FILE);
        let changed = std::fs::metadata(&path).and_then(|m| m.modified());
        let changed = changed.map_err(|_| none())?;
        let kept = self.kept.iter().find(|k| k.0 == asked.id && k.1 == changed);
        if let Some((.., classifier)) = kept {
            return Ok(classifier.clone());
        }
        let classifier = Arc::new(Classifier::load(&path).map_err(|e| e.to_string())?);
        self.kept.retain(|(id, ..)| *id != asked.id);
        self.kept
            .push((asked.id.clone(), changed, classifier.clone()));
        Ok(classifier)
    }
}
