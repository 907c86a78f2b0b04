//! Where ink would make another class the answer, and the least ink that does: the work of their
//! threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::follower::Job;
use crate::explain::{ExplainError, InkMap, LeastInk, ink_map, least_ink};
use crate::kernels;
use crate::model::Classifier;
use crate::predict::{LatestOnly, Prediction};
use crate::studio::thread::Wake;

/// Where ink would raise a class, and on what.
#[derive(Clone, Debug)]
pub struct InkHint {
    /// The map.
    pub map: InkMap,
    /// The input, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Seconds it took.
    pub secs: f64,
}

/// The work for a class, or for the most probable one after the answer.
pub(super) fn hint(job: Job<Option<usize>>, cancel: &AtomicBool) -> Result<InkHint, ExplainError> {
    let start = Instant::now();
    Ok(InkHint {
        map: ink_map(&job.classifier.network, &job.input, job.settings, cancel)?,
        input: job.input,
        shape: job.shape,
        classes: job.classifier.classes.clone(),
        secs: start.elapsed().as_secs_f64(),
    })
}

/// Seeks the least ink that makes a class the answer.
pub struct InkSearch {
    thread: LatestOnly<Search, Result<LeastInk, String>>,
    /// Ends the search in progress.
    cancel: Arc<AtomicBool>,
    asked: Option<Asked>,
    outcome: Option<(u64, InkOutcome)>,
}

struct Search {
    classifier: Arc<Classifier>,
    input: Vec<u8>,
    class: usize,
    cancel: Arc<AtomicBool>,
}

/// What ink is sought for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) input: Vec<u8>,
    pub(super) shape: [usize; 3],
    /// The part of the canvas that is the input.
    pub(super) frame: [f32; 4],
    /// The version of the canvas.
    version: u64,
}

/// What became of a search.
#[derive(Clone, Debug)]
pub enum InkOutcome {
    /// The class is the answer now.
    Added(Arc<LeastInk>),
    /// Why it is not, in one sentence.
    Failed(String),
}

impl InkSearch {
    pub(super) fn new(wake: Wake) -> std::io::Result<InkSearch> {
        let mut is_first = true;
        let work = move |search: Search| {
            if std::mem::take(&mut is_first) {
                // Off the threads that training uses.
                kernels::use_own_threads(1);
            }
            least_ink(
                &search.classifier,
                &search.input,
                search.class,
                &search.cancel,
            )
            .map_err(|error| error.to_string())
        };
        Ok(InkSearch {
            thread: LatestOnly::spawn("least ink", wake, work)?,
            cancel: Arc::default(),
            asked: None,
            outcome: None,
        })
    }

    /// Whether a search is in progress.
    pub fn is_busy(&self) -> bool {
        self.asked.is_some()
    }

    /// What became of the search for what is on the canvas, whose version is given.
    pub fn outcome(&self, version: u64) -> Option<&InkOutcome> {
        let (of, outcome) = self.outcome.as_ref()?;
        (*of == version).then_some(outcome)
    }

    /// Seeks ink for the prediction of the canvas at `version`.
    pub(super) fn ask(
        &mut self,
        classifier: &Arc<Classifier>,
        prediction: &Prediction,
        class: usize,
        version: u64,
    ) {
        self.cancel();
        self.cancel = Arc::default();
        self.outcome = None;
        self.asked = Some(Asked {
            input: prediction.input.clone(),
            shape: prediction.input_shape,
            frame: prediction.frame.unwrap_or([0.0, 0.0, 1.0, 1.0]),
            version,
        });
        self.thread.ask(Search {
            classifier: classifier.clone(),
            input: prediction.input.clone(),
            class,
            cancel: self.cancel.clone(),
        });
    }

    /// Ends the search in progress without a result.
    pub(super) fn cancel(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.asked = None;
    }

    /// Takes a result for the canvas at `version`; one for an earlier canvas is dropped.
    pub(super) fn take(&mut self, version: u64) -> Option<(Asked, LeastInk)> {
        if self.asked.as_ref().is_some_and(|a| a.version != version) {
            self.cancel();
        }
        let done = self.thread.take()?;
        // Of a search that was canceled, unless the next one has ended as well.
        if self.thread.is_busy() {
            return None;
        }
        let asked = self.asked.take()?;
        match done {
            Ok(found) => Some((asked, found)),
            Err(text) => {
                self.outcome = Some((version, InkOutcome::Failed(text)));
                None
            }
        }
    }

    /// The ink is on the canvas, whose version is given.
    pub(super) fn added(&mut self, version: u64, ink: LeastInk) {
        self.outcome = Some((version, InkOutcome::Added(Arc::new(ink))));
    }
}

impl Drop for InkSearch {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.cancel();
    }
}
