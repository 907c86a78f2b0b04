//! The dataset.

use std::sync::Arc;

use crate::data::Dataset;

/// The dataset.
#[derive(Clone, Debug)]
pub enum DataState {
    /// Missing, because it could not be read.
    None,
    /// Being read in the background.
    Loading {
        /// The name of what is being read.
        name: String,
        /// The previous dataset, to return to if this cannot be read.
        before: Option<Arc<Dataset>>,
    },
    /// Available.
    Ready(Arc<Dataset>),
}

impl DataState {
    /// The dataset, once it is loaded.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match self {
            DataState::Ready(dataset) => Some(dataset),
            DataState::None | DataState::Loading { .. } => None,
        }
    }

    /// Begins to load the dataset `name`.
    pub(super) fn load(&mut self, name: String) {
        let before = match std::mem::replace(self, DataState::None) {
            DataState::Ready(dataset) => Some(dataset),
            DataState::Loading { before, .. } => before,
            DataState::None => None,
        };
        *self = DataState::Loading { name, before };
    }

    /// Returns to the previous dataset, if there is one: the new one cannot be read.
    pub(super) fn restore(&mut self) {
        if let DataState::Loading { before, .. } = self {
            *self = before.take().map_or(DataState::None, DataState::Ready);
        }
    }
}
