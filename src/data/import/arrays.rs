//! Images that lie in arrays, and making others of them by a recipe.

use super::limits::checked_bytes;
use super::made::Made;
use super::progress::ImportProgress;
use super::recipe::ImportRecipe;
use super::source::Item;
use super::split::keep;
use super::tree::Refused;
use crate::data::decoded_image::DecodedImage;
use crate::data::error::DataError;
use crate::data::recipe::{Framing, InputImage, Recipe};

/// Makes the images of `items` of the array `pixels`, which holds images of `shape`.
pub(super) fn make(
    shape: [usize; 3],
    mut pixels: Vec<u8>,
    items: &[Item],
    own: Recipe,
    recipe: &ImportRecipe,
    progress: &ImportProgress,
) -> Result<Made, DataError> {
    let wanted = made_shape(shape, own, recipe);
    checked_bytes(items.len(), wanted)?;
    // An array is upright after its own recipe, which no picture of it has to pass again.
    let measured = recipe.framing.map(Recipe::new);
    let len = shape.iter().product::<usize>();
    let mut is_chosen = vec![false; pixels.len() / len.max(1)];
    items.iter().for_each(|item| is_chosen[item.at] = true);
    keep(&mut pixels, len, is_chosen.into_iter());
    if wanted == shape && own == Recipe::new(Framing::Fit) {
        return Ok(Made {
            shape,
            pixels,
            is_made: vec![true; items.len()],
            refused: Vec::new(),
            recipe: measured,
        });
    }
    let mut made = Vec::with_capacity(items.len() * wanted.iter().product::<usize>());
    let (mut is_made, mut refused) = (Vec::new(), Vec::new());
    for (i, image) in pixels.chunks_exact(len).enumerate() {
        progress.check()?;
        let image = InputImage::from(DecodedImage::from_pixels(shape, image));
        let image = own.input(&image, wanted);
        is_made.push(image.is_some());
        match image {
            Some(image) => made.extend(image),
            None => refused.push(Refused {
                file: format!("image {}", items[i].at),
                reason: "it is blank: there is nothing to center".to_owned(),
            }),
        }
        progress.image_done();
    }
    Ok(Made {
        shape: wanted,
        pixels: made,
        is_made,
        refused,
        recipe: measured,
    })
}

/// Channels, height and width of the images that are made of images of `shape`.
pub(super) fn made_shape(shape: [usize; 3], own: Recipe, recipe: &ImportRecipe) -> [usize; 3] {
    let [channels, height, width] = shape;
    let n_channels = match recipe.color {
        None => channels,
        Some(is_color) => 1 + 2 * usize::from(is_color),
    };
    let turned = match own.quarter_turns % 2 {
        0 => [height, width],
        _ => [width, height],
    };
    let [height, width] = recipe.size.unwrap_or(turned);
    [n_channels, height, width]
}

/// The lowest and the highest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range(pub [f64; 2]);

impl Range {
    /// Of no value.
    pub(super) const NONE: Range = Range([f64::INFINITY, f64::NEG_INFINITY]);
    /// Of values that are not all numbers.
    pub(super) const TEXTS: Range = Range([f64::NEG_INFINITY, f64::INFINITY]);

    pub(super) fn widen(&mut self, value: f64) {
        self.0 = [self.0[0].min(value), self.0[1].max(value)];
    }

    pub(super) fn join(&mut self, other: Range) {
        other.0.iter().for_each(|&value| self.widen(value));
    }
}

/// Brings values of any usual range to 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    factor: f64,
    offset: f64,
}

impl Scale {
    /// Bytes are pixels as they are.
    pub(super) const NONE: Scale = Scale {
        factor: 1.0,
        offset: 0.0,
    };

    /// For values of `range`; `origin` is what they are of in the error.
    pub(super) fn of(range: Range, origin: &str) -> Result<Scale, DataError> {
        let [low, high] = range.0;
        let factor = match high {
            _ if (-1.0..0.0).contains(&low) && high <= 1.0 => 127.5,
            // Also where a value is not finite.
            _ if !(low >= 0.0 && high <= 65_535.0) => {
                let expected = "pixels from 0 to 255, 0 to 1 or -1 to 1";
                let found = format!("values from {low} to {high}");
                return Err(DataError::unexpected(expected, found, origin));
            }
            _ if high <= 1.0 => 255.0,
            // scikit-learn's digits.
            _ if high <= 16.0 => 255.0 / 16.0,
            _ if high <= 255.0 => 1.0,
            _ => 1.0 / 257.0,
        };
        let offset = f64::from(low < 0.0);
        Ok(Scale { factor, offset })
    }

    pub(super) fn apply(self, value: f64) -> u8 {
        ((value + self.offset) * self.factor).round() as u8
    }

    /// What it does, unless it changes nothing.
    pub(super) fn note(self, range: Range, name: &str) -> Option<String> {
        let [low, high] = range.0;
        let note = || format!("the values of {name}, {low} to {high}, are scaled to 0 to 255");
        (self.factor != 1.0).then(note)
    }
}

/// Channels, height and width of a flattened image of `len` values: a square, in gray or in color.
pub(super) fn square(len: usize) -> Option<[usize; 3]> {
    let of = |channels: usize| {
        let side = (len as f64 / channels as f64).sqrt().round() as usize;
        (side > 0 && channels * side * side == len).then_some([channels, side, side])
    };
    of(1).or_else(|| of(3))
}
