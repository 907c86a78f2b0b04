//! One file per kind of layer, or per family of kinds that share their code. Each kind implements
//! [`LayerKind`]: its texts, hyperparameters, [`Blueprint`] for an input (output, parameters, cost,
//! or why it does not fit) and operation in the forward pass.

mod activation;
mod blueprint;
mod conv;
mod dense;
mod dropout;
mod dropout2d;
mod flatten;
mod kind;
mod memory_format;
mod norm;
mod patches;
mod plan;
mod pool;
mod recurrent;
mod residual;
mod shortcut;
mod token_pool;
mod transformer;

pub use activation::LeakyRelu;
pub(super) use activation::{Function, Gelu, Relu, Sigmoid, Silu, Tanh, default_slope};
pub(super) use blueprint::{Blueprint, InitRule, blueprints};
pub use conv::Conv2d;
pub use dense::Dense;
pub use dropout::Dropout;
pub use dropout2d::Dropout2d;
pub(super) use flatten::Flatten;
pub(super) use kind::LayerKind;
pub use kind::{LayerField, LayerValue};
pub(crate) use norm::EPSILON;
pub(super) use norm::{BatchNorm, LayerNorm};
pub use patches::PatchEmbedding;
pub(super) use plan::{Op, Pass, Tap, Taps, plan, trained_values};
pub(super) use pool::GlobalAvgPool;
pub use pool::{AvgPool2d, MaxPool2d};
pub use recurrent::{Gru, Lstm, Rnn};
pub use residual::Residual;
pub use token_pool::{TokenChoice, TokenPool};
pub use transformer::TransformerEncoder;
