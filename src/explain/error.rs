//! Why there is no explanation.

/// Why an answer could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The input has another size than the network's.
    #[error(
        "the network reads {expected:?} (channels, height, width), the input has {found} values"
    )]
    Input {
        /// The network's input.
        expected: [usize; 3],
        /// Number of values.
        found: usize,
    },
    /// There is no such class.
    #[error("the network has {n_classes} classes, counted from 0: there is no class {class}")]
    Class {
        /// The class.
        class: usize,
        /// How many there are.
        n_classes: usize,
    },
    /// There is no such layer.
    #[error("the network has {n_layers} layers, counted from 0: there is no layer {layer}")]
    NoLayer {
        /// The layer.
        layer: usize,
        /// How many there are.
        n_layers: usize,
    },
    /// A class against itself.
    #[error("expected two classes to compare, found class {0} against itself")]
    SameClass(usize),
    /// The network has no convolution.
    #[error("Grad-CAM needs a convolution, and this network has none: choose another method")]
    NoConvolution,
    /// No convolution, or several, have this name.
    #[error("Grad-CAM needs the name of one convolution ({convolutions}), found `{name}`")]
    Layer {
        /// The name.
        name: String,
        /// The names of all convolutions.
        convolutions: String,
    },
    /// An output or a gradient is NaN or infinite.
    #[error(
        "the network's output or its gradient for this image is {0}; its weights may have diverged"
    )]
    NotFinite(f32),
    /// It was canceled.
    #[error("the explanation was canceled")]
    Canceled,
    /// The network with random weights could not be made.
    #[error("the network with random weights could not be made: {0}")]
    RandomWeights(String),
    /// Candle cannot run the network.
    #[error("the network could not be run: {0}")]
    Candle(#[from] candle_core::Error),
}
