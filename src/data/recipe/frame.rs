//! Where on a picture the input lies that a recipe makes of it.

use super::centered::is_centered;
use super::input::InputImage;
use super::placed::Placed;
use super::spec::{Framing, Recipe};
use crate::data::decoded_image::DecodedImage;
use crate::data::resample::Stretch;
use crate::data::sketch::{GrayImage, center_frame};

impl Recipe {
    /// The part of `image` that becomes the input of `shape`: left, top, width and height, as shares
    /// of a square that the image, as it is shown, fills (see
    /// [`Object::on_square`](super::Object::on_square)). It may reach outside. `None` when there is
    /// nothing to center.
    pub fn frame(&self, image: &InputImage, [_, height, width]: [usize; 3]) -> Option<[f32; 4]> {
        let size = [height, width];
        if size.contains(&0) {
            return None;
        }
        match image {
            InputImage::Sketch(sketch) => self.frame_of_gray(sketch, size),
            InputImage::Input(picture) if picture.size() == size => {
                Some(on_square(size, size.map(whole)))
            }
            InputImage::Decoded(picture) | InputImage::Input(picture) => {
                self.frame_of_picture(&self.upright(picture), size)
            }
        }
    }

    fn frame_of_gray(&self, gray: &GrayImage, size: [usize; 2]) -> Option<[f32; 4]> {
        let extents = [gray.height, gray.width];
        let frame = match self.framing {
            Framing::Center => center_frame(gray, size)?,
            framing => Placed::new(extents, framing, size).frame(size),
        };
        Some(on_square(extents, frame))
    }

    fn frame_of_picture(&self, picture: &DecodedImage, size: [usize; 2]) -> Option<[f32; 4]> {
        let extents = picture.size();
        if self.framing != Framing::Center {
            let frame = Placed::new(extents, self.framing, size).frame(size);
            return Some(on_square(extents, frame));
        }
        let is_ready = extents == size && is_centered(&picture.channels(false).swap_remove(0));
        match is_ready {
            true => Some(on_square(size, size.map(whole))),
            false => self.frame_of_gray(&picture.ink(), size),
        }
    }
}

fn whole(len: usize) -> Stretch {
    Stretch {
        start: 0.0,
        len: len as f64,
    }
}

/// Rows and columns of a picture of `extents` as left, top, width and height on a square that the
/// picture fills, centered and as large as fits.
fn on_square(extents: [usize; 2], frame: [Stretch; 2]) -> [f32; 4] {
    let side = extents[0].max(extents[1]) as f64;
    let [top, left] = [0, 1].map(|axis| {
        let margin = (side - extents[axis] as f64) / 2.0;
        (margin + frame[axis].start) / side
    });
    let [height, width] = frame.map(|stretch| stretch.len / side);
    [left, top, width, height].map(|share| share as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a rectangle of ink: first column, first row, width and height.
    fn page(side: usize, [left, top, width, height]: [usize; 4]) -> InputImage {
        let is_ink = |i: usize| {
            let (y, x) = (i / side, i % side);
            (left..left + width).contains(&x) && (top..top + height).contains(&y)
        };
        GrayImage {
            width: side,
            height: side,
            pixels: (0..side * side)
                .map(|i| u8::from(is_ink(i)) * 255)
                .collect(),
        }
        .into()
    }

    #[test]
    fn the_frame_of_a_centered_sketch_is_where_its_ink_is() {
        let recipe = Recipe::new(Framing::Center);
        // 40 × 100 pixels become 8 × 20, at column 10 and row 4.
        let frame = recipe.frame(&page(280, [50, 100, 40, 100]), [1, 28, 28]);
        let expected = [0.0, 80.0, 140.0, 140.0].map(|n: f32| n / 280.0);
        let frame = frame.unwrap();
        for (found, expected) in frame.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{frame:?}");
        }
        assert_eq!(recipe.frame(&page(9, [0; 4]), [1, 28, 28]), None);
    }

    #[test]
    fn the_frame_of_a_picture_is_its_middle_or_reaches_outside() {
        let wide = DecodedImage::from_pixels([1, 2, 4], &[9; 8]);
        let frame = |framing| {
            let image = InputImage::from(wide.clone());
            Recipe::new(framing).frame(&image, [1, 4, 4]).unwrap()
        };
        assert_eq!(frame(Framing::Crop), [0.25, 0.25, 0.5, 0.5]);
        assert_eq!(frame(Framing::Stretch), [0.0, 0.25, 1.0, 0.5]);
        assert_eq!(frame(Framing::Fit), [0.0, 0.0, 1.0, 1.0]);
        let input = InputImage::Input(std::sync::Arc::new(wide));
        let center = Recipe::new(Framing::Center);
        assert_eq!(center.frame(&input, [1, 2, 4]), Some([0.0, 0.25, 1.0, 0.5]));
    }
}
