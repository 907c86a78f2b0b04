//! The history of labels: one with that of the canvas, so that undo takes back whichever came last.

use std::sync::Arc;

use crate::data::error::DataError;
use crate::data::sketches::{Sketch, SketchFolder};

/// A change of the sketches.
#[derive(Clone, Debug)]
pub(in crate::studio) enum Change {
    /// A sketch is added at this place.
    Add(usize, Sketch),
    /// The sketch at this place is deleted.
    Delete(usize, Sketch),
    /// A sketch gets another label.
    Relabel {
        id: String,
        from: String,
        to: String,
    },
}

impl Change {
    /// What takes it back.
    pub(in crate::studio) fn reversed(&self) -> Change {
        match self.clone() {
            Change::Add(place, sketch) => Change::Delete(place, sketch),
            Change::Delete(place, sketch) => Change::Add(place, sketch),
            Change::Relabel { id, from, to } => Change::Relabel {
                id,
                from: to,
                to: from,
            },
        }
    }

    /// The sketches after it.
    pub(in crate::studio) fn applied(&self, all: &[Sketch]) -> Arc<[Sketch]> {
        let mut all = all.to_vec();
        match self {
            Change::Add(place, sketch) => all.insert((*place).min(all.len()), sketch.clone()),
            Change::Delete(_, sketch) => all.retain(|s| s.id != sketch.id),
            Change::Relabel { id, to, .. } => {
                for sketch in all.iter_mut().filter(|s| s.id == *id) {
                    *sketch = sketch.relabeled(to);
                }
            }
        }
        all.into()
    }
}

/// Writes a change that was made. An added sketch `is_new`, or was deleted before; a label is written
/// with its `sketch`.
pub(in crate::studio) fn write(
    change: &Change,
    is_new: bool,
    sketch: Option<&Sketch>,
    folder: &SketchFolder,
) -> Result<(), DataError> {
    match change {
        Change::Add(_, sketch) if is_new => folder.add(sketch),
        Change::Add(_, sketch) => folder.restore(&sketch.id),
        Change::Delete(_, sketch) => folder.delete(&sketch.id),
        Change::Relabel { .. } => sketch.map_or(Ok(()), |sketch| folder.relabel(sketch)),
    }
}

/// A change, with the number of changes of the canvas before it.
#[derive(Clone, Debug)]
struct Edit {
    change: Change,
    position: u64,
}

/// The changes that can be undone and redone.
#[derive(Debug, Default)]
pub(super) struct Edits {
    past: Vec<Edit>,
    future: Vec<Edit>,
}

impl Edits {
    /// Remembers a change that was made after `position` changes of the canvas.
    pub(super) fn made(&mut self, change: Change, position: u64) {
        self.future.clear();
        self.past.push(Edit { change, position });
    }

    /// Forgets what could be redone: the canvas was changed.
    pub(super) fn drop_future(&mut self) {
        self.future.clear();
    }

    /// Whether a change is undone before the next one of a canvas at `position`.
    pub(super) fn undoes_at(&self, position: u64) -> bool {
        self.past
            .last()
            .is_some_and(|edit| edit.position >= position)
    }

    /// Whether a change is redone before the next one of a canvas at `position`, which `can_redo`.
    pub(super) fn redoes_at(&self, position: u64, can_redo: bool) -> bool {
        let is_next = |edit: &Edit| edit.position <= position || !can_redo;
        self.future.last().is_some_and(is_next)
    }

    /// What undoes the last change.
    pub(super) fn undo(&mut self) -> Option<Change> {
        let edit = self.past.pop()?;
        let reversed = edit.change.reversed();
        self.future.push(edit);
        Some(reversed)
    }

    /// What redoes the change that was undone last.
    pub(super) fn redo(&mut self) -> Option<Change> {
        let edit = self.future.pop()?;
        let change = edit.change.clone();
        self.past.push(edit);
        Some(change)
    }
}
