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
}

impl ExplainView {
    /// All views, in their order in the window.
    pub const ALL: [ExplainView; 2] = [ExplainView::Why, ExplainView::Layers];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            ExplainView::Why => "Why this answer",
            ExplainView::Layers => "Layers",
        }
    }

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            ExplainView::Why => "Which pixels speak for the answer, and which against it.",
            ExplainView::Layers => {
                "What every layer makes of the image, down to the arithmetic of a single value."
            }
        }
    }
}
