//! Images that a recipe made.

use super::tree::Refused;
use crate::data::recipe::Recipe;

/// Images by a recipe, in the order of the items.
pub(super) struct Made {
    pub shape: [usize; 3],
    pub pixels: Vec<u8>,
    /// Whether each item has an image.
    pub is_made: Vec<bool>,
    pub refused: Vec<Refused>,
    /// How a picture becomes an image like these; `None` if they tell.
    pub recipe: Option<Recipe>,
}
