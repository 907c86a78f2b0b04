//! The views of Explain.

use serde::{Deserialize, Serialize};

/// A view of Explain. Only the one that is shown follows the canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExplainView {
    /// Which pixels count for the answer.
    #[default]
    Why,
    /// What every layer computes.
    Layers,
    /// The answers to variants of the input.
    Robustness,
    /// Where ink would make another class the answer.
    Ink,
    /// What a unit wants to see.
    Unit,
    /// The training images nearest to what is on the canvas.
    Neighbors,
    /// All images in the plane.
    Map,
}

impl ExplainView {
    /// All views, in their order in the window.
    pub const ALL: [ExplainView; 7] = [
        ExplainView::Why,
        ExplainView::Layers,
        ExplainView::Robustness,
        ExplainView::Ink,
        ExplainView::Unit,
        ExplainView::Neighbors,
        ExplainView::Map,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            ExplainView::Why => "Why this answer",
            ExplainView::Layers => "Layers",
            ExplainView::Robustness => "Robustness",
            ExplainView::Ink => "Become",
            ExplainView::Unit => "Unit",
            ExplainView::Neighbors => "Neighbors",
            ExplainView::Map => "Map of embeddings",
        }
    }

    /// What an image on the canvas is needed for: "to see …".
    pub fn purpose(self) -> &'static str {
        match self {
            ExplainView::Why | ExplainView::Unit => "which pixels count",
            ExplainView::Layers => "what every layer makes of it",
            ExplainView::Robustness => "how far its answer holds",
            ExplainView::Ink => "what ink would change",
            ExplainView::Neighbors => "which training images are nearest",
            ExplainView::Map => "where it lies among the images",
        }
    }

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            ExplainView::Why => "Which pixels speak for the answer, and which against it.",
            ExplainView::Layers => {
                "What every layer makes of the image, down to the arithmetic of a single value."
            }
            ExplainView::Robustness => {
                "Whether the answer stays when the input is shifted, rotated, scaled, slanted, \
                 thicker or thinner."
            }
            ExplainView::Ink => {
                "Where drawing or erasing would make another class the answer, and how little ink is \
                 enough."
            }
            ExplainView::Unit => {
                "An image that a class or a unit of a layer answers to, found by gradient ascent."
            }
            ExplainView::Neighbors => {
                "The training images that a layer makes most similar to the drawing."
            }
            ExplainView::Map => "How a layer arranges the images: near means similar.",
        }
    }

    /// Whether it shows nothing without something on the canvas.
    pub fn needs_canvas(self) -> bool {
        !matches!(self, ExplainView::Unit | ExplainView::Map)
    }
}
