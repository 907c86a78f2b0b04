//! Changes of the import that is being prepared.

use std::path::PathBuf;

use super::form::ImportForm;
use super::importer::{Answer, Goal};
use super::{DataAction, Datasets, LogNews};
use crate::data::import::ImportRecipe;

impl Datasets {
    /// Whether `action` would change anything; what starts something always counts.
    pub(in crate::studio) fn would_change(&self, action: &DataAction) -> bool {
        let form = self.form.as_ref();
        match action {
            DataAction::SetRecipe(recipe) => form.is_some_and(|form| form.recipe != **recipe),
            DataAction::SetName(name) => form.is_some_and(|form| form.name != *name),
            DataAction::Import { .. } => form.is_some_and(ImportForm::is_ready),
            DataAction::CancelImport => form.is_some(),
            DataAction::SetUncertainty(measure) => self.active.measure() != *measure,
            _ => true,
        }
    }

    /// Imports by `recipe` from now on, and shows what that gives.
    pub(super) fn set_recipe(&mut self, recipe: ImportRecipe) {
        if let Some(form) = self.form.as_mut().filter(|form| !form.is_importing) {
            form.recipe = recipe;
            self.ask(Goal::Preview);
        }
    }

    pub(super) fn set_name(&mut self, name: String) {
        if let Some(form) = &mut self.form {
            form.name = name;
        }
    }

    pub(super) fn begin(&mut self, path: PathBuf) {
        self.cancel_all();
        self.form = Some(ImportForm::new(path));
        self.ask(Goal::Look);
    }

    fn cancel_all(&mut self) {
        if let Some(form) = self.form.take() {
            form.progress.cancel();
        }
    }

    /// Takes a log that was read or changed.
    pub(in crate::studio) fn take_log(&mut self, news: LogNews) {
        self.cleaner.receive(news);
    }

    /// Cancels the import, and keeps the form; without an import, closes it.
    pub(super) fn cancel(&mut self) {
        match self.form.as_mut().filter(|form| form.is_importing) {
            Some(form) => form.progress.cancel(),
            None => self.cancel_all(),
        }
    }

    pub(super) fn receive(&mut self, answer: Answer) {
        let Some(form) = &mut self.form else {
            return;
        };
        form.is_busy = false;
        form.is_importing = false;
        match answer {
            Answer::Found(about, name, preview) => {
                form.source = Some(about);
                if form.name.is_empty() {
                    form.name = name;
                }
                match preview {
                    Ok(preview) => form.preview = Some(preview),
                    Err(problem) => form.problem = Some(problem),
                }
            }
            Answer::Failed(problem) => form.problem = Some(problem),
            Answer::Canceled | Answer::Opened(_) | Answer::Imported(_) => {}
        }
    }
}
