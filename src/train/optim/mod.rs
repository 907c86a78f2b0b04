//! The optimizer: its state, and what is done to the gradients before an update.

mod gradient;
mod per_image;
mod state;

pub(super) use gradient::square_sum;
pub(super) use per_image::ClippedSum;
pub(super) use state::GradientSquares;
pub use state::{OptimizerState, StepHyper};
