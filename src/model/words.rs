//! What people read about a layer: its name, and one sentence.

use super::{Layer, TokenChoice};

/// What does not depend on a layer's numbers.
struct Words {
    label: &'static str,
    /// For a narrow column; the label where there is nothing shorter.
    short: &'static str,
    explanation: &'static str,
}

impl Layer {
    /// The name people know the layer by.
    pub fn label(&self) -> &'static str {
        self.describe().label
    }

    /// The name as short as a narrow column wants it.
    pub fn short_label(&self) -> &'static str {
        self.describe().short
    }

    /// One sentence for a newcomer: what the layer does, and what goes wrong with it.
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
                "Takes the mean of each window: a gentler way to shrink the image than max pooling.",
            ),
            Layer::GlobalAvgPool => words(
                "Global average pool",
                "Global mean",
                "Keeps one number a channel, its mean: few parameters follow, but where something \
                 was is forgotten.",
            ),
            Layer::Flatten => words(
                "Flatten",
                "Flatten",
                "Lays the channels, rows and columns out in one long list for a dense layer.",
            ),
            Layer::Dense { .. } => words(
                "Dense",
                "Dense",
                "Connects every input with every output; it holds most of the parameters, and too \
                 many units memorize instead of learn.",
            ),
            Layer::BatchNorm => words(
                "Batch norm",
                "Batch norm",
                "Brings each channel to the same scale over the batch, so that deep networks learn \
                 faster; small batches make it noisy.",
            ),
            Layer::LayerNorm => words(
                "Layer norm",
                "Layer norm",
                "Brings each image's values to the same scale, whatever the batch; transformers \
                 cannot do without.",
            ),
            Layer::Relu => words(
                "ReLU",
                "ReLU",
                "Cuts negative values to zero; without such a bend, layers collapse into one.",
            ),
            Layer::LeakyRelu { .. } => words(
                "Leaky ReLU",
                "Leaky ReLU",
                "Like ReLU, but lets a little of the negative values through, so that no unit goes \
                 silent for good.",
            ),
            Layer::Gelu => words(
                "GELU",
                "GELU",
                "A smooth relative of ReLU that transformers use; it costs a little more time.",
            ),
            Layer::Silu => words(
                "SiLU",
                "SiLU",
                "A smooth relative of ReLU that dips below zero; deep image networks like it.",
            ),
            Layer::Sigmoid => words(
                "Sigmoid",
                "Sigmoid",
                "Squeezes values into 0 to 1; in deep networks its flat ends make learning slow.",
            ),
            Layer::Tanh => words(
                "Tanh",
                "Tanh",
                "Squeezes values into −1 to 1; centered, but its flat ends slow deep networks down.",
            ),
            Layer::Dropout { .. } => words(
                "Dropout",
                "Dropout",
                "Silences a random share of the values while training, against memorizing; too \
                 much of it and the network cannot learn.",
            ),
            Layer::Residual { .. } => words(
                "Residual block",
                "Residual",
                "Adds what came in to what its layers make of it, so that even a very deep network \
                 can learn; the layers inside need not be many.",
            ),
            Layer::Rnn { .. } => words(
                "RNN",
                "RNN",
                "Reads the image row by row and remembers in one state; what it saw early fades \
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
                "Cuts the image into patches and makes each a token that knows its place; smaller \
                 patches see more and cost much more.",
            ),
            Layer::TransformerEncoder { .. } => words(
                "Transformer encoder",
                "Transformer",
                "Lets every token look at every other; it knows nothing of images beforehand, and \
                 so wants many of them.",
            ),
            Layer::TokenPool { .. } => words(
                "Token pool",
                "Token",
                "Hands on one token for the whole image: the first, or the mean of all.",
            ),
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
