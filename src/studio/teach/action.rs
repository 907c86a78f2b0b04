//! Actions on the examples of new classes.

use std::path::PathBuf;

use super::Teach;
use crate::studio::Studio;

/// An action on the examples of new classes.
#[derive(Clone, Debug)]
pub enum TeachAction {
    /// Name a new class, and choose it.
    AddClass(String),
    /// Remove a class with its examples.
    RemoveClass(String),
    /// Choose the class that is given examples.
    Choose(String),
    /// Keep what is on the canvas as an example of the chosen class, and clear the canvas.
    AddDrawing,
    /// Make examples of the chosen class of these pictures, or of the pictures in these folders.
    AddPictures(Vec<PathBuf>),
    /// Delete the example with this id.
    Delete(String),
    /// Undo the last change of the examples.
    Undo,
    /// Whether images of the old classes are mixed in, so that they are not forgotten.
    KeepOld(bool),
    /// How many training images of each old class are mixed in.
    SetMixed(usize),
    /// Whether all layers learn, the last one most; otherwise only the last one, which is faster.
    TrainBody(bool),
    /// Train a model on the examples, starting from the one on the canvas.
    Teach,
}

impl Teach {
    /// Whether `action` would change anything; what starts something always counts.
    pub(in crate::studio) fn would_change(&self, action: &TeachAction) -> bool {
        match action {
            TeachAction::Choose(class) => self.chosen() != Some(class),
            TeachAction::KeepOld(keeps_old) => self.keeps_old != *keeps_old,
            TeachAction::SetMixed(n) => self.n_mixed != *n,
            TeachAction::TrainBody(trains_body) => self.trains_body != *trains_body,
            TeachAction::Undo => self.can_undo(),
            TeachAction::AddClass(_)
            | TeachAction::RemoveClass(_)
            | TeachAction::AddDrawing
            | TeachAction::AddPictures(_)
            | TeachAction::Delete(_)
            | TeachAction::Teach => true,
        }
    }

    fn add_class(&mut self, name: &str) {
        let name = name.trim();
        if name.is_empty() {
            return;
        }
        if !self.classes.iter().any(|class| class == name) {
            self.classes.push(name.to_owned());
        }
        self.chosen = Some(name.to_owned());
    }
}

impl Studio {
    pub(in crate::studio) fn handle_teach(&mut self, action: TeachAction) {
        match action {
            TeachAction::AddClass(name) => self.teach.add_class(&name),
            TeachAction::RemoveClass(name) => self.remove_class(&name),
            TeachAction::Choose(class) => self.teach.chosen = Some(class),
            TeachAction::AddDrawing => self.add_drawing(),
            TeachAction::AddPictures(paths) => self.add_pictures(paths),
            TeachAction::Delete(id) => self.delete_example(&id),
            TeachAction::Undo => self.undo_example(),
            TeachAction::KeepOld(keeps_old) => self.teach.keeps_old = keeps_old,
            TeachAction::SetMixed(n) => self.teach.n_mixed = n.max(1),
            TeachAction::TrainBody(trains_body) => self.teach.trains_body = trains_body,
            TeachAction::Teach => self.begin_lesson(),
        }
    }
}
