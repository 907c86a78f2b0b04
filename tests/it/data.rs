//! Data through the front door: MNIST, folders, sketches and pictures.

mod folders;
mod import;
mod pictures;
pub mod recipe;
mod sketches;

use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use candle_studio::data::{Dataset, GrayImage, ImageSet, center_sketch, stratified_split};
use sha2::{Digest, Sha256};

use crate::support::page::page_with_digit;

/// MNIST, decoded once for all tests.
pub fn mnist() -> &'static Dataset {
    static MNIST: OnceLock<Dataset> = OnceLock::new();
    MNIST.get_or_init(|| Dataset::mnist().unwrap())
}

/// The mean absolute difference of two images, in gray levels.
fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let total: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    total as f64 / a.len() as f64
}

fn digit(index: usize) -> GrayImage {
    GrayImage {
        width: 28,
        height: 28,
        pixels: mnist().test.image(index).to_vec(),
    }
}

#[test]
fn the_files_in_assets_are_the_published_ones() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/mnist");
    for (name, len, sha256) in [
        (
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        (
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        (
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ] {
        let packed = std::fs::read(assets.join(format!("{name}.gz"))).unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain.len(), len, "{name}");
        assert_eq!(format!("{:x}", Sha256::digest(&plain)), sha256, "{name}");
    }
}

#[test]
fn mnist_is_whole() {
    let counts = |set: &ImageSet| {
        let mut counts = [0; 10];
        set.labels()
            .iter()
            .for_each(|&label| counts[label as usize] += 1);
        counts
    };
    let mnist = mnist();
    assert_eq!(mnist.image_shape(), [1, 28, 28]);
    assert_eq!(mnist.test.shape(), [1, 28, 28]);
    assert_eq!(mnist.classes.concat(), "0123456789");
    assert_eq!(
        counts(&mnist.train),
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    assert_eq!(
        counts(&mnist.test),
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
    // The first pictures of each part, as everyone knows them: a five and a seven.
    assert_eq!((mnist.train.labels()[0], mnist.test.labels()[0]), (5, 7));
    let ink = |set: &ImageSet| set.image(0).iter().filter(|&&pixel| pixel > 0).count();
    assert_eq!((ink(&mnist.train), ink(&mnist.test)), (166, 116));
}

#[test]
fn the_default_split_of_mnist_keeps_the_classes_in_proportion() {
    let labels = mnist().train.labels();
    let split = stratified_split(labels, 5000, 1);
    assert_eq!((split.train.len(), split.validation.len()), (55_000, 5000));
    for class in 0..10 {
        let count = |part: &[u32]| {
            let of_class = part.iter().filter(|&&i| labels[i as usize] == class);
            of_class.count() as f64
        };
        let share = count(&split.validation) / (count(&split.validation) + count(&split.train));
        assert!((share - 1.0 / 12.0).abs() < 1e-3, "class {class}: {share}");
    }
}

#[test]
fn a_digit_of_mnist_comes_out_of_the_sketch_pipeline_nearly_as_it_went_in() {
    let difference = |i| {
        let out = center_sketch(&digit(i), [28, 28]).unwrap();
        mean_difference(&out, &digit(i).pixels)
    };
    let mean = (0..1000).map(difference).sum::<f64>() / 1000.0;
    println!("untouched digits differ by {mean:.3} gray levels");
    assert!(mean < 0.3, "{mean}");
}

/// A digit enlarged and moved comes back as it was, but for where the new pixels' borders fall:
/// by how much, on average, is what the pipeline's details were chosen by. Half a pixel's shift
/// alone makes 11 to 14.
#[test]
fn a_digit_drawn_large_and_off_center_comes_back() {
    for (side, scale) in [(280, 8.0), (448, 12.0)] {
        let difference = |i| {
            let page = page_with_digit(mnist().test.image(i), side, scale, i as u64);
            let out = center_sketch(&page, [28, 28]).unwrap();
            mean_difference(&out, mnist().test.image(i))
        };
        let mean = (0..1000).map(difference).sum::<f64>() / 1000.0;
        println!("on a page of {side}, enlarged {scale} times: {mean:.2} gray levels");
        assert!(mean < 8.0, "{side} {scale}: {mean}");
    }
}
