//! Inspection of one batch: forward, backward and update, computed on a copy of a full state.

mod batch;
pub(super) mod forward_stats;
pub(super) mod layer_stats;
mod pictures;

pub use batch::{InspectedImage, InspectedLayer, Inspection, inspect};
pub use forward_stats::{ForwardStats, LayerForwardStats, forward_stats};
pub use layer_stats::{LayerPoint, LayerStat, N_BARS};
pub use pictures::LayerPictures;
