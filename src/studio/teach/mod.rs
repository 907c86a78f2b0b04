//! Teaching new classes: their examples, the run that learns them, and what it knows afterwards.

mod action;
mod examples;
mod lesson;
mod measure;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::Studio;
use super::sketches::edits::Change;
use super::thread::Wake;
use crate::data::sketches::{Sketch, SketchFolder};
use crate::predict::LatestOnly;
use crate::runs::RunId;

pub use action::TeachAction;
pub(super) use lesson::Prepared;
use lesson::{Base, Running};
pub use measure::Lesson;
use measure::{Question, measure};

/// Training images of each old class that are mixed in, unless another number is chosen: as many as
/// there should be of a new one.
const DEFAULT_MIXED: usize = 20;

/// The examples of new classes, and the run that learns them.
pub struct Teach {
    /// Where the examples are kept; without a workspace, in memory only.
    folder: Option<SketchFolder>,
    classes: Vec<String>,
    examples: Arc<[Sketch]>,
    /// The changes that can be undone, each with all that is undone together.
    past: Vec<Vec<Change>>,
    /// The class that is given examples.
    chosen: Option<String>,
    n_mixed: usize,
    keeps_old: bool,
    trains_body: bool,
    phase: Phase,
    thread: LatestOnly<Question, Result<Lesson, String>>,
    lesson: Option<Lesson>,
    /// What the newest lesson began with, and the run that learned it.
    taught: Option<(RunId, Base)>,
}

/// How far a lesson is.
enum Phase {
    /// There is none.
    Idle,
    /// It waits for the end of the run in training.
    Stopping(Instant),
    /// The dataset is being made.
    Preparing(Instant),
    /// The run is training.
    Training(Box<Running>),
    /// The model is being measured.
    Measuring,
}

impl Teach {
    pub(super) fn new(workspace: Option<&Path>, wake: Wake) -> std::io::Result<Teach> {
        Ok(Teach {
            folder: workspace.map(SketchFolder::examples),
            classes: Vec::new(),
            examples: Arc::default(),
            past: Vec::new(),
            chosen: None,
            n_mixed: DEFAULT_MIXED,
            keeps_old: true,
            trains_body: true,
            phase: Phase::Idle,
            thread: LatestOnly::spawn("lesson", wake, measure)?,
            lesson: None,
            taught: None,
        })
    }

    /// The new classes, in the order in which they were named.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The examples of all classes.
    pub fn examples(&self) -> &Arc<[Sketch]> {
        &self.examples
    }

    /// The examples of a class.
    pub fn of_class<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a Sketch> {
        self.examples
            .iter()
            .filter(move |sketch| sketch.label == class)
    }

    /// The class that is given examples.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Training images of each old class that are mixed in; `None` if the old classes are given up.
    pub fn n_mixed(&self) -> Option<usize> {
        self.keeps_old.then_some(self.n_mixed)
    }

    /// Whether all layers learn, the last one most; otherwise only the last one.
    pub fn trains_body(&self) -> bool {
        self.trains_body
    }

    /// Whether a change of the examples can be undone.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether a lesson is going on.
    pub fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// What the newest lesson came to.
    pub fn lesson(&self) -> Option<&Lesson> {
        self.lesson.as_ref()
    }

    /// Goes on in another workspace, whose examples are yet to be read.
    pub(super) fn open(&mut self, workspace: Option<&Path>) {
        self.folder = workspace.map(SketchFolder::examples);
        self.classes.clear();
        self.examples = Arc::default();
        self.past.clear();
        self.chosen = None;
    }
}

impl Studio {
    /// The examples of new classes, and the run that learns them.
    pub fn teach(&self) -> &Teach {
        &self.teach
    }
}
