//! The user's labeled sketches: kept, corrected, deleted and undone, and how the model on the canvas
//! does on them.

mod action;
pub(in crate::studio) mod edits;
mod score;
mod view;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::thread::Wake;
use crate::data::sketches::{FoundSketches, Sketch, SketchFolder};
use crate::data::{Dataset, InputImage};
use crate::model::Classifier;
use crate::predict::LatestOnly;

pub use action::SketchAction;
use edits::{Change, Edits};
pub use score::SketchScore;
use score::{Asked, score};

/// Most canvases that are known to be sketches: as many as can be undone.
const MAX_LABELED: usize = 64;

/// The sketches, and what is known of them.
pub struct Sketches {
    /// Where they are kept; without a workspace, in memory only.
    folder: Option<SketchFolder>,
    /// Whether the folder was read.
    is_read: bool,
    all: Arc<[Sketch]>,
    edits: Edits,
    /// What was on the canvas as it was labeled, with the ids of these sketches, the newest last:
    /// undo brings it back.
    labeled: VecDeque<(InputImage, String)>,
    thread: LatestOnly<Asked, SketchScore>,
    asked: Option<Asked>,
    /// Whether the model in training is worth another look.
    is_due: bool,
    score: Option<SketchScore>,
}

impl Sketches {
    pub(super) fn new(workspace: Option<&Path>, wake: Wake) -> std::io::Result<Sketches> {
        Ok(Sketches {
            folder: workspace.map(SketchFolder::of),
            is_read: workspace.is_none(),
            all: Arc::default(),
            edits: Edits::default(),
            labeled: VecDeque::new(),
            thread: LatestOnly::spawn("sketches", wake, {
                let mut training = None;
                move |asked| score(asked, &mut training)
            })?,
            asked: None,
            is_due: false,
            score: None,
        })
    }

    /// All of them, in the order in which they were labeled first.
    pub fn all(&self) -> &Arc<[Sketch]> {
        &self.all
    }

    /// How the model on the canvas does on them; `None` before that was measured.
    pub fn score(&self) -> Option<&SketchScore> {
        self.score.as_ref()
    }

    /// The folder they are kept in.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(SketchFolder::path)
    }

    /// Whether everything that was asked for is known.
    pub fn is_settled(&self) -> bool {
        self.is_read && !self.thread.is_busy()
    }

    /// Goes on in another workspace, whose sketches are yet to be read.
    pub(super) fn open(&mut self, workspace: Option<&Path>) {
        self.folder = workspace.map(SketchFolder::of);
        self.is_read = workspace.is_none();
        self.all = Arc::default();
        self.edits = Edits::default();
        self.labeled.clear();
    }

    /// Takes what was read; what was labeled meanwhile stays.
    pub(super) fn take_found(&mut self, found: FoundSketches) {
        let mut all = found.sketches;
        let is_known = |sketch: &Sketch, all: &[Sketch]| all.iter().any(|s| s.id == sketch.id);
        let new = self.all.iter().filter(|s| !is_known(s, &all)).cloned();
        let new: Vec<Sketch> = if self.is_read {
            Vec::new()
        } else {
            new.collect()
        };
        all.extend(new);
        self.is_read = true;
        self.all = all.into();
    }

    /// Forgets all edits, because what is on disk may not be what they left.
    pub(super) fn forget_edits(&mut self) {
        self.edits = Edits::default();
        self.labeled.clear();
    }

    /// The sketch with this id.
    pub(super) fn find(&self, id: &str) -> Option<&Sketch> {
        self.all.iter().find(|sketch| sketch.id == id)
    }

    /// The labeled sketch that `image`, which is on the canvas, is.
    pub(super) fn of_canvas(&self, image: &InputImage) -> Option<&Sketch> {
        let known = self.labeled.iter().rev();
        let (_, id) = known
            .into_iter()
            .find(|(labeled, _)| labeled.is_same(image))?;
        self.find(id)
    }

    /// Remembers that `image`, which is on the canvas, is the sketch with this id.
    fn is_on_canvas(&mut self, image: InputImage, id: String) {
        if self.labeled.len() == MAX_LABELED {
            self.labeled.pop_front();
        }
        self.labeled.push_back((image, id));
    }

    fn apply(&mut self, change: &Change) {
        self.all = change.applied(&self.all);
    }

    /// Called when the canvas was changed: what was undone before cannot be redone.
    pub(super) fn canvas_edited(&mut self) {
        self.edits.drop_future();
    }

    /// Called when an epoch has ended: the model in training is worth another look.
    pub(super) fn epoch_ended(&mut self) {
        self.is_due = true;
    }

    /// Takes a result, and asks for the next one if anything has changed.
    pub(super) fn pump(
        &mut self,
        dataset: Option<&Arc<Dataset>>,
        classifier: Option<&Arc<Classifier>>,
        is_training: bool,
    ) {
        if let Some(score) = self.thread.take() {
            self.score = Some(score);
        }
        let now = Asked {
            all: self.all.clone(),
            dataset: dataset.cloned(),
            classifier: classifier.cloned(),
        };
        let is_new = match &self.asked {
            None => !now.all.is_empty(),
            Some(asked) => {
                let is_other_model = !asked.is_same_model(&now);
                !asked.are_same_images(&now) || is_other_model && (!is_training || self.is_due)
            }
        };
        // A model in training changes many times a second; what is asked is answered first.
        if is_new && !self.thread.is_busy() {
            self.is_due = false;
            self.asked = Some(now.clone());
            self.thread.ask(now);
        }
    }
}
