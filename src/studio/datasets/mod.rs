//! Datasets: what is in the one that is open, those in the workspace, and an import that is being
//! prepared.

mod action;
mod active;
mod change;
mod cleaner;
mod form;
mod importer;
mod look;
mod retrain;
mod space;
mod stored;

use std::sync::Arc;

pub use action::DataAction;
pub use active::{ActiveLoop, ActivePoint, PER_ROUND};
pub(in crate::studio) use cleaner::LogNews;
pub use cleaner::{Cleaner, LabelIssues, N_FOLDS};
pub use form::{ImportForm, SourceAbout};
pub use look::DatasetLook;
pub(in crate::studio) use retrain::Edited;
pub use retrain::{EditsVerdict, Retrainer};
pub use space::{NearImages, OddImages, Space};

use super::thread::Wake;
use crate::data::store::Stored;
use importer::{Goal, Importer, Question};
use look::Looker;

/// The datasets, and an import that is being prepared.
pub struct Datasets {
    form: Option<ImportForm>,
    importer: Importer,
    looker: Looker,
    cleaner: Cleaner,
    space: Space,
    retrainer: Retrainer,
    active: ActiveLoop,
    stored: Arc<[Stored]>,
    deleted: Arc<[Stored]>,
}

impl Datasets {
    pub(super) fn new(wake: Wake) -> std::io::Result<Datasets> {
        Ok(Datasets {
            form: None,
            importer: importer::spawn(wake.clone())?,
            looker: Looker::new(wake.clone())?,
            cleaner: Cleaner::new(wake.clone())?,
            space: Space::new(wake.clone())?,
            retrainer: Retrainer::new(wake.clone())?,
            active: ActiveLoop::new(wake)?,
            stored: Arc::default(),
            deleted: Arc::default(),
        })
    }

    /// The import that is being prepared.
    pub fn form(&self) -> Option<&ImportForm> {
        self.form.as_ref()
    }

    /// The datasets stored in the workspace, by name, as of the last update.
    pub fn stored(&self) -> &Arc<[Stored]> {
        &self.stored
    }

    /// The datasets in the trash of the workspace, by name, as of the last update.
    pub fn deleted(&self) -> &Arc<[Stored]> {
        &self.deleted
    }

    /// Labels that are probably wrong, and what was decided about them.
    pub fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    /// The training images in the space of the model on the canvas.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The loop of labeling and training.
    pub fn active(&self) -> &ActiveLoop {
        &self.active
    }

    /// Training again with the edits.
    pub fn retrainer(&self) -> &Retrainer {
        &self.retrainer
    }

    /// Whether the open dataset is being looked at.
    pub fn is_looking(&self) -> bool {
        self.looker.is_busy()
    }

    /// Whether a stored dataset has this name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.stored.iter().any(|stored| stored.name == name)
    }

    /// Sends what the form asks for.
    fn ask(&mut self, goal: Goal) {
        if let Some(form) = &mut self.form {
            // What is in progress is not wanted any more.
            form.progress.cancel();
            form.progress = Arc::default();
            form.is_busy = true;
            form.problem = None;
            self.importer.ask(Question {
                path: form.path.clone(),
                recipe: form.recipe.clone(),
                goal,
                progress: form.progress.clone(),
            });
        }
    }
}

impl Drop for Datasets {
    /// Closing the window does not wait for an import.
    fn drop(&mut self) {
        if let Some(form) = &self.form {
            form.progress.cancel();
        }
    }
}
