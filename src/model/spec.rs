//! A network as data: edited by the user, saved in files, recorded in runs.

use serde::{Deserialize, Serialize};

/// One step from images to logits, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Convolution over height and width: `[c, h, w]` → `[channels, h', w']`.
    Conv2d {
        /// Number of filters, and so of output channels.
        channels: usize,
        /// Side of the square filter, in pixels.
        kernel: usize,
        /// Pixels the filter moves between two outputs.
        #[serde(default = "one")]
        stride: usize,
        /// Zeros added on each side.
        #[serde(default)]
        padding: usize,
        /// Groups the channels are split into, each with its own filters: 1 for a plain
        /// convolution, the number of input channels for a depthwise one.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        groups: usize,
    },
    /// The largest value of each window: `[c, h, w]` → `[c, h', w']`.
    MaxPool2d {
        /// Side of the square window, in pixels.
        kernel: usize,
        /// Pixels between two windows.
        stride: usize,
    },
    /// The mean of each window: `[c, h, w]` → `[c, h', w']`.
    AvgPool2d {
        /// Side of the square window, in pixels.
        kernel: usize,
        /// Pixels between two windows.
        stride: usize,
    },
    /// The mean of each whole channel: `[c, h, w]` → `[c]`.
    GlobalAvgPool,
    /// `[c, h, w]` → `[c·h·w]`, channels first, as PyTorch does.
    Flatten,
    /// Connects every input with every output: `[n]` → `[units]`.
    Dense {
        /// Number of outputs.
        units: usize,
    },
    /// Normalizes each channel (of an image) or value (of a list) to mean 0 and variance 1: over
    /// the batch while training, by running estimates otherwise.
    BatchNorm,
    /// Normalizes each sample to mean 0 and variance 1.
    LayerNorm,
    /// max(0, x).
    Relu,
    /// x above 0, `slope` · x below.
    LeakyRelu {
        /// Factor for negative values, from 0 to 1.
        #[serde(default = "leaky_slope")]
        slope: f32,
    },
    /// x · Φ(x), with the distribution function Φ of the normal distribution (the exact form).
    Gelu,
    /// x / (1 + e⁻ˣ), also known as swish.
    Silu,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// While training, each value is zeroed with probability `rate` and the others are scaled by
    /// 1 / (1 − rate); otherwise nothing happens.
    Dropout {
        /// Probability of zeroing a value, in `[0, 1)`.
        rate: f32,
    },
    /// Adds the input to the output of the layers inside; if they change the shape of an image, a
    /// 1×1 convolution of it.
    Residual {
        /// The layers inside.
        layers: Vec<Layer>,
    },
    /// A state that reads the rows of an image from the top: h = tanh(W x + U h + b).
    /// `[c, rows, w]` → `[units]`, or `[2 · units]` with both directions.
    Rnn {
        /// Size of the state.
        units: usize,
        /// Whether a second state reads from the bottom.
        #[serde(default)]
        bidirectional: bool,
    },
    /// An RNN with a memory that gates open and close (long short-term memory).
    Lstm {
        /// Size of the state.
        units: usize,
        /// Whether a second state reads from the bottom.
        #[serde(default)]
        bidirectional: bool,
    },
    /// An RNN with two gates and no memory beside the state (gated recurrent unit).
    Gru {
        /// Size of the state.
        units: usize,
        /// Whether a second state reads from the bottom.
        #[serde(default)]
        bidirectional: bool,
    },
    /// Square patches, each turned into a token, plus a learned position:
    /// `[c, h, w]` → `[tokens, width]`.
    PatchEmbedding {
        /// Side of a patch, in pixels; it divides height and width.
        patch: usize,
        /// Size of a token.
        width: usize,
        /// Whether a first token is added that collects what the classification needs.
        #[serde(default)]
        class_token: bool,
    },
    /// Blocks of self-attention over the tokens, each followed by an MLP per token:
    /// `[tokens, width]` → the same.
    TransformerEncoder {
        /// Number of blocks.
        #[serde(default = "one")]
        depth: usize,
        /// Attention heads; must divide the width.
        heads: usize,
        /// Hidden size of the MLP, as a multiple of the token width.
        mlp_ratio: usize,
    },
    /// Pools the tokens to one: `[tokens, width]` → `[width]`.
    TokenPool {
        /// Which token.
        take: TokenChoice,
    },
}

/// How a sequence of tokens is pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChoice {
    /// The first: the class token, where the embedding adds one.
    First,
    /// The mean of all.
    Mean,
}

fn one() -> usize {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_one(n: &usize) -> bool {
    *n == 1
}

/// PyTorch's default.
fn leaky_slope() -> f32 {
    0.01
}

/// A whole network: its input, the layers in order, its output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Channels, height and width of one image.
    pub input: [usize; 3],
    /// Number of classes: the last layer must have that many outputs.
    pub classes: usize,
    /// From the images to the logits. The softmax is not a layer: the loss and the prediction
    /// apply it themselves.
    pub layers: Vec<Layer>,
}
