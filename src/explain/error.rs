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
    /// The answer did not become the class.
    #[error(
        "{dabs} dabs of the pen did not make the answer {class}: no ink that can be added seems to"
    )]
    NotReached {
        /// Name of the class.
        class: String,
        /// How many dabs were tried.
        dabs: usize,
    },
    /// The network has no such unit.
    #[error("{layer} has {n_units} units, counted from 0: there is no unit {unit}")]
    Unit {
        /// Name of the layer.
        layer: String,
        /// The unit.
        unit: usize,
        /// How many there are.
        n_units: usize,
    },
    /// The unit's value never depended on the image.
    #[error("no change of any image that was tried changes this unit: it may be a dead ReLU")]
    DeadUnit,
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

impl ExplainError {
    /// What is wrong with values of which one is not finite.
    pub(super) fn not_finite(values: &[f32]) -> ExplainError {
        let bad = values.iter().find(|v| !v.is_finite());
        ExplainError::NotFinite(*bad.unwrap_or(&f32::NAN))
    }
}
