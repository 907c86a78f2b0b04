//! Actions on the sketches.

use std::path::{Path, PathBuf};

use super::edits::{Change, write};
use crate::data::sketches::{FoundSketches, Sketch, image_set};
use crate::data::{DataFormat, Dataset, InputImage};
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::studio::{DraftAction, LastEdited, Studio};
use crate::text::capitalized;
use crate::train::TrainConfig;

/// An action on the labeled sketches.
#[derive(Clone, Debug)]
pub enum SketchAction {
    /// Keep what is on the canvas as a sketch of the class with this name; if it is kept already, that
    /// is its new label.
    Label(String),
    /// Give the sketch with this id another label.
    Relabel(String, String),
    /// Delete the sketch with this id.
    Delete(String),
    /// Put the sketch with this id on the canvas.
    Show(String),
    /// Write them for other programs: NumPy arrays if the path ends in `.npz`, else a folder of PNG
    /// files.
    Export(PathBuf),
    /// Add augmentation to the settings that reaches as far as the sketches are from the training
    /// images.
    MatchAugmentation,
}

impl Studio {
    /// Undoes the last change of the canvas or of a label.
    pub(in crate::studio) fn undo_on_canvas(&mut self) {
        let position = self.pad().position();
        match self.sketches.edits.undoes_at(position) {
            true => {
                let change = self.sketches.edits.undo();
                self.change_sketches(change, false);
            }
            false => self.change_canvas(crate::studio::Pad::undo),
        }
    }

    /// Redoes the change of the canvas or of a label that was undone last.
    pub(in crate::studio) fn redo_on_canvas(&mut self) {
        let pad = self.pad();
        match self
            .sketches
            .edits
            .redoes_at(pad.position(), pad.can_redo())
        {
            true => {
                let change = self.sketches.edits.redo();
                self.change_sketches(change, false);
            }
            false => self.change_canvas(crate::studio::Pad::redo),
        }
    }

    /// Whether an action would change anything.
    pub(in crate::studio) fn would_change_sketches(&self, action: &SketchAction) -> bool {
        let find = |id: &str| self.sketches.find(id);
        match action {
            SketchAction::Label(label) => self.can_label() && self.sketch_label() != Some(label),
            SketchAction::Relabel(id, label) => find(id).is_some_and(|s| s.label != *label),
            SketchAction::Delete(id) | SketchAction::Show(id) => find(id).is_some(),
            SketchAction::Export(_) | SketchAction::MatchAugmentation => true,
        }
    }

    pub(in crate::studio) fn handle_sketch(&mut self, action: SketchAction) {
        match action {
            SketchAction::Label(label) => self.label_canvas(&label),
            SketchAction::Relabel(id, label) => self.relabel(&id, label),
            SketchAction::Delete(id) => self.delete_sketch(&id),
            SketchAction::Show(id) => self.show_sketch(&id),
            SketchAction::Export(path) => self.export_sketches(path),
            SketchAction::MatchAugmentation => self.match_augmentation(),
        }
    }

    fn label_canvas(&mut self, label: &str) {
        if !self.can_label() {
            return;
        }
        let image = self.pad().input();
        if let Some(sketch) = self.sketches.of_canvas(&image) {
            let id = sketch.id.clone();
            return self.relabel(&id, label.to_owned());
        }
        let of_model = |studio: &Studio| Some(studio.classifier()?.network.spec().input);
        let of_data = |studio: &Studio| Some(studio.dataset()?.image_shape());
        let Some(shape) = of_model(self).or_else(|| of_data(self)) else {
            return;
        };
        match Sketch::new(&image, label, self.recipe(), shape) {
            Ok(Some(sketch)) => {
                self.sketches.is_on_canvas(image, sketch.id.clone());
                let place = self.sketches.all.len();
                self.make(Change::Add(place, sketch));
            }
            Ok(None) => {
                let text = "There is too little ink on the canvas to keep it as a sketch";
                self.notices.error(text.to_owned());
            }
            Err(error) => self.notices.error(error.to_string()),
        }
    }

    fn relabel(&mut self, id: &str, to: String) {
        let Some(sketch) = self.sketches.find(id).filter(|s| s.label != to) else {
            return;
        };
        self.make(Change::Relabel {
            id: id.to_owned(),
            from: sketch.label.clone(),
            to,
        });
    }

    fn delete_sketch(&mut self, id: &str) {
        let place = self.sketches.all.iter().position(|s| s.id == id);
        if let Some(place) = place {
            let sketch = self.sketches.all[place].clone();
            self.make(Change::Delete(place, sketch));
        }
    }

    fn show_sketch(&mut self, id: &str) {
        let Some(image) = self.sketches.find(id).map(Sketch::image) else {
            return;
        };
        let image = match image {
            Ok(image) => image,
            Err(error) => return self.notices.error(error.to_string()),
        };
        let (shown, picture) = match &image {
            InputImage::Sketch(gray) => ((**gray).clone(), None),
            InputImage::Decoded(picture) | InputImage::Input(picture) => {
                (self.recipe().shown(picture), Some(image.clone()))
            }
        };
        self.edit_canvas(|pad| pad.paste(&shown, picture, None));
        let image = self.pad().input();
        self.sketches.is_on_canvas(image, id.to_owned());
    }

    fn export_sketches(&mut self, path: PathBuf) {
        let Some(folder) = self.sketches.folder().map(Path::to_owned) else {
            let text =
                "These sketches are in memory only: open a workspace to keep and export them";
            return self.notices.error(text.to_owned());
        };
        let is_npz = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("npz"));
        let format = if is_npz {
            DataFormat::Npz
        } else {
            DataFormat::Folder
        };
        let activity = format!("exporting to {}", path.display());
        self.files.run(activity, move || {
            let written = Dataset::open(&folder).and_then(|data| data.export(format, &path));
            Message::Saved(path, written.map_err(|e| e.to_string()))
        });
    }

    fn match_augmentation(&mut self) {
        if let Some(augment) = self.matched_augmentation() {
            let mut draft = self.draft().clone();
            draft.augment = augment;
            self.handle(DraftAction::Set(Box::new(draft)));
        }
    }

    /// Makes a change that can be undone.
    fn make(&mut self, change: Change) {
        self.last_edited = LastEdited::Canvas;
        let position = self.pad().position();
        self.sketches.edits.made(change.clone(), position);
        self.change_sketches(Some(change), true);
    }

    /// Makes a change in memory, and on disk as soon as the file thread has time.
    fn change_sketches(&mut self, change: Option<Change>, is_new: bool) {
        let Some(change) = change else { return };
        self.sketches.apply(&change);
        let Some(folder) = self.sketches.folder.clone() else {
            return;
        };
        let sketch = match &change {
            Change::Relabel { id, .. } => self.sketches.find(id).cloned(),
            Change::Add(..) | Change::Delete(..) => None,
        };
        self.files.run("saving a sketch".to_owned(), move || {
            let written = write(&change, is_new, sketch.as_ref(), &folder);
            Message::SketchSaved(written.map_err(|e| e.to_string()))
        });
    }

    /// Reads the sketches of the workspace.
    pub(in crate::studio) fn read_sketches(&mut self) {
        if let Some(folder) = self.sketches.folder.clone() {
            self.files.run("reading the sketches".to_owned(), move || {
                let found = folder.mend().map_err(|e| e.to_string());
                Message::SketchesRead(folder.path().to_owned(), found)
            });
        }
    }

    /// A sketch was written, or could not be: then what is on disk counts.
    pub(in crate::studio) fn receive_sketch_saved(&mut self, written: Result<(), String>) {
        if let Err(text) = written {
            self.notices
                .error(format!("The sketch was not saved: {text}"));
            self.sketches.forget_edits();
            self.read_sketches();
        }
    }

    /// The sketches of a workspace were read.
    pub(in crate::studio) fn receive_sketches(
        &mut self,
        folder: &Path,
        found: Result<FoundSketches, String>,
    ) {
        if self.sketches.folder() != Some(folder) {
            return;
        }
        let found = found.unwrap_or_else(|text| FoundSketches {
            sketches: Vec::new(),
            damage: Some(text),
        });
        if let Some(damage) = &found.damage {
            self.notices.error(capitalized(damage));
        }
        self.sketches.take_found(found);
    }

    /// Makes the sketches images of `dataset` at once, for a run with `config` that trains on them.
    pub(in crate::studio) fn hand_over_sketches(&self, config: &TrainConfig, dataset: &Dataset) {
        let (recipe, shape) = (dataset.recipe, dataset.image_shape());
        if config.sketch_share > 0.0
            && let Ok((_, set)) = image_set(&self.sketches.all, &dataset.classes, recipe, shape)
            && dataset.sketches.get().as_ref() != Some(&set)
        {
            dataset.sketches.set(Some(set));
        }
    }

    /// Takes what is known of the sketches, and asks for what is not.
    pub(in crate::studio) fn pump_sketches(&mut self) {
        let is_training = self.live_run().is_some() && matches!(self.model(), Model::Trained(_));
        let (dataset, classifier) = (self.dataset().cloned(), self.classifier().cloned());
        self.sketches
            .pump(dataset.as_ref(), classifier.as_ref(), is_training);
    }
}
