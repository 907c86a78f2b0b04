//! Why there are no embeddings.

use crate::model::NoSuchLayer;

/// Why images have no embeddings.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// No layer has this name.
    #[error(transparent)]
    NoLayer(#[from] NoSuchLayer),
    /// Several layers match.
    #[error("expected the name of one layer, found `{pattern}`, which matches {names}")]
    Several {
        /// What was to be the name.
        pattern: String,
        /// The names of the layers.
        names: String,
    },
    /// The last layer is not a dense one.
    #[error(
        "which training images taught an answer follows from the last dense layer, and this network does not end with one"
    )]
    NoDense,
    /// The images have another size than the network's input.
    #[error(
        "the model expects images of {expected:?} (channels, height, width), these are {found:?}"
    )]
    Shape {
        /// The network's input.
        expected: [usize; 3],
        /// The images.
        found: [usize; 3],
    },
    /// They would not fit into memory.
    #[error(
        "{layer} has {n_dims} values for each image, and {n_images} images would have more than \
         the {limit} that are kept: choose a later layer or fewer images"
    )]
    TooLarge {
        /// The layer.
        layer: String,
        /// Values per image.
        n_dims: usize,
        /// Number of images.
        n_images: usize,
        /// Most values.
        limit: usize,
    },
    /// An output is NaN or infinite.
    #[error(
        "the output of {layer} is not finite for image {image}; the network's weights may have \
         diverged"
    )]
    NotFinite {
        /// The layer.
        layer: String,
        /// Index of the image in its set.
        image: u32,
    },
    /// It was canceled.
    #[error("the embedding was canceled")]
    Canceled,
    /// Candle cannot run the network.
    #[error("the network could not be run: {0}")]
    Candle(#[from] candle_core::Error),
}
