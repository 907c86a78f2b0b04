//! The evaluation of the model that predicts: on which images, the newest result, and which of its
//! images are looked at.

mod action;
mod beside;
mod history;
mod job;
mod kept;
mod save;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::thread::Wake;
use crate::data::{Dataset, ImageSet};
use crate::evaluate::{Selection, SortKey, SplitName};
use crate::model::Classifier;
use crate::predict::LatestOnly;

pub use action::EvaluateAction;
use beside::Beside;
pub use beside::{BesideModel, MAX_BESIDE};
pub use history::{Historian, RunHistory};
pub use job::Evaluation;
use job::{Answer, Job, Quit, Subject, Task};
use kept::Kept;
pub use save::Saved;

/// While a run trains, evaluations take at most one part in this many of the time.
const PAUSES: u32 = 20;

/// What Evaluate shows.
pub struct Evaluator {
    thread: LatestOnly<Job, Answer>,
    quit: Quit,
    is_shown: bool,
    split: SplitName,
    /// What was asked about last.
    asked: Option<(Arc<Classifier>, SplitName)>,
    /// The sketches that there were then, if it was about them.
    asked_sketches: Option<ImageSet>,
    /// Whether the model in training is to be evaluated at the next opportunity.
    is_due: bool,
    /// When the newest result came, and how long it took.
    last: Option<(Instant, Duration)>,
    newest: Option<Arc<Evaluation>>,
    before: Option<Arc<Evaluation>>,
    problem: Option<String>,
    kept: Kept,
    selection: Selection,
    positions: Arc<[usize]>,
    opened: Option<usize>,
    beside: Beside,
    historian: Historian,
    /// Whether an epoch has ended since the history was made.
    has_more_history: bool,
}

impl Evaluator {
    pub(super) fn new(wake: Wake) -> std::io::Result<Evaluator> {
        let quit = Quit::default();
        let thread = LatestOnly::spawn("evaluator", wake.clone(), job::worker(quit.clone()))?;
        Ok(Evaluator {
            thread,
            quit,
            is_shown: false,
            split: SplitName::Validation,
            asked: None,
            asked_sketches: None,
            is_due: false,
            last: None,
            newest: None,
            before: None,
            problem: None,
            kept: Kept::default(),
            selection: Selection {
                sort: SortKey::Loss,
                is_descending: true,
                ..Selection::default()
            },
            positions: Arc::default(),
            opened: None,
            beside: Beside::new(wake.clone())?,
            historian: Historian::new(wake)?,
            has_more_history: false,
        })
    }

    /// Whether results are wanted.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// The images that are evaluated.
    pub fn split(&self) -> SplitName {
        self.split
    }

    /// Whether a result is awaited.
    pub fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }

    /// The newest result.
    pub fn newest(&self) -> Option<&Arc<Evaluation>> {
        self.newest.as_ref()
    }

    /// The result before it, of the same images.
    pub fn before(&self) -> Option<&Arc<Evaluation>> {
        let newest = self.newest.as_ref()?;
        self.before
            .as_ref()
            .filter(|before| before.split == newest.split)
    }

    /// Why the model could not be evaluated, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The filter and the order of the images.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The positions of the selected images among those evaluated.
    pub fn positions(&self) -> &Arc<[usize]> {
        &self.positions
    }

    /// The position of the image that was put on the canvas last.
    pub fn opened(&self) -> Option<usize> {
        self.opened
    }

    /// The models beside the one on the canvas.
    pub fn beside(&self) -> &[BesideModel] {
        &self.beside.models
    }

    /// How a run's answers changed while it learned.
    pub fn historian(&self) -> &Historian {
        &self.historian
    }

    /// Takes results, and asks for the next one if it is wanted.
    pub(super) fn pump(
        &mut self,
        subject: Option<Subject>,
        dataset: Option<&Arc<Dataset>>,
    ) -> Option<f64> {
        let temperature = self.take();
        self.historian.pump();
        self.beside
            .pump(self.split, dataset.filter(|_| self.is_shown));
        if let (true, Some(subject), Some(dataset)) = (self.is_shown, subject, dataset) {
            self.follow(subject, dataset);
        }
        temperature
    }

    /// Called when an epoch has ended: the model in training is worth another look.
    pub(super) fn epoch_ended(&mut self) {
        self.is_due = true;
        self.has_more_history = true;
    }

    fn follow(&mut self, subject: Subject, dataset: &Arc<Dataset>) {
        let is_same = |(classifier, split): &(Arc<Classifier>, SplitName)| {
            Arc::ptr_eq(classifier, &subject.classifier) && *split == self.split
        };
        let sketches = dataset.sketches.get();
        let sketches = sketches.filter(|_| self.split == SplitName::Sketches);
        let are_other = match (&self.asked_sketches, &sketches) {
            (Some(asked), Some(newest)) => !asked.is_same(newest),
            (asked, newest) => asked.is_some() != newest.is_some(),
        };
        if self.asked.as_ref().is_some_and(is_same) && !are_other {
            return;
        }
        let is_another_split = self
            .asked
            .as_ref()
            .is_none_or(|(_, split)| *split != self.split);
        let is_new = is_another_split || are_other;
        if subject.is_training && !is_new && !(self.is_due && self.is_rested()) {
            return;
        }
        self.is_due = false;
        self.asked = Some((subject.classifier.clone(), self.split));
        self.asked_sketches = sketches;
        if let Some(kept) = self.kept.get(subject.moment.as_ref(), self.split) {
            return self.show(kept);
        }
        self.thread.ask(Job {
            task: Task::Evaluate(self.split),
            subject,
            dataset: dataset.clone(),
        });
    }

    fn is_rested(&self) -> bool {
        self.last
            .is_none_or(|(at, took)| at.elapsed() > took * PAUSES)
    }

    /// Returns a temperature that was fitted.
    fn take(&mut self) -> Option<f64> {
        match self.thread.take()? {
            Answer::Evaluated(evaluation) => {
                let took = Duration::from_secs_f64(evaluation.secs);
                self.last = Some((Instant::now(), took));
                let evaluation = Arc::new(*evaluation);
                self.kept.keep(&evaluation);
                self.show(evaluation);
                None
            }
            Answer::Fitted(temperature) => Some(temperature),
            Answer::Failed(text) => {
                self.problem = Some(text);
                self.newest = None;
                self.positions = Arc::default();
                None
            }
        }
    }

    fn show(&mut self, evaluation: Arc<Evaluation>) {
        self.problem = None;
        let is_other = |newest: &Arc<Evaluation>| {
            newest.split != evaluation.split || !newest.set.is_same(&evaluation.set)
        };
        if self.newest.as_ref().is_some_and(is_other) {
            self.opened = None;
            // It chose among the images of before.
            self.selection.filter.among = None;
        }
        self.before = self.newest.replace(evaluation);
        self.select();
    }

    /// Finds the selected images anew.
    fn select(&mut self) {
        let found = self
            .newest
            .as_ref()
            .map(|e| self.selection.positions(&e.predictions));
        self.positions = found.unwrap_or_default().into();
    }
}

impl Drop for Evaluator {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.quit.set();
    }
}
