//! What a map is, and of what.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Dataset, ImageSet};
use crate::evaluate::{Predictions, SplitName};
use crate::model::Classifier;

/// How embeddings become points in the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapMethod {
    /// Principal component analysis.
    #[default]
    Pca,
    /// t-SNE.
    Tsne,
}

impl MapMethod {
    /// Both.
    pub const ALL: [MapMethod; 2] = [MapMethod::Pca, MapMethod::Tsne];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            MapMethod::Pca => "PCA",
            MapMethod::Tsne => "t-SNE",
        }
    }

    /// What it shows, in a sentence or two.
    pub fn explanation(self) -> &'static str {
        match self {
            MapMethod::Pca => {
                "The two directions in which the embeddings vary most: distances are to scale, but \
                 groups may lie over each other."
            }
            MapMethod::Tsne => {
                "Points with the same neighbors as the embeddings: groups separate, but the size \
                 of groups and the distance between them mean nothing."
            }
        }
    }
}

/// What the map is of, and how it is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapSettings {
    /// How embeddings become points.
    pub method: MapMethod,
    /// The layer; `None` for the last hidden one.
    pub layer: Option<String>,
}

/// The images of a map, as a model sees them.
#[derive(Debug)]
pub struct MappedImages {
    /// The model.
    pub classifier: Arc<Classifier>,
    /// The data they are from.
    pub dataset: Arc<Dataset>,
    /// Which of its images.
    pub split: SplitName,
    /// The set that they are from.
    pub set: ImageSet,
    /// The predictions for them.
    pub predictions: Predictions,
    /// Of each, its position among all images of the split, as Evaluate counts them.
    pub places: Vec<u32>,
    /// The number of all images of the split.
    pub n_all: usize,
    /// Name of the layer whose output is mapped.
    pub layer: String,
}

impl MappedImages {
    /// The set that the image at `position` is from, and its index there.
    ///
    /// # Panics
    /// If there are not so many images.
    pub fn image(&self, position: usize) -> (&ImageSet, usize) {
        (&self.set, self.predictions.images()[position] as usize)
    }
}

/// A map.
#[derive(Clone, Debug)]
pub struct EmbeddingMap {
    /// What is mapped.
    pub of: Arc<MappedImages>,
    /// One point per image.
    pub points: Vec<[f32; 2]>,
    /// Where what is on the canvas lies.
    pub sketch: Option<[f32; 2]>,
    /// How it was made.
    pub method: MapMethod,
    /// The share of the variance along each axis, of PCA.
    pub explained: [f64; 2],
    /// The number of iterations made, of t-SNE.
    pub iteration: usize,
    /// Whether the points stay where they are.
    pub is_settled: bool,
}
