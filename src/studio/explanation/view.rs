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
}

impl ExplainView {
    /// All views, in their order in the window.
    pub const ALL: [ExplainView; 5] = [
        ExplainView::Why,
        ExplainView::Layers,
        ExplainView::Robustness,
        ExplainView::Ink,
        ExplainView::Unit,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            ExplainView::Why => "Why this answer",
            ExplainView::Layers => "Layers",
            ExplainView::Robustness => "Robustness",
            ExplainView::Ink => "Become",
            ExplainView::Unit => "Unit",
        }
    }

    /// What an image on the canvas is needed for: "to see …".
    pub fn purpose(self) -> &'static str {
        match self {
            ExplainView::Why | ExplainView::Unit => "which pixels count",
            ExplainView::Layers => "what every layer makes of it",
            ExplainView::Robustness => "how far its answer holds",
            ExplainView::Ink => "what ink would change",
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
        }
    }

    /// Whether it shows something about what is on the canvas.
    pub fn needs_canvas(self) -> bool {
        self != ExplainView::Unit
    }
}
