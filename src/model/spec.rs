//! A network as data: what a person edits, a file keeps and a run records.

use serde::{Deserialize, Serialize};

/// One step from images to logits. The weights are not here: this is the plan, not the building.
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
        /// Parts that the channels are split into, each with filters of its own: 1 for a plain
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
    /// Every output sees every input: `[n]` → `[units]`.
    Dense {
        /// Number of outputs.
        units: usize,
    },
    /// Shifts and scales each channel (of an image) or value (of a list) to mean 0 and variance 1
    /// over the batch while training, over all batches seen otherwise.
    BatchNorm,
    /// Shifts and scales each sample to mean 0 and variance 1.
    LayerNorm,
    /// max(0, x).
    Relu,
    /// x above 0, `slope` · x below.
    LeakyRelu {
        /// What is left of negative values, from 0 to 1.
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
    /// What the layers inside make of the input, plus the input itself; where they change the
    /// shape of an image, plus a 1×1 convolution of it.
    Residual {
        /// The layers that are gone around.
        layers: Vec<Layer>,
    },
    /// A state that reads the rows of an image from the top: h = tanh(W x + U h + b).
    /// `[c, rows, w]` → `[units]`, or `[2 · units]` with both directions.
    Rnn {
        /// Numbers in the state.
        units: usize,
        /// Whether a second state reads from the bottom.
        #[serde(default)]
        bidirectional: bool,
    },
    /// The same with a memory that gates open and close (long short-term memory).
    Lstm {
        /// Numbers in the state.
        units: usize,
        /// Whether a second state reads from the bottom.
        #[serde(default)]
        bidirectional: bool,
    },
    /// The same with two gates and no memory beside the state (gated recurrent unit).
    Gru {
        /// Numbers in the state.
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
        /// Numbers in a token.
        width: usize,
        /// Whether a token of its own, the first, gathers what the answer needs.
        #[serde(default)]
        class_token: bool,
    },
    /// Blocks in which every token looks at every other, then each is bent by itself:
    /// `[tokens, width]` → the same.
    TransformerEncoder {
        /// Blocks one after the other.
        #[serde(default = "one")]
        depth: usize,
        /// Parts of the width that look separately; a divisor of it.
        heads: usize,
        /// How many times wider than a token the hidden layer of a block is.
        mlp_ratio: usize,
    },
    /// One token for all: `[tokens, width]` → `[width]`.
    TokenPool {
        /// Which.
        take: TokenChoice,
    },
}

/// What is taken from a sequence of tokens.
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

/// A whole network: what goes in, the layers in order, what comes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Channels, height and width of one image.
    pub input: [usize; 3],
    /// Number of classes: the length the last layer must have.
    pub classes: usize,
    /// From the images to the logits. The softmax is not a layer: the loss and the prediction
    /// apply it themselves.
    pub layers: Vec<Layer>,
}
