//! Why a run failed.

use super::transfer::TransferError;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The network could not be built.
    #[error("the network could not be built: {0}")]
    Network(#[source] anyhow::Error),
    /// The model to start from cannot be used.
    #[error("the run could not start from its model: {0}")]
    Start(#[from] TransferError),
    /// The LR finder was asked to run with private training.
    #[error(
        "the LR finder trains without noise, which no ε would count: turn private training off to \
         use it"
    )]
    PrivateLr,
    /// A tensor operation failed.
    #[error("training failed: {0}")]
    Candle(#[from] candle_core::Error),
    /// A checkpoint belongs to another network.
    #[error("the checkpoint of step {0} does not fit the network of its own configuration")]
    Checkpoint(u64),
}
