//! The examples: drawn, made of pictures, deleted, undone, and kept on disk.

use std::path::{Path, PathBuf};

use super::Teach;
use crate::data::sketches::{FoundSketches, Sketch, SketchFolder};
use crate::data::{DataError, PICTURE_ENDINGS, Recipe, read_image_file};
use crate::studio::message::Message;
use crate::studio::sketches::edits::{Change, write};
use crate::studio::{LastEdited, Pad, Studio};
use crate::text::{capitalized, count};

/// Most pictures that become examples at once.
const MAX_PICTURES: usize = 200;

impl Teach {
    fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.examples = change.applied(&self.examples);
            if let Change::Add(_, sketch) = change {
                self.know_class(&sketch.label);
            }
        }
    }

    fn know_class(&mut self, name: &str) {
        if !self.classes.iter().any(|class| class == name) {
            self.classes.push(name.to_owned());
        }
        self.chosen.get_or_insert_with(|| name.to_owned());
    }
}

impl Studio {
    /// Height and width of the images that the model on the canvas, or else the dataset, works with.
    fn example_shape(&self) -> Option<[usize; 3]> {
        let of_model = self.classifier().map(|c| c.network.spec().input);
        of_model.or_else(|| Some(self.dataset()?.image_shape()))
    }

    pub(super) fn add_drawing(&mut self) {
        let chosen = self.teach.chosen.clone();
        let (Some(class), Some(shape)) = (chosen, self.example_shape()) else {
            return;
        };
        if self.pad().is_empty() {
            return;
        }
        match Sketch::new(&self.pad().input(), &class, self.recipe(), shape) {
            Ok(Some(sketch)) => {
                self.edit_canvas(Pad::clear);
                self.add_examples(vec![sketch]);
            }
            Ok(None) => {
                let text = "There is too little ink on the canvas to keep it as an example";
                self.notices.error(text.to_owned());
            }
            Err(error) => self.notices.error(capitalized(&error.to_string())),
        }
    }

    pub(super) fn add_pictures(&mut self, paths: Vec<PathBuf>) {
        let chosen = self.teach.chosen.clone();
        let (Some(class), Some(shape)) = (chosen, self.example_shape()) else {
            let text = "Name a new class first: the pictures become its examples";
            return self.notices.error(text.to_owned());
        };
        let recipe = self.recipe();
        let activity = format!("reading examples of {class}");
        self.files.run(activity, move || {
            let (made, refused) = made_of(&paths, &class, recipe, shape);
            let first = refused.first().map(|first| {
                let n = count(refused.len(), "picture");
                format!("{n} cannot be used: {first}")
            });
            Message::Examples(made, first)
        });
    }

    pub(in crate::studio) fn receive_examples(
        &mut self,
        made: Vec<Sketch>,
        problem: Option<String>,
    ) {
        self.add_examples(made);
        if let Some(problem) = problem {
            self.notices.error(problem);
        }
    }

    fn add_examples(&mut self, sketches: Vec<Sketch>) {
        let first = self.teach.examples.len();
        let placed = (first..).zip(sketches);
        self.make_examples(placed.map(|(at, sketch)| Change::Add(at, sketch)).collect());
    }

    pub(super) fn delete_example(&mut self, id: &str) {
        let place = self.teach.examples.iter().position(|s| s.id == id);
        if let Some(place) = place {
            let sketch = self.teach.examples[place].clone();
            self.make_examples(vec![Change::Delete(place, sketch)]);
        }
    }

    pub(super) fn remove_class(&mut self, name: &str) {
        let of_class = self.teach.examples.iter().enumerate();
        let of_class = of_class.filter(|(_, sketch)| sketch.label == name);
        // From the last on, so that each is put back at its place.
        let deleted = of_class.map(|(at, sketch)| Change::Delete(at, sketch.clone()));
        let deleted: Vec<Change> = deleted.collect::<Vec<_>>().into_iter().rev().collect();
        self.make_examples(deleted);
        let teach = &mut self.teach;
        teach.classes.retain(|class| class != name);
        if teach.chosen() == Some(name) {
            teach.chosen = teach.classes.last().cloned();
        }
    }

    /// Makes changes that are undone together.
    fn make_examples(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.teach.past.push(changes.clone());
        self.change_examples(changes, true);
    }

    pub(super) fn undo_example(&mut self) {
        let Some(changes) = self.teach.past.pop() else {
            return;
        };
        let reversed = changes.iter().rev().map(Change::reversed).collect();
        self.change_examples(reversed, false);
    }

    /// Makes changes in memory, and on disk as soon as the file thread has time.
    fn change_examples(&mut self, changes: Vec<Change>, is_new: bool) {
        self.last_edited = LastEdited::Examples;
        self.teach.apply(&changes);
        let Some(folder) = self.teach.folder.clone() else {
            return;
        };
        self.files.run("saving examples".to_owned(), move || {
            let mut all = changes.iter();
            let written = all.try_for_each(|change| write(change, is_new, None, &folder));
            Message::ExamplesSaved(written.map_err(|e| e.to_string()))
        });
    }

    /// Examples were written, or could not be: then what is on disk counts.
    pub(in crate::studio) fn receive_examples_saved(&mut self, written: Result<(), String>) {
        if let Err(text) = written {
            self.notices
                .error(format!("The examples were not saved: {text}"));
            self.teach.past.clear();
            self.read_examples();
        }
    }

    /// Reads the examples of the workspace.
    pub(in crate::studio) fn read_examples(&mut self) {
        if let Some(folder) = self.teach.folder.clone() {
            self.files.run("reading the examples".to_owned(), move || {
                let found = folder.mend().map_err(|e| e.to_string());
                Message::ExamplesRead(folder.path().to_owned(), found)
            });
        }
    }

    /// The examples of a workspace were read.
    pub(in crate::studio) fn receive_examples_read(
        &mut self,
        folder: &Path,
        found: Result<FoundSketches, String>,
    ) {
        if self.teach.folder.as_ref().map(SketchFolder::path) != Some(folder) {
            return;
        }
        let found = found.unwrap_or_else(|text| FoundSketches {
            sketches: Vec::new(),
            damage: Some(text),
        });
        if let Some(damage) = &found.damage {
            self.notices.error(capitalized(damage));
        }
        for sketch in &found.sketches {
            self.teach.know_class(&sketch.label);
        }
        self.teach.examples = found.sketches.into();
    }
}

/// Makes examples of pictures, and of those in folders; says what cannot be used.
fn made_of(
    paths: &[PathBuf],
    class: &str,
    recipe: Recipe,
    shape: [usize; 3],
) -> (Vec<Sketch>, Vec<String>) {
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for path in paths.iter().flat_map(|path| pictures_of(path)) {
        if made.len() == MAX_PICTURES {
            refused.push(format!("only {MAX_PICTURES} are taken at once"));
            break;
        }
        match made_of_file(&path, class, recipe, shape) {
            Ok(sketch) => made.push(sketch),
            Err(text) => refused.push(text),
        }
    }
    if made.is_empty() && refused.is_empty() {
        refused.push("there is none in the folder".to_owned());
    }
    (made, refused)
}

fn made_of_file(
    path: &Path,
    class: &str,
    recipe: Recipe,
    shape: [usize; 3],
) -> Result<Sketch, String> {
    let made = read_image_file(path)
        .and_then(|image| Sketch::new(&image.into(), class, recipe, shape))
        .map_err(|error: DataError| error.to_string())?;
    made.ok_or_else(|| format!("there is nothing on {}", path.display()))
}

/// The picture itself, or the pictures in a folder by name.
fn pictures_of(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else {
        return vec![path.to_owned()];
    };
    let is_picture = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| PICTURE_ENDINGS.contains(&ending.to_lowercase().as_str()))
    };
    let files = entries.flatten().map(|entry| entry.path());
    let mut pictures: Vec<PathBuf> = files.filter(is_picture).collect();
    pictures.sort();
    pictures
}
