//! Recipes: a picture goes the way the training images went.

use std::path::{Path, PathBuf};

use candle_studio::data::recipe::objects::objects;
use candle_studio::data::{
    Dataset, DecodedImage, Framing, InputImage, Recipe, center_sketch, read_image_bytes,
    read_image_file,
};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::{digit, mnist};
use crate::support::page::page_with_digit;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn gray_png(pixels: &[u8], [height, width]: [usize; 2]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(pixels, width as u32, height as u32, ExtendedColorType::L8)
        .unwrap();
    bytes
}

fn decoded(pixels: &[u8], size: [usize; 2]) -> DecodedImage {
    read_image_bytes(&gray_png(pixels, size), "a/picture").unwrap()
}

#[test]
fn mnist_is_found_to_be_centered_and_other_digits_are_not() {
    assert_eq!(mnist().recipe, Recipe::new(Framing::Center));
    assert_eq!(Recipe::of_images(&mnist().train), mnist().recipe);
    assert_eq!(Recipe::of_images(&mnist().test), mnist().recipe);
    let digits8 = Dataset::open_folder(&fixture("digits8")).unwrap();
    assert_eq!(digits8.recipe, Recipe::new(Framing::Fit));
}

#[test]
fn every_test_image_as_a_png_is_used_pixel_for_pixel() {
    let digits8 = Dataset::open_folder(&fixture("digits8")).unwrap();
    for data in [mnist(), &digits8] {
        let [_, height, width] = data.image_shape();
        for i in 0..data.test.len() {
            let pixels = data.test.image(i);
            let picture = decoded(pixels, [height, width]).into();
            let input = data.recipe.input(&picture, data.image_shape()).unwrap();
            assert_eq!(input, pixels, "{} image {i}", data.name);
        }
    }
}

#[test]
fn what_is_not_an_input_yet_becomes_one() {
    let recipe = mnist().recipe;
    let near = |picture: InputImage, what: &str| {
        let input = recipe.input(&picture, [1, 28, 28]).unwrap();
        let difference = super::mean_difference(&input, mnist().test.image(0));
        assert!(difference < 8.0, "{what}: {difference}");
    };
    let pixels = digit(0).pixels;
    let inverted: Vec<u8> = pixels.iter().map(|p| 255 - p).collect();
    near(decoded(&inverted, [28, 28]).into(), "dark on light");
    // Shifted up by three pixels: of the right size, but not in the middle.
    let mut shifted = pixels.clone();
    shifted.rotate_left(3 * 28);
    near(decoded(&shifted, [28, 28]).into(), "off the middle");
    let page = page_with_digit(mnist().test.image(0), 300, 8.0, 3);
    near(page.clone().into(), "a sketch");
    near(decoded(&page.pixels, [300, 300]).into(), "a picture of it");
}

#[test]
fn pictures_of_few_levels_are_not_blank() {
    let seven = read_image_file(&fixture("pictures/16bit-of-8bit_7.png")).unwrap();
    let input = mnist().recipe.input(&seven.into(), [1, 28, 28]).unwrap();
    assert_eq!(input.iter().max(), Some(&255));
    // Eight levels of brightness, between 193 and 200.
    let faint: Vec<u8> = digit(0).pixels.iter().map(|ink| 200 - ink / 32).collect();
    let faint = center_sketch(&decoded(&faint, [28, 28]).ink(), [28, 28]).unwrap();
    let difference = super::mean_difference(&faint, mnist().test.image(0));
    assert!(difference < 8.0, "{difference}");
}

#[test]
fn two_digits_are_two_objects_and_a_broken_digit_is_one() {
    for (name, expected) in [("10", 2), ("11", 2)] {
        let path = fixture(&format!("pictures/two-digits_{name}.png"));
        let picture = InputImage::from(read_image_file(&path).unwrap());
        let found = mnist().recipe.objects(&picture, [1, 28, 28]);
        assert_eq!(found.len(), expected, "{name}");
        assert!(found[0].bounds[0] < found[1].bounds[0], "left to right");
        for object in found {
            assert!(object.image.pixels.iter().any(|&pixel| pixel > 0));
        }
    }
    // Single digits, many of them in several strokes.
    let n_split = (0..2_000)
        .filter(|&i| {
            objects(&page_with_digit(mnist().test.image(i), 280, 8.0, i as u64)).len() != 1
        })
        .count();
    println!("{n_split} of 2,000 digits are taken for several objects");
    assert!(n_split <= 10, "{n_split} of 2,000");
}

#[test]
fn an_input_of_the_recipe_is_never_several_objects() {
    let picture = InputImage::from(decoded(mnist().test.image(5), [28, 28]));
    assert!(mnist().recipe.objects(&picture, [1, 28, 28]).is_empty());
    let fitted = Recipe::new(Framing::Fit);
    let two = InputImage::from(read_image_file(&fixture("pictures/two-digits_10.png")).unwrap());
    assert!(fitted.objects(&two, [1, 28, 28]).is_empty());
    let input = fitted.input(&two, [1, 28, 28]);
    assert_eq!(input.unwrap().len(), 28 * 28);
}

#[test]
fn of_a_photo_only_what_a_network_can_use_is_kept() {
    let page = page_with_digit(mnist().test.image(0), 1500, 30.0, 3);
    let picture = decoded(&page.pixels, [1500, 1500]);
    assert_eq!(picture.size(), [1024, 1024]);
    assert_eq!(picture.original_size(), [1500, 1500]);
    let input = mnist().recipe.input(&picture.into(), [1, 28, 28]).unwrap();
    let difference = super::mean_difference(&input, mnist().test.image(0));
    assert!(difference < 8.0, "{difference}");
}
