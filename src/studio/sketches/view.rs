//! What a front end reads about the sketches.

use super::Sketches;
use crate::data::Augment;
use crate::studio::Studio;

impl Studio {
    /// The user's labeled sketches.
    pub fn sketches(&self) -> &Sketches {
        &self.sketches
    }

    /// The names of the classes that a sketch can be labeled as: those of the model, or else of the
    /// dataset.
    pub fn sketch_classes(&self) -> &[String] {
        match (self.classifier(), self.dataset()) {
            (Some(classifier), _) => &classifier.classes,
            (None, Some(dataset)) => &dataset.classes,
            (None, None) => &[],
        }
    }

    /// The class that the key of a digit stands for: the one with that name, or else the first for 1
    /// and the tenth for 0.
    pub fn sketch_class(&self, digit: u8) -> Option<&str> {
        let classes = self.sketch_classes();
        let name = digit.to_string();
        let named = classes.iter().find(|class| **class == name);
        let numbered = || classes.get((usize::from(digit) + 9) % 10);
        named.or_else(numbered).map(String::as_str)
    }

    /// The name of the class that the model answered for what is on the canvas.
    pub fn answered_class(&self) -> Option<&str> {
        let class = self.prediction()?.class;
        let name = self.classifier()?.classes.get(class)?;
        Some(name)
    }

    /// The augmentation of the settings, raised to reach as far as the sketches are from the training
    /// images; `None` if it does already.
    pub fn matched_augmentation(&self) -> Option<Augment> {
        let gap = self.sketches.score()?.gap?;
        let augment = self.draft().augment;
        Some(gap.matched(augment)).filter(|matched| *matched != augment)
    }

    /// Whether what is on the canvas can be labeled: images of the dataset already are.
    pub fn can_label(&self) -> bool {
        let pad = self.pad();
        !pad.is_empty() && pad.true_label().is_none() && !self.sketch_classes().is_empty()
    }

    /// The label of what is on the canvas, if it is a labeled sketch.
    pub fn sketch_label(&self) -> Option<&str> {
        let sketch = self.sketches.of_canvas(&self.pad().input())?;
        Some(&sketch.label)
    }

    /// Whether the last change of the canvas or of a label can be undone.
    pub fn can_undo_on_canvas(&self) -> bool {
        let pad = self.pad();
        pad.can_undo() || self.sketches.edits.undoes_at(pad.position())
    }

    /// Whether the change of the canvas or of a label that was undone last can be redone.
    pub fn can_redo_on_canvas(&self) -> bool {
        let pad = self.pad();
        pad.can_redo() || self.sketches.edits.redoes_at(pad.position(), false)
    }

    /// Whether undo takes back a change of a label next, and not one of the canvas.
    pub fn undoes_label(&self) -> bool {
        self.sketches.edits.undoes_at(self.pad().position())
    }
}
