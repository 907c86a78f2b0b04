//! The part of a network that is left to train when its first layers are frozen.

use super::layers::Op;

/// The network from the first layer on that changes, or that is random.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// The layers before it.
    pub n_layers: usize,
    pub before: Vec<Op>,
    pub ops: Vec<Op>,
    /// Channels of the image whose flattened values the first dense layer wants channels-last.
    pub channels: Option<usize>,
    pub n_values: usize,
}
