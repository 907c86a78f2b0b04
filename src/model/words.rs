//! What people read about a layer: its name, one sentence, its numbers.

use super::{Layer, TokenChoice};

impl Layer {
    /// The name people know the layer by.
    pub fn label(&self) -> &'static str {
        match self {
            Layer::Conv2d { .. } => "Conv 2-D",
            Layer::MaxPool2d { .. } => "Max pool",
            Layer::AvgPool2d { .. } => "Average pool",
            Layer::GlobalAvgPool => "Global average pool",
            Layer::Flatten => "Flatten",
            Layer::Dense { .. } => "Dense",
            Layer::BatchNorm => "Batch norm",
            Layer::LayerNorm => "Layer norm",
            Layer::Relu => "ReLU",
            Layer::LeakyRelu { .. } => "Leaky ReLU",
            Layer::Gelu => "GELU",
            Layer::Silu => "SiLU",
            Layer::Sigmoid => "Sigmoid",
            Layer::Tanh => "Tanh",
            Layer::Dropout { .. } => "Dropout",
            Layer::Residual { .. } => "Residual block",
            Layer::Rnn { .. } => "RNN",
            Layer::Lstm { .. } => "LSTM",
            Layer::Gru { .. } => "GRU",
            Layer::PatchEmbedding { .. } => "Patch embedding",
            Layer::TransformerEncoder { .. } => "Transformer encoder",
            Layer::TokenPool { .. } => "Token pool",
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
            Layer::GlobalAvgPool => {
                "Keeps one number a channel, its mean: few parameters follow, but where something \
                 was is forgotten."
            }
            Layer::Flatten => {
                "Lays the channels, rows and columns out in one long list for a dense layer."
            }
            Layer::Dense { .. } => {
                "Connects every input with every output; it holds most of the parameters, and too \
                 many units memorise instead of learn."
            }
            Layer::BatchNorm => {
                "Brings each channel to the same scale over the batch, so that deep networks learn \
                 faster; small batches make it noisy."
            }
            Layer::LayerNorm => {
                "Brings each image's values to the same scale, whatever the batch; transformers \
                 cannot do without."
            }
            Layer::Relu => {
                "Cuts negative values to zero; without such a bend, layers collapse into one."
            }
            Layer::LeakyRelu { .. } => {
                "Like ReLU, but lets a little of the negative values through, so that no unit goes \
                 silent for good."
            }
            Layer::Gelu => {
                "A smooth relative of ReLU that transformers use; it costs a little more time."
            }
            Layer::Silu => {
                "A smooth relative of ReLU that dips below zero; deep image networks like it."
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
            Layer::Residual { .. } => {
                "Adds what came in to what its layers make of it, so that even a very deep network \
                 can learn; the layers inside need not be many."
            }
            Layer::Rnn { .. } => {
                "Reads the image row by row and remembers in one state; what it saw early fades \
                 quickly."
            }
            Layer::Lstm { .. } => {
                "Reads the image row by row with a memory that gates open and close, so that early \
                 rows are not forgotten."
            }
            Layer::Gru { .. } => {
                "Reads the image row by row with two gates: nearly an LSTM, with a quarter less to \
                 compute."
            }
            Layer::PatchEmbedding { .. } => {
                "Cuts the image into patches and makes each a token that knows its place; smaller \
                 patches see more and cost much more."
            }
            Layer::TransformerEncoder { .. } => {
                "Lets every token look at every other; it knows nothing of images beforehand, and \
                 so wants many of them."
            }
            Layer::TokenPool { .. } => {
                "Hands on one token for the whole image: the first, or the mean of all."
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
            Layer::Residual { ref layers } => {
                let names = layers.iter().map(Layer::label).collect::<Vec<_>>();
                names.join(", ")
            }
            Layer::Conv2d {
                channels,
                kernel,
                stride,
                padding,
                groups,
            } => {
                let groups = if groups > 1 {
                    format!(", {groups} groups")
                } else {
                    String::new()
                };
                let padding = if padding > 0 {
                    format!(", padding {padding}")
                } else {
                    String::new()
                };
                format!(
                    "{channels} of {}{padding}{groups}",
                    windowed(kernel, stride, 1)
                )
            }
            Layer::MaxPool2d { kernel, stride } | Layer::AvgPool2d { kernel, stride } => {
                windowed(kernel, stride, kernel)
            }
            Layer::Dense { units } => units.to_string(),
            Layer::Dropout { rate } => format!("{rate}"),
            Layer::LeakyRelu { slope } => format!("{slope}"),
            Layer::Rnn {
                units,
                bidirectional,
            }
            | Layer::Lstm {
                units,
                bidirectional,
            }
            | Layer::Gru {
                units,
                bidirectional,
            } => {
                let directions = if bidirectional {
                    ", both directions"
                } else {
                    ""
                };
                format!("{units}{directions}")
            }
            Layer::PatchEmbedding {
                patch,
                width,
                class_token,
            } => {
                let class_token = if class_token { ", class token" } else { "" };
                format!("{width} of {patch}×{patch}{class_token}")
            }
            Layer::TransformerEncoder {
                depth,
                heads,
                mlp_ratio,
            } => format!("{depth} × {heads} heads, MLP ×{mlp_ratio}"),
            Layer::TokenPool { take } => take.label().to_owned(),
            Layer::GlobalAvgPool
            | Layer::Flatten
            | Layer::BatchNorm
            | Layer::LayerNorm
            | Layer::Relu
            | Layer::Gelu
            | Layer::Silu
            | Layer::Sigmoid
            | Layer::Tanh => String::new(),
        }
    }
}

impl TokenChoice {
    /// Both.
    pub const ALL: [TokenChoice; 2] = [TokenChoice::First, TokenChoice::Mean];

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            TokenChoice::First => "first",
            TokenChoice::Mean => "mean",
        }
    }
}
