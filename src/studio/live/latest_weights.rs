//! The weights that the training thread hands to the canvas.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Classifier;

/// The newest copy of the run's weights; reading it removes it.
#[derive(Clone, Default)]
pub(super) struct LatestWeights(Arc<Mutex<Option<Arc<Classifier>>>>);

impl LatestWeights {
    pub(super) fn set(&self, classifier: Classifier) {
        *self.lock() = Some(Arc::new(classifier));
    }

    pub(super) fn take(&self) -> Option<Arc<Classifier>> {
        self.lock().take()
    }

    /// The value is always replaced as a whole, so a panic elsewhere cannot corrupt it.
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Classifier>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
