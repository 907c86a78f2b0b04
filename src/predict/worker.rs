//! Answers about the newest sketch, on a thread of its own.
//!
//! One request runs, one waits, and a newer one replaces the one that waits: while a stroke grows,
//! the answer follows it as fast as the machine can, and never falls behind.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::{Prediction, classify};
use crate::data::GreyImage;
use crate::model::Classifier;

/// A question.
#[derive(Clone, Debug)]
pub struct Request {
    /// Version of the sketch, handed back with the answer.
    pub version: u64,
    /// The sketch.
    pub sketch: GreyImage,
    /// Whom to ask.
    pub classifier: Arc<Classifier>,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Version of the sketch it belongs to.
    pub version: u64,
    /// `None` when the sketch is empty; the error is one sentence.
    pub prediction: Result<Option<Prediction>, String>,
}

/// The thread.
#[derive(Debug)]
pub struct Predictor {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

/// Where questions and answers lie.
#[derive(Debug, Default)]
struct Desk {
    papers: Mutex<Papers>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Papers {
    question: Option<Request>,
    answer: Option<Answer>,
    is_busy: bool,
    is_closed: bool,
}

impl Predictor {
    /// Starts the thread. It calls `wake` after each answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Predictor> {
        let desk = Arc::new(Desk::default());
        let thread = std::thread::Builder::new()
            .name("predictor".to_owned())
            .spawn({
                let desk = desk.clone();
                move || desk.work(&*wake)
            })?;
        Ok(Predictor {
            desk,
            thread: Some(thread),
        })
    }

    /// Asks, and forgets a question that still waits.
    pub fn ask(&self, request: Request) {
        self.desk.lock().question = Some(request);
        self.desk.changed.notify_all();
    }

    /// The newest answer since the last call.
    pub fn take_answer(&self) -> Option<Answer> {
        self.desk.lock().answer.take()
    }

    /// Whether an answer is on its way.
    pub fn is_busy(&self) -> bool {
        let papers = self.desk.lock();
        papers.is_busy || papers.question.is_some()
    }
}

impl Drop for Predictor {
    fn drop(&mut self) {
        self.desk.lock().is_closed = true;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A fault in a prediction ends that thread only; the window is closing anyway.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn work(&self, wake: &(dyn Fn() + Send + Sync)) {
        while let Some(request) = self.next() {
            let prediction = classify(&request.classifier, &request.sketch)
                .map_err(|e| format!("the sketch could not be classified: {e}"));
            let mut papers = self.lock();
            papers.is_busy = false;
            papers.answer = Some(Answer {
                version: request.version,
                prediction,
            });
            drop(papers);
            wake();
        }
    }

    /// Waits for a question; `None` when the desk is closed.
    fn next(&self) -> Option<Request> {
        let mut papers = self.lock();
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(request) = papers.question.take() {
                papers.is_busy = true;
                return Some(request);
            }
            papers = self
                .changed
                .wait(papers)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The papers are in order after every statement, so a panic elsewhere cannot spoil them.
    fn lock(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
