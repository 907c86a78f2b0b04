//! Fast CPU operations with their gradients, as candle custom ops.
//!
//! Candle's own are either slow on small networks (convolution, dense layers, optimizers) or wrong
//! (the gradient of max pooling). These ops are ordinary nodes of candle's graph:
//! `loss.backward()` works through them. [`gradients`] does the same without the zero tensor and
//! the addition that candle spends on every gradient.
//!
//! Tensors are f32 and channels first; on another device than the CPU each function falls back to
//! candle's own ops. Results have the same bits for every number of threads, and on AVX-512 and
//! AVX2. No gradient is computed for an input that is neither a variable nor made from one.

mod activation;
mod attention;
mod batch_norm;
#[cfg(test)]
mod bit_equality;
mod buffers;
mod channels;
mod conv;
mod dense;
mod dropout;
mod dropout2d;
mod each_alone;
#[cfg(test)]
mod fixture;
mod gemm;
mod grouped;
mod layer_norm;
mod loss;
mod moments;
mod peak;
mod pooling;
mod recurrent;
mod simd;
mod slice_op;
mod smooth_activation;
mod squared_error;
mod sum;
mod support;
mod tape;
mod threads;
mod tokens;
mod transpose;
/// In-place optimizer steps.
pub mod update;
mod vector;

pub use activation::{Activation, activate};
pub use attention::attention;
pub use batch_norm::{BatchMoments, BatchNormOptions, batch_norm, batch_norm_fixed};
pub use buffers::Copies;
pub(crate) use buffers::{buffer, reclaim, reclaim_unless_shared};
pub use conv::{ConvOptions, MemoryFormat, conv2d, conv2d_batch_norm, fold_batch_norm};
pub use dense::dense;
pub use dropout::dropout;
pub use dropout2d::dropout2d;
pub use each_alone::each_alone;
pub use grouped::grouped_conv2d;
pub use layer_norm::layer_norm;
pub use loss::{cross_entropy, smoothed_cross_entropy};
pub use moments::{Moments, moments, sample, square_distance};
pub use peak::peak_flops;
pub use pooling::{Window, avg_pool2d, max_pool2d};
pub use recurrent::{Cell, recurrent, recurrent_of_inputs};
pub use simd::{InstructionSet, instruction_set, set_instruction_set};
pub(crate) use simd::{prefetch_line, run as on_simd, run_closure as closure_on_simd};
pub use smooth_activation::{SmoothActivation, smooth_activation};
pub use squared_error::squared_error;
pub use sum::{add, add_relu};
pub(crate) use sum::{add_relu_to, add_to};
pub(crate) use support::LANES;
pub use tape::{clipped_gradients, gradients, gradients_of_sum, gradients_only, view};
pub(crate) use threads::{for_parts, map_alone};
pub use threads::{set_threads, threads, use_own_threads};
pub use tokens::{embed_tokens, pool_tokens};
pub(crate) use vector::{exp, sum2};
