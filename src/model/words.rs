//! Labels and explanations of the layers.

use super::{Layer, TokenChoice};

/// Texts that do not depend on a layer's hyperparameters.
struct Words {
    label: &'static str,
    /// For a narrow column; the label if there is nothing shorter.
    short: &'static str,
    explanation: &'static str,
}

impl Layer {
    /// The layer's name.
    pub fn label(&self) -> &'static str {
        self.describe().label
    }

    /// The layer's name, short enough for a narrow column.
    pub fn short_label(&self) -> &'static str {
        self.describe().short
    }

    /// One sentence for beginners: what the layer does, and what can go wrong with it.
    pub fn explanation(&self) -> &'static str {
        self.describe().explanation
    }

    fn describe(&self) -> Words {
        let words = |label, short, explanation| Words {
            label,
            short,
            explanation,
        };
        match self {
            Layer::Conv2d { .. } => words(
                "Conv 2-D",
                "Conv",
                "Slides small filters over the image to find local patterns; too few filters miss \
                 detail, too many cost time.",
            ),
            Layer::MaxPool2d { .. } => words(
                "Max pool",
                "Max pool",
                "Keeps the strongest response of each window, so that small shifts matter less; \
                 pooling too often loses where things are.",
            ),
            Layer::AvgPool2d { .. } => words(
                "Average pool",
                "Mean pool",
                "Takes the mean of each window: shrinks the image more gently than max pooling.",
            ),
            Layer::GlobalAvgPool => words(
                "Global average pool",
                "Global mean",
                "Reduces each channel to its mean: few parameters follow, but positions are lost.",
            ),
            Layer::Flatten => words(
                "Flatten",
                "Flatten",
                "Reshapes channels, rows and columns into one list for a dense layer.",
            ),
            Layer::Dense { .. } => words(
                "Dense",
                "Dense",
                "Connects every input with every output; it holds most of the parameters, and too \
                 many units overfit.",
            ),
            Layer::BatchNorm => words(
                "Batch norm",
                "Batch norm",
                "Normalizes each channel over the batch, so that deep networks train faster; small \
                 batches make it noisy.",
            ),
            Layer::LayerNorm => words(
                "Layer norm",
                "Layer norm",
                "Normalizes each image's values, independent of the batch; transformers need it.",
            ),
            Layer::Relu => words(
                "ReLU",
                "ReLU",
                "Sets negative values to zero; without a nonlinearity, stacked layers collapse \
                 into one.",
            ),
            Layer::LeakyRelu { .. } => words(
                "Leaky ReLU",
                "Leaky ReLU",
                "Like ReLU, but lets a little of the negative values through, so that no unit dies \
                 for good.",
            ),
            Layer::Gelu => words(
                "GELU",
                "GELU",
                "A smooth variant of ReLU used in transformers; it costs a little more time.",
            ),
            Layer::Silu => words(
                "SiLU",
                "SiLU",
                "A smooth variant of ReLU that dips below zero; works well in deep image networks.",
            ),
            Layer::Sigmoid => words(
                "Sigmoid",
                "Sigmoid",
                "Squeezes values into 0 to 1; saturates, so that deep networks learn slowly.",
            ),
            Layer::Tanh => words(
                "Tanh",
                "Tanh",
                "Squeezes values into −1 to 1; zero-centered, but saturates, which slows deep \
                 networks.",
            ),
            Layer::Dropout { .. } => words(
                "Dropout",
                "Dropout",
                "Sets a random share of the values to zero while training, to reduce overfitting; \
                 too much of it and the network cannot learn.",
            ),
            Layer::Residual { .. } => words(
                "Residual block",
                "Residual",
                "Adds its input to the output of its layers, so that even very deep networks can \
                 be trained; a few layers inside are enough.",
            ),
            Layer::Rnn { .. } => words(
                "RNN",
                "RNN",
                "Reads the image row by row into one state; what it saw early fades \
                 quickly.",
            ),
            Layer::Lstm { .. } => words(
                "LSTM",
                "LSTM",
                "Reads the image row by row with a memory that gates open and close, so that early \
                 rows are not forgotten.",
            ),
            Layer::Gru { .. } => words(
                "GRU",
                "GRU",
                "Reads the image row by row with two gates: nearly an LSTM, with a quarter less to \
                 compute.",
            ),
            Layer::PatchEmbedding { .. } => words(
                "Patch embedding",
                "Patches",
                "Cuts the image into patches and turns each into a token with a position; smaller \
                 patches show more detail and cost much more.",
            ),
            Layer::TransformerEncoder { .. } => words(
                "Transformer encoder",
                "Transformer",
                "Every token attends to all others; has no built-in knowledge of images, so it \
                 needs many of them.",
            ),
            Layer::TokenPool { .. } => words(
                "Token pool",
                "Token",
                "Passes on one token for the whole image: the first, or the mean of all.",
            ),
        }
    }
}

impl TokenChoice {
    /// Both.
    pub const ALL: [TokenChoice; 2] = [TokenChoice::First, TokenChoice::Mean];

    /// The label in the window.
    pub fn label(self) -> &'static str {
        match self {
            TokenChoice::First => "first",
            TokenChoice::Mean => "mean",
        }
    }
}
