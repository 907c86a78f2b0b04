//! A small dataset that is learned in a moment: four classes of a bright bar at four heights, in
//! noise.

use std::path::Path;

use candle_studio::data::sketches::SharedSketches;
use candle_studio::data::{Dataset, Framing, ImageSet, Recipe};

pub const SIDE: usize = 12;
pub const CLASSES: usize = 4;
pub const N_TRAIN: usize = 203;
pub const N_TEST: usize = 61;

/// One image of `class`; `idx` decides its noise.
pub fn image(class: usize, idx: usize) -> Vec<u8> {
    let mut state = (idx * CLASSES + class) as u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8 / 3
    };
    let bar = 1 + 3 * class;
    let pixel = |i: usize, noise: u8| {
        let (y, x) = (i / SIDE, i % SIDE);
        let is_bar = (bar..bar + 2).contains(&y) && (2..SIDE - 2).contains(&x);
        if is_bar { 255 - noise } else { noise }
    };
    (0..SIDE * SIDE).map(|i| pixel(i, noise())).collect()
}

fn part(n: usize, first: usize) -> (Vec<u8>, Vec<u8>) {
    let pixels = (0..n).flat_map(|i| image(i % CLASSES, first + i)).collect();
    (pixels, (0..n).map(|i| (i % CLASSES) as u8).collect())
}

/// The dataset in memory.
pub fn dataset() -> Dataset {
    let set = |n, first| {
        let (pixels, labels) = part(n, first);
        let labels = labels.into_iter().map(u32::from).collect();
        ImageSet::new([1, SIDE, SIDE], pixels, labels).unwrap()
    };
    Dataset {
        name: "bars".to_owned(),
        classes: (0..CLASSES).map(|c| c.to_string()).collect(),
        train: set(N_TRAIN, 0),
        test: set(N_TEST, N_TRAIN),
        fingerprint: "of bars".to_owned(),
        recipe: Recipe::new(Framing::Fit),
        folder: None,
        notes: Vec::new(),
        sketches: SharedSketches::default(),
    }
}

pub const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
pub const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
pub const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
pub const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// The dataset as a folder of IDX files.
pub fn write_folder(dir: &Path) {
    for (n, first, images, labels) in [
        (N_TRAIN, 0, TRAIN_IMAGES, TRAIN_LABELS),
        (N_TEST, N_TRAIN, TEST_IMAGES, TEST_LABELS),
    ] {
        let (pixels, classes) = part(n, first);
        std::fs::write(dir.join(images), idx(&[n, SIDE, SIDE], &pixels)).unwrap();
        std::fs::write(dir.join(labels), idx(&[n], &classes)).unwrap();
    }
}

/// An IDX file of bytes, whatever `dims` claim.
pub fn idx(dims: &[usize], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, dims.len() as u8];
    for &dim in dims {
        file.extend((dim as u32).to_be_bytes());
    }
    file.extend(bytes);
    file
}
