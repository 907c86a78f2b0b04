//! The part of a dataset whose labels are known.

use super::dataset::{Dataset, fingerprint};
use super::error::DataError;
use super::image_set::ImageSet;
use super::sketches::SharedSketches;

impl Dataset {
    /// The dataset of the training images in `labeled`, each with the label it was given, and the test
    /// images of this one; or, for `holds_out`, with every fifth of the labeled images as a test image
    /// instead, where the labels of the test images are not known.
    ///
    /// # Errors
    /// When no training image is left.
    pub fn labeled(&self, labeled: &[(u32, u32)], holds_out: bool) -> Result<Dataset, DataError> {
        let is_held_out = |at: usize| holds_out && at % FOLD == FOLD - 1;
        let part = |wanted: bool| -> Result<ImageSet, DataError> {
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            for (at, &(idx, label)) in labeled.iter().enumerate() {
                if is_held_out(at) == wanted {
                    pixels.extend_from_slice(self.train.image(idx as usize));
                    labels.push(label);
                }
            }
            ImageSet::new(self.image_shape(), pixels, labels)
        };
        let train = part(false)?;
        if train.is_empty() {
            let expected = "at least one labeled image";
            return Err(DataError::unexpected(expected, "none", &self.name));
        }
        let test = match holds_out {
            true => part(true)?,
            false => self.test.clone(),
        };
        Ok(Dataset {
            name: format!("{} labeled", self.name),
            classes: self.classes.clone(),
            fingerprint: fingerprint(&train, &test),
            train,
            test,
            recipe: self.recipe,
            folder: None,
            notes: Vec::new(),
            sketches: SharedSketches::default(),
        })
    }
}

/// Of the labeled images, one of so many is held out.
const FOLD: usize = 5;

#[cfg(test)]
mod tests {
    use crate::data::BuiltIn;

    #[test]
    fn labeled_images_have_the_labels_they_were_given() {
        let digits = BuiltIn::Digits.open().unwrap();
        let labeled: Vec<(u32, u32)> = (0..10).map(|i| (3 * i, i % 2)).collect();
        let all = digits.labeled(&labeled, false).unwrap();
        assert_eq!(all.train.len(), 10);
        assert_eq!(all.train.image(2), digits.train.image(6));
        assert_eq!(all.train.labels()[..4], [0, 1, 0, 1]);
        assert_eq!(all.test, digits.test);
        let held = digits.labeled(&labeled, true).unwrap();
        assert_eq!((held.train.len(), held.test.len()), (8, 2));
        assert_eq!(held.test.image(0), digits.train.image(12));
        assert!(digits.labeled(&[], false).is_err());
    }
}
