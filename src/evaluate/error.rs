//! Why a model cannot be evaluated.

/// Why there are no predictions, or no temperature.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The images have another size than the network's input.
    #[error(
        "the model expects images of {expected:?} (channels, height, width), the dataset has {found:?}"
    )]
    Shape {
        /// The network's input.
        expected: [usize; 3],
        /// The dataset's images.
        found: [usize; 3],
    },
    /// The dataset has a class that the network does not know.
    #[error("the model has {n_classes} classes, the dataset has label {label}")]
    Label {
        /// Number of logits.
        n_classes: usize,
        /// The largest label.
        label: u32,
    },
    /// The split has no images.
    #[error("the dataset has no {0} images for this model")]
    Empty(&'static str),
    /// No sketch was labeled as one of the dataset's classes.
    #[error(
        "there are no sketches of this dataset's classes: draw some and say what they are, with \"It is \
         a\" below the canvas"
    )]
    NoSketches,
    /// The model was trained on all training images.
    #[error("the model was trained without validation images: train with some to have them")]
    NoValidation,
    /// The model file has no training configuration.
    #[error(
        "the model file does not say which training images were set aside for validation: only \
         models trained by Candle Studio do, but not privately, which keeps the seed a secret"
    )]
    UnknownValidation,
    /// The likelihood grows without end, or nothing can be learned from the images.
    #[error(
        "no temperature from {} to {} minimizes the negative log likelihood of the {n_images} \
         images: {reason}",
        crate::model::TEMPERATURES.start(),
        crate::model::TEMPERATURES.end()
    )]
    NoTemperature {
        /// Number of images with a finite output.
        n_images: usize,
        /// Why.
        reason: &'static str,
    },
    /// The caller no longer wants the result.
    #[error("cancelled")]
    Cancelled,
    /// Candle cannot run the network.
    #[error("the network could not be run: {0}")]
    Candle(#[from] candle_core::Error),
}
