//! What is in the dataset as a whole, computed in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::{Dataset, Duplicates, Statistics};
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;

/// What is in a dataset as a whole.
#[derive(Clone, Debug)]
pub struct DatasetLook {
    /// The dataset.
    pub dataset: Arc<Dataset>,
    /// How many training and test images each class has.
    pub counts: Vec<[usize; 2]>,
    /// What the training images look like together.
    pub statistics: Statistics,
    /// Images that are there more than once; near duplicates only on request.
    pub duplicates: Duplicates,
    /// Whether near duplicates were looked for, too.
    pub has_near: bool,
}

struct Question {
    dataset: Arc<Dataset>,
    with_near: bool,
    is_canceled: Arc<AtomicBool>,
}

/// The thread that looks, and the newest result.
pub(super) struct Looker {
    thread: LatestOnly<Question, Option<Arc<DatasetLook>>>,
    newest: Option<Arc<DatasetLook>>,
    /// The dataset that was asked for.
    asked: Option<(Arc<Dataset>, bool)>,
    is_canceled: Arc<AtomicBool>,
}

impl Looker {
    pub(super) fn new(wake: Wake) -> std::io::Result<Looker> {
        Ok(Looker {
            thread: LatestOnly::spawn("dataset", wake, look)?,
            newest: None,
            asked: None,
            is_canceled: Arc::default(),
        })
    }

    /// Looks at `dataset`, unless that was done.
    pub(super) fn ask(&mut self, dataset: &Arc<Dataset>, with_near: bool) {
        let is_asked = self.asked.as_ref().is_some_and(|(asked, has_near)| {
            Arc::ptr_eq(asked, dataset) && (*has_near || !with_near)
        });
        if is_asked {
            return;
        }
        self.is_canceled.store(true, Ordering::Relaxed);
        self.is_canceled = Arc::default();
        self.asked = Some((dataset.clone(), with_near));
        self.thread.ask(Question {
            dataset: dataset.clone(),
            with_near,
            is_canceled: self.is_canceled.clone(),
        });
    }

    /// Takes a result; a search that was canceled has none.
    pub(super) fn pump(&mut self) {
        if let Some(look) = self.thread.take().flatten() {
            self.newest = Some(look);
        }
    }

    /// The newest result for `dataset`.
    pub(super) fn of(&self, dataset: &Arc<Dataset>) -> Option<&Arc<DatasetLook>> {
        let newest = self.newest.as_ref();
        newest.filter(|look| Arc::ptr_eq(&look.dataset, dataset))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }
}

impl Drop for Looker {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.is_canceled.store(true, Ordering::Relaxed);
    }
}

fn look(question: Question) -> Option<Arc<DatasetLook>> {
    let Question {
        dataset,
        with_near,
        is_canceled,
    } = question;
    let look = DatasetLook {
        counts: dataset.class_counts(),
        statistics: Statistics::of(&dataset),
        duplicates: dataset.duplicates_until(with_near, &is_canceled),
        has_near: with_near,
        dataset,
    };
    (!is_canceled.load(Ordering::Relaxed)).then(|| Arc::new(look))
}
