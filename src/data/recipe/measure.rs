//! Measuring how the images of a dataset were made.

use super::centered::is_centered;
use super::spec::{Framing, Recipe};
use crate::data::image_set::ImageSet;
use crate::data::sketch::GrayImage;

/// Share of the images that must be centered like MNIST's for the dataset to be.
const MIN_SHARE: f64 = 0.99;

impl Recipe {
    /// The recipe of a dataset, from its training images: centered if nearly all of them are,
    /// otherwise fitted.
    pub fn of_images(images: &ImageSet) -> Recipe {
        let [channels, height, width] = images.shape();
        if channels != 1 || images.is_empty() {
            return Recipe::new(Framing::Fit);
        }
        let max_others = ((1.0 - MIN_SHARE) * images.len() as f64) as usize;
        let is_other = |i: &usize| {
            !is_centered(&GrayImage {
                width,
                height,
                pixels: images.image(*i).to_vec(),
            })
        };
        // Stops at the first image too many: data of another kind is told at once.
        let n_others = (0..images.len())
            .filter(is_other)
            .take(max_others + 1)
            .count();
        Recipe::new(if n_others > max_others {
            Framing::Fit
        } else {
            Framing::Center
        })
    }
}
