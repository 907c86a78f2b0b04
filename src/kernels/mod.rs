//! CPU operations made fast, with their gradients, as candle custom ops.
//!
//! What candle has is either slow on small networks (convolution, dense layers, optimisers) or
//! wrong (the gradient of max pooling); these ops take its place. They are ordinary nodes of
//! candle's graph: `loss.backward()` works through them. [`gradients`] does the same without the
//! zero tensor and the addition that candle spends on every gradient.
//!
//! Tensors are f32 and channels-first; on another device than the CPU each function falls back to
//! candle's own ops. Results have the same bits for every number of threads, and on AVX-512 and
//! AVX2. No gradient is computed for an input that is neither a variable nor made from one.

mod activation;
mod attention;
mod batch_norm;
mod conv;
mod copy;
mod curve;
mod dense;
mod dropout;
#[cfg(test)]
mod fixture;
mod grouped;
#[cfg(test)]
mod identity;
mod layer_norm;
mod loss;
mod measure;
mod peak;
mod pool;
mod pooling;
mod recurrent;
mod reuse;
mod scratch;
mod simd;
mod squared_error;
mod sums;
mod support;
mod tape;
mod tile;
mod transpose;
/// In-place optimiser steps.
pub mod update;

pub use activation::{Activation, activate};
pub use attention::attention;
pub use batch_norm::{BatchMoments, batch_norm, batch_norm_fixed};
pub use conv::{Order, conv2d, conv2d_ordered};
pub use copy::Copies;
pub use curve::{Curve, bend};
pub use dense::dense;
pub use dropout::dropout;
pub use grouped::grouped_conv2d;
pub use layer_norm::layer_norm;
pub use loss::{cross_entropy, smoothed_cross_entropy};
pub use measure::{Spread, sample, spread, square_distance};
pub use peak::peak_flops;
pub(crate) use pool::for_parts;
pub use pool::{set_threads, threads, use_own_threads};
pub use pooling::{Window, avg_pool2d, max_pool2d};
pub use recurrent::{Cell, recurrent};
pub use simd::{InstructionSet, instruction_set, set_instruction_set};
pub use squared_error::squared_error;
pub use tape::gradients;
