//! Images that a unit answers to, sought in the background.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::explain::{Ascent, Unit, UnitImage, unit_image};
use crate::kernels;
use crate::model::Classifier;
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;

/// What is sought, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitQuery {
    /// The unit.
    pub unit: Unit,
    /// Its name.
    pub name: String,
    /// What the noise is drawn from.
    pub seed: u64,
}

/// An image that a unit answers to.
#[derive(Clone, Debug)]
pub struct FoundImage {
    /// What was sought.
    pub query: UnitQuery,
    /// The best image so far.
    pub found: UnitImage,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// The share of the work that is done.
    pub done: f32,
}

impl FoundImage {
    /// The image as an input, `[channels, height, width]`.
    pub fn pixels(&self) -> Vec<u8> {
        let values = self.found.image.iter();
        values.map(|v| (255.0 * v).round() as u8).collect()
    }
}

/// Seeks images for units.
pub struct UnitSearch {
    thread: LatestOnly<Search, Result<(), String>>,
    /// The newest image; the thread puts it here.
    slot: Slot,
    /// Ends the search in progress.
    cancel: Arc<AtomicBool>,
    is_busy: bool,
    newest: Option<Arc<FoundImage>>,
    problem: Option<String>,
}

/// An image on its way from the thread.
type Slot = Arc<Mutex<Option<FoundImage>>>;

struct Search {
    classifier: Arc<Classifier>,
    query: UnitQuery,
    slot: Slot,
    cancel: Arc<AtomicBool>,
}

impl UnitSearch {
    pub(super) fn new(wake: Wake) -> std::io::Result<UnitSearch> {
        let mut is_first = true;
        let progress = wake.clone();
        let work = move |search| {
            if std::mem::take(&mut is_first) {
                // Off the threads that training uses.
                kernels::use_own_threads(1);
            }
            seek(&search, &progress)
        };
        Ok(UnitSearch {
            thread: LatestOnly::spawn("unit image", wake, work)?,
            slot: Slot::default(),
            cancel: Arc::default(),
            is_busy: false,
            newest: None,
            problem: None,
        })
    }

    /// Whether a search is in progress.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// The newest image: while it is sought, the best so far.
    pub fn newest(&self) -> Option<&Arc<FoundImage>> {
        self.newest.as_ref()
    }

    /// Why there is no image, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn ask(&mut self, classifier: &Arc<Classifier>, query: UnitQuery) {
        self.cancel();
        self.cancel = Arc::default();
        self.slot = Slot::default();
        self.is_busy = true;
        self.newest = None;
        self.problem = None;
        self.thread.ask(Search {
            classifier: classifier.clone(),
            query,
            slot: self.slot.clone(),
            cancel: self.cancel.clone(),
        });
    }

    /// Ends the search in progress; the best image so far stays.
    pub(super) fn cancel(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.is_busy = false;
    }

    /// Takes what was found.
    pub(super) fn pump(&mut self) {
        let done = self.thread.take();
        let found = self
            .slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if !self.is_busy {
            return;
        }
        if let Some(found) = found {
            self.newest = Some(Arc::new(found));
        }
        // Of a search that was canceled, unless the next one has ended as well.
        let Some(result) = done.filter(|_| !self.thread.is_busy()) else {
            return;
        };
        self.is_busy = false;
        if let Err(text) = result {
            self.newest = None;
            self.problem = Some(text);
        }
    }
}

impl Drop for UnitSearch {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.cancel();
    }
}

fn seek(search: &Search, progress: &Wake) -> Result<(), String> {
    let network = &search.classifier.network;
    let ascent = Ascent {
        seed: search.query.seed,
        ..Ascent::default()
    };
    let found = unit_image(
        network,
        &search.query.unit,
        ascent,
        &search.cancel,
        |found, done| {
            let found = FoundImage {
                query: search.query.clone(),
                found: found.clone(),
                shape: network.spec().input,
                done,
            };
            let mut slot = search.slot.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = Some(found);
            drop(slot);
            progress();
        },
    );
    found.map(drop).map_err(|error| error.to_string())
}
