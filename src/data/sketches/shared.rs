//! The sketches that a dataset is measured on beside its own images.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::sketch::Sketch;
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::data::recipe::Recipe;

/// The sketches that show classes of a dataset, as images like its own. Shared by all who use the
/// dataset, because the user may draw more while a run trains: it is measured on those that are
/// there when an epoch ends.
#[derive(Clone, Debug, Default)]
pub struct SharedSketches(Arc<RwLock<Option<ImageSet>>>);

impl SharedSketches {
    /// The sketches that are there now; `None` if there are none.
    pub fn get(&self) -> Option<ImageSet> {
        // The set is replaced as a whole, so that of a panicked writer is whole, too.
        let set = self.0.read().unwrap_or_else(PoisonError::into_inner);
        set.clone()
    }

    /// Replaces the sketches. An empty set is none.
    pub fn set(&self, sketches: Option<ImageSet>) {
        let mut set = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *set = sketches.filter(|set| !set.is_empty());
    }
}

/// Those of `sketches` that show one of `classes`, in their order: their indices, and what `recipe`
/// makes of them, as images of `shape` (channels, height, width).
///
/// # Errors
/// None, as a recipe makes images of that shape.
pub fn image_set(
    sketches: &[Sketch],
    classes: &[String],
    recipe: Recipe,
    shape: [usize; 3],
) -> Result<(Vec<usize>, ImageSet), DataError> {
    let labels: HashMap<&str, u32> = classes.iter().map(String::as_str).zip(0..).collect();
    let (mut indices, mut pixels, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for (idx, sketch) in sketches.iter().enumerate() {
        let label = labels.get(sketch.label.as_str());
        let input = label.and_then(|_| sketch.input(recipe, shape));
        if let (Some(&label), Some(input)) = (label, input) {
            indices.push(idx);
            found.push(label);
            pixels.extend(input);
        }
    }
    Ok((indices, ImageSet::new(shape, pixels, found)?))
}
