//! Making inputs by a recipe.

use std::borrow::Cow;
use std::sync::Arc;

use super::centered::is_centered;
use super::objects::{Object, objects};
use super::placed::framed;
use super::spec::{Framing, Recipe};
use crate::data::decoded_image::DecodedImage;
use crate::data::sketch::{GrayImage, center_sketch};

/// Pictures that use fewer gray levels than this are stretched to the whole range.
const MIN_LEVELS: u8 = 32;

/// What a network is asked about.
#[derive(Clone, Debug)]
pub enum InputImage {
    /// A sketch: bright ink on black.
    Sketch(Arc<GrayImage>),
    /// A picture from a file, or an image of a dataset.
    Decoded(Arc<DecodedImage>),
    /// What a recipe already made: of the right size, it is the input, pixel for pixel, even if it
    /// is not centered.
    Input(Arc<DecodedImage>),
}

impl InputImage {
    /// Whether both are the very same image in memory.
    pub fn is_same(&self, other: &InputImage) -> bool {
        match (self, other) {
            (InputImage::Sketch(a), InputImage::Sketch(b)) => Arc::ptr_eq(a, b),
            (InputImage::Decoded(a), InputImage::Decoded(b))
            | (InputImage::Input(a), InputImage::Input(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl From<GrayImage> for InputImage {
    fn from(sketch: GrayImage) -> InputImage {
        InputImage::Sketch(Arc::new(sketch))
    }
}

impl From<DecodedImage> for InputImage {
    fn from(picture: DecodedImage) -> InputImage {
        InputImage::Decoded(Arc::new(picture))
    }
}

impl Recipe {
    /// Returns the input of `shape` (channels, height, width), as bytes in that order, or `None`
    /// when there is nothing to center.
    ///
    /// A picture that already is what the recipe makes is used pixel for pixel.
    pub fn input(&self, image: &InputImage, shape: [usize; 3]) -> Option<Vec<u8>> {
        match image {
            InputImage::Sketch(sketch) => self.of_sketch(sketch, shape),
            InputImage::Input(image) if image.size() == shape[1..] => {
                Some(of_channels(image, shape[0]))
            }
            InputImage::Decoded(image) | InputImage::Input(image) => self.of_picture(image, shape),
        }
    }

    fn of_sketch(
        &self,
        sketch: &GrayImage,
        [channels, height, width]: [usize; 3],
    ) -> Option<Vec<u8>> {
        let is_blank = sketch.pixels.iter().all(|&pixel| pixel == 0);
        if is_blank || height * width == 0 {
            return None;
        }
        let gray = match self.framing {
            Framing::Center => center_sketch(sketch, [height, width])?,
            framing => framed(sketch, framing, [height, width]),
        };
        Some(gray.repeat(channels))
    }

    fn of_picture(&self, picture: &DecodedImage, shape: [usize; 3]) -> Option<Vec<u8>> {
        let [n_channels, height, width] = shape;
        let picture = &*self.upright(picture);
        let is_same_size = picture.size() == [height, width];
        if self.framing == Framing::Center {
            let gray = is_same_size.then(|| picture.channels(false).swap_remove(0));
            let gray = match gray.filter(is_centered) {
                Some(ready) => ready.pixels,
                None => center_sketch(&picture.ink(), [height, width])?,
            };
            return Some(gray.repeat(n_channels));
        }
        let is_color = n_channels == 3;
        let mut channels = picture.channels(is_color);
        if self.invert && !picture.is_input {
            channels.iter_mut().for_each(invert);
        }
        if !is_same_size {
            stretch_levels(&mut channels);
        }
        let framed = |channel: &GrayImage| framed(channel, self.framing, [height, width]);
        let values: Vec<u8> = channels.iter().flat_map(framed).collect();
        let n_copies = if is_color { 1 } else { n_channels };
        Some(values.repeat(n_copies))
    }

    /// The picture in gray before it is framed, as a canvas shows it: for data that is centered,
    /// only its ink.
    pub fn shown(&self, picture: &DecodedImage) -> GrayImage {
        let picture = &*self.upright(picture);
        let mut gray = picture.channels(false).swap_remove(0);
        if self.framing == Framing::Center && !is_centered(&gray) {
            return picture.ink();
        }
        if self.invert && self.framing != Framing::Center && !picture.is_input {
            invert(&mut gray);
        }
        gray
    }

    /// The separate objects of an image, if it has to be centered to become an input of `shape`:
    /// where there are several, they become one input together.
    pub fn objects(&self, image: &InputImage, shape: [usize; 3]) -> Vec<Object> {
        if self.framing != Framing::Center {
            return Vec::new();
        }
        match image {
            InputImage::Sketch(sketch) => objects(sketch),
            // An input that was edited is used as a whole.
            InputImage::Input(picture) if picture.size() == shape[1..] => Vec::new(),
            InputImage::Decoded(picture) | InputImage::Input(picture) => {
                self.objects_of_picture(picture, shape)
            }
        }
    }

    fn objects_of_picture(
        &self,
        picture: &DecodedImage,
        [_, height, width]: [usize; 3],
    ) -> Vec<Object> {
        let picture = &*self.upright(picture);
        let is_ready = picture.size() == [height, width]
            && is_centered(&picture.channels(false).swap_remove(0));
        if is_ready {
            return Vec::new();
        }
        objects(&picture.ink())
    }

    pub(super) fn upright<'p>(&self, picture: &'p DecodedImage) -> Cow<'p, DecodedImage> {
        let is_turned = self.mirror || !self.quarter_turns.is_multiple_of(4);
        if is_turned && !picture.is_input {
            Cow::Owned(picture.turned(self.quarter_turns, self.mirror))
        } else {
            Cow::Borrowed(picture)
        }
    }
}

/// The pixels of a picture as `n_channels`: its colors, or its gray in each.
fn of_channels(picture: &DecodedImage, n_channels: usize) -> Vec<u8> {
    let is_color = n_channels == 3;
    let channels = picture.channels(is_color).into_iter();
    let values: Vec<u8> = channels.flat_map(|channel| channel.pixels).collect();
    values.repeat(if is_color { 1 } else { n_channels })
}

fn invert(channel: &mut GrayImage) {
    for pixel in &mut channel.pixels {
        *pixel = 255 - *pixel;
    }
}

/// Stretches the channels of a picture with next to no contrast, all by the same factor.
fn stretch_levels(channels: &mut [GrayImage]) {
    let values = || channels.iter().flat_map(|channel| &channel.pixels).copied();
    let (low, high) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
    let range = high - low;
    if range == 0 || range >= MIN_LEVELS {
        return;
    }
    for pixel in channels.iter_mut().flat_map(|channel| &mut channel.pixels) {
        *pixel = (u32::from(*pixel - low) * 255 / u32::from(range)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(width: usize, pixels: &[u8]) -> InputImage {
        let shape = [1, pixels.len() / width, width];
        InputImage::Decoded(Arc::new(DecodedImage::from_pixels(shape, pixels)))
    }

    #[test]
    fn a_picture_of_the_right_size_is_used_pixel_for_pixel() {
        let pixels: Vec<u8> = (0..16).map(|i| i * 16).collect();
        for framing in [Framing::Fit, Framing::Crop, Framing::Stretch] {
            let recipe = Recipe::new(framing);
            let input = recipe.input(&decoded(4, &pixels), [1, 4, 4]);
            assert_eq!(input.as_deref(), Some(&pixels[..]), "{framing:?}");
        }
    }

    #[test]
    fn an_input_of_the_right_size_stays_where_it_is() {
        let mut pixels = vec![0; 28 * 28];
        pixels[30] = 255;
        let picture = Arc::new(DecodedImage::from_pixels([1, 28, 28], &pixels));
        let recipe = Recipe::new(Framing::Center);
        let input = |image: &InputImage| recipe.input(image, [1, 28, 28]).unwrap();
        let ready = InputImage::Input(picture.clone());
        assert_eq!(input(&ready), pixels);
        assert_ne!(input(&InputImage::Decoded(picture)), pixels);
        assert!(recipe.objects(&ready, [1, 28, 28]).is_empty());
        let smaller = recipe.input(&ready, [1, 14, 14]).unwrap();
        assert_eq!(smaller.len(), 14 * 14);
    }

    #[test]
    fn another_aspect_ratio_is_fitted_cropped_or_stretched() {
        // Four columns, two rows.
        let wide = decoded(4, &[10, 50, 90, 130, 10, 50, 90, 130]);
        let input = |framing| Recipe::new(framing).input(&wide, [1, 2, 2]).unwrap();
        assert_eq!(input(Framing::Crop), [50, 90, 50, 90]);
        assert_eq!(input(Framing::Stretch), [30, 110, 30, 110]);
        // Half as high as the frame, with a bar below.
        assert_eq!(input(Framing::Fit), [30, 110, 0, 0]);
    }

    #[test]
    fn it_is_mirrored_then_turned_then_inverted() {
        let picture = decoded(2, &[0, 100, 200, 255]);
        let recipe = Recipe {
            mirror: true,
            quarter_turns: 1,
            invert: true,
            ..Recipe::new(Framing::Fit)
        };
        // Mirrored: 100 0 / 255 200; turned right: 255 100 / 200 0.
        assert_eq!(
            recipe.input(&picture, [1, 2, 2]).unwrap(),
            [0, 155, 55, 255]
        );
    }

    #[test]
    fn the_image_of_a_dataset_is_not_turned_or_inverted_again() {
        let pixels = [0, 100, 200, 255];
        let made = DecodedImage::from_pixels([1, 2, 2], &pixels).as_input();
        let recipe = Recipe {
            mirror: true,
            quarter_turns: 1,
            invert: true,
            ..Recipe::new(Framing::Fit)
        };
        assert_eq!(recipe.shown(&made).pixels, pixels);
        assert_eq!(recipe.input(&made.into(), [1, 2, 2]).unwrap(), pixels);
    }

    #[test]
    fn colors_stay_colors_for_a_network_of_three_channels() {
        let pixels = [255, 0, 0, 128, 0, 64];
        let picture = DecodedImage::from_pixels([3, 1, 2], &pixels);
        let picture = InputImage::Decoded(Arc::new(picture));
        let recipe = Recipe::new(Framing::Fit);
        assert_eq!(recipe.input(&picture, [3, 1, 2]).unwrap(), pixels);
        assert_eq!(recipe.input(&picture, [1, 1, 2]).unwrap().len(), 2);
        let gray = decoded(2, &[7, 9]);
        assert_eq!(recipe.input(&gray, [3, 1, 2]).unwrap(), [7, 9, 7, 9, 7, 9]);
    }

    #[test]
    fn what_uses_few_levels_is_stretched_unless_it_is_an_input_already() {
        let faint = decoded(2, &[100, 104, 108, 110]);
        let recipe = Recipe::new(Framing::Fit);
        assert_eq!(
            recipe.input(&faint, [1, 2, 2]).unwrap(),
            [100, 104, 108, 110]
        );
        let larger = recipe.input(&faint, [1, 4, 4]).unwrap();
        assert_eq!([larger[0], larger[15]], [0, 255]);
    }
}
