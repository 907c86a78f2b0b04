//! How far an import is, and whether it goes on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::data::error::DataError;

/// Shared by an import and the front end that shows it.
#[derive(Debug, Default)]
pub struct ImportProgress {
    n_done: AtomicUsize,
    n_images: AtomicUsize,
    is_canceled: AtomicBool,
}

impl ImportProgress {
    /// Images that are done, and all of them; 0 of 0 before the source is read.
    pub fn counts(&self) -> [usize; 2] {
        [&self.n_done, &self.n_images].map(|n| n.load(Ordering::Relaxed))
    }

    /// Ends the import as soon as possible.
    pub fn cancel(&self) {
        self.is_canceled.store(true, Ordering::Relaxed);
    }

    /// Whether it was canceled.
    pub fn is_canceled(&self) -> bool {
        self.is_canceled.load(Ordering::Relaxed)
    }

    pub(super) fn start(&self, n_images: usize) {
        self.n_images.store(n_images, Ordering::Relaxed);
    }

    pub(super) fn image_done(&self) {
        self.n_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn check(&self) -> Result<(), DataError> {
        match self.is_canceled() {
            true => Err(DataError::Canceled),
            false => Ok(()),
        }
    }
}
