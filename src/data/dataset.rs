//! A dataset in memory: its pixels are stored once, as bytes.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::error::DataError;
use super::idx;
use super::image_set::ImageSet;
use super::recipe::{Framing, Recipe};
use super::sketches::SharedSketches;

/// Training and test images, with the names of their classes.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The name shown in the window.
    pub name: String,
    /// The classes' names; a label is an index into them.
    pub classes: Vec<String>,
    /// The training images, including those for validation.
    pub train: ImageSet,
    /// The images for the final test.
    pub test: ImageSet,
    /// SHA-256 in hexadecimal over the shapes, pixels and labels of both splits: equal for equal
    /// data, wherever it was read from.
    pub fingerprint: String,
    /// How a picture becomes one like these images.
    pub recipe: Recipe,
    /// The folder or file it was read from, as an absolute path; `None` for a built-in dataset.
    pub folder: Option<PathBuf>,
    /// What was decided in reading it, one sentence each without a full stop.
    pub notes: Vec<String>,
    /// What the user drew and labeled as one of its classes. No part of its identity, and nothing is
    /// trained on it or chosen by it.
    pub sketches: SharedSketches,
}

impl Dataset {
    /// The MNIST database of handwritten digits (LeCun, Cortes and Burges): 60,000 training and
    /// 10,000 test images of 28×28, built into the program.
    ///
    /// # Errors
    /// None, unless memory or threads run out.
    pub fn mnist() -> Result<Dataset, DataError> {
        // The window waits for this: the training images, three quarters of the work, are
        // unpacked in parallel, and the fingerprint of data that never changes is a constant.
        let (train, test) = std::thread::scope(|scope| {
            let test = scope.spawn(|| gray_set(mnist::TEST_IMAGES, mnist::TEST_LABELS));
            let train = gray_set(mnist::TRAIN_IMAGES, mnist::TRAIN_LABELS);
            let test = test
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (train, test)
        });
        Ok(Dataset {
            name: "MNIST".to_string(),
            classes: (0..10).map(|digit| digit.to_string()).collect(),
            train: train?,
            test: test?,
            fingerprint: mnist::FINGERPRINT.to_string(),
            recipe: Recipe::new(Framing::Center),
            folder: None,
            notes: Vec::new(),
            sketches: SharedSketches::default(),
        })
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.classes.len()
    }

    /// Channels, height and width of every image, training and test.
    pub fn image_shape(&self) -> [usize; 3] {
        self.train.shape()
    }
}

/// The [`Dataset::content`] of the built-in MNIST, which never changes.
pub(super) fn mnist_content(dataset: &Dataset) -> Option<String> {
    let is_mnist = dataset.folder.is_none() && dataset.fingerprint == mnist::FINGERPRINT;
    is_mnist.then(|| mnist::CONTENT.to_owned())
}

/// SHA-256 over both splits of a dataset; see [`Dataset::fingerprint`].
pub(super) fn fingerprint(train: &ImageSet, test: &ImageSet) -> String {
    let mut hasher = Sha256::new();
    for set in [train, test] {
        for extent in [set.len()].into_iter().chain(set.shape()) {
            hasher.update((extent as u64).to_le_bytes());
        }
        hasher.update(set.pixels());
        for label in set.labels() {
            hasher.update(label.to_le_bytes());
        }
    }
    format!("{:x}", hasher.finalize())
}

/// Reads one split of a built-in dataset from its gzipped files.
pub(super) fn gray_set(images: &[u8], labels: &[u8]) -> Result<ImageSet, DataError> {
    let images = idx::images_from_bytes(images, "the images in this program")?;
    let labels = idx::labels_from_bytes(labels, "the labels in this program")?;
    let labels = labels.into_iter().map(|label| label as u32).collect();
    ImageSet::new([1, images.height, images.width], images.pixels, labels)
}

/// The published files, gzipped; see `assets/mnist/README.md` for their source.
mod mnist {
    pub const TRAIN_IMAGES: &[u8] = include_bytes!("../../assets/mnist/train-images-idx3-ubyte.gz");
    pub const TRAIN_LABELS: &[u8] = include_bytes!("../../assets/mnist/train-labels-idx1-ubyte.gz");
    pub const TEST_IMAGES: &[u8] = include_bytes!("../../assets/mnist/t10k-images-idx3-ubyte.gz");
    pub const TEST_LABELS: &[u8] = include_bytes!("../../assets/mnist/t10k-labels-idx1-ubyte.gz");
    pub const FINGERPRINT: &str =
        "62c410fb57f183cd97411ef818addf66c220d7f5fdceb14389b9457aa8fd119d";
    pub const CONTENT: &str = "91c93b4c59a9056c9941dff56ba851137e652021304b2593baba376f26e04b65";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnist_keeps_its_fingerprint() {
        let mnist = Dataset::mnist().unwrap();
        assert_eq!(mnist.fingerprint, fingerprint(&mnist.train, &mnist.test));
        assert_eq!(mnist.content(), super::mnist::CONTENT);
    }

    #[test]
    fn a_fingerprint_sees_pixels_labels_shapes_and_parts() {
        let set = |shape, pixels: [u8; 4], labels: [u32; 1]| {
            ImageSet::new(shape, pixels.to_vec(), labels.to_vec()).unwrap()
        };
        let base = set([1, 2, 2], [1, 2, 3, 4], [0]);
        let others = [
            set([1, 2, 2], [1, 2, 3, 5], [0]),
            set([1, 2, 2], [1, 2, 3, 4], [1]),
            set([1, 1, 4], [1, 2, 3, 4], [0]),
        ];
        for other in &others {
            assert_ne!(fingerprint(&base, &base), fingerprint(&base, other));
            assert_ne!(fingerprint(other, &base), fingerprint(&base, other));
        }
    }
}
