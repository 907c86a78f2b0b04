//! A network as data: what a person edits, a file keeps and a run records.

use serde::{Deserialize, Serialize};

/// One step from images to logits. The weights are not here: this is the plan, not the building.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    /// `[c, h, w]` → `[c·h·w]`, channels first, as PyTorch does.
    Flatten,
    /// Every output sees every input: `[n]` → `[units]`.
    Dense {
        /// Number of outputs.
        units: usize,
    },
    /// max(0, x).
    Relu,
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
}

fn one() -> usize {
    1
}

impl Layer {
    /// The name people know the layer by.
    pub fn label(&self) -> &'static str {
        match self {
            Layer::Conv2d { .. } => "Conv 2-D",
            Layer::MaxPool2d { .. } => "Max pool",
            Layer::AvgPool2d { .. } => "Average pool",
            Layer::Flatten => "Flatten",
            Layer::Dense { .. } => "Dense",
            Layer::Relu => "ReLU",
            Layer::Sigmoid => "Sigmoid",
            Layer::Tanh => "Tanh",
            Layer::Dropout { .. } => "Dropout",
        }
    }

    /// One sentence for a newcomer: what the layer does, and what goes wrong with it.
    pub fn explanation(&self) -> &'static str {
        match self {
            Layer::Conv2d { .. } => {
                "Slides small filters over the image to find local patterns; too few filters miss \
                 detail, too many cost time."
            }
            Layer::MaxPool2d { .. } => {
                "Keeps the strongest response of each window, so that small shifts matter less; \
                 pooling too often loses where things are."
            }
            Layer::AvgPool2d { .. } => {
                "Takes the mean of each window: a gentler way to shrink the image than max pooling."
            }
            Layer::Flatten => {
                "Lays the channels, rows and columns out in one long list for a dense layer."
            }
            Layer::Dense { .. } => {
                "Connects every input with every output; it holds most of the parameters, and too \
                 many units memorise instead of learn."
            }
            Layer::Relu => {
                "Cuts negative values to zero; without such a bend, layers collapse into one."
            }
            Layer::Sigmoid => {
                "Squeezes values into 0 to 1; in deep networks its flat ends make learning slow."
            }
            Layer::Tanh => {
                "Squeezes values into −1 to 1; centred, but its flat ends slow deep networks down."
            }
            Layer::Dropout { .. } => {
                "Silences a random share of the values while training, against memorising; too \
                 much of it and the network cannot learn."
            }
        }
    }

    /// The numbers of the layer in few words, such as `32 × 3×3`; empty where there are none.
    pub fn detail(&self) -> String {
        let windowed = |kernel: usize, stride: usize, usual: usize| {
            if stride == usual {
                format!("{kernel}×{kernel}")
            } else {
                format!("{kernel}×{kernel}, stride {stride}")
            }
        };
        match *self {
            Layer::Conv2d {
                channels,
                kernel,
                stride,
                padding,
            } => {
                let padding = if padding > 0 {
                    format!(", padding {padding}")
                } else {
                    String::new()
                };
                format!("{channels} of {}{padding}", windowed(kernel, stride, 1))
            }
            Layer::MaxPool2d { kernel, stride } | Layer::AvgPool2d { kernel, stride } => {
                windowed(kernel, stride, kernel)
            }
            Layer::Dense { units } => units.to_string(),
            Layer::Dropout { rate } => format!("{rate}"),
            Layer::Flatten | Layer::Relu | Layer::Sigmoid | Layer::Tanh => String::new(),
        }
    }
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
