//! What a layer makes of images: embeddings, their nearest neighbors, maps of them in the plane, and
//! which training images taught an answer.
//!
//! Everything here has the same bits for any number of threads.

mod embeddings;
mod error;
mod influence;
mod jacobi;
mod layer;
mod neighbors;
mod odd;
mod pca;
mod tsne;

pub use embeddings::{Embeddings, embed, embed_image, stratified_sample};
pub use error::EmbedError;
pub use influence::{LastLayer, influence};
pub use layer::{last_hidden, layer_named};
pub use neighbors::{Neighbor, nearest};
pub use odd::{OddOne, odd_ones};
pub use pca::Pca;
pub use tsne::Tsne;
