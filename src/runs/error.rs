//! Why a run cannot be used for what was asked.

/// A run was trained on another dataset than the one at hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{run} was trained on a different dataset, {dataset}")]
pub struct DifferentDataset {
    /// The run.
    pub run: String,
    /// The dataset it was trained on.
    pub dataset: String,
}

/// A run has no model yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no model yet: its training has not finished")]
pub struct NoModel(
    /// The run.
    pub String,
);
