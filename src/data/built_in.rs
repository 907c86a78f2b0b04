//! The datasets that are there without a file: MNIST, scikit-learn's digits, and Fashion-MNIST where
//! the system has it.

use std::path::Path;

use super::dataset::{Dataset, gray_set};
use super::error::DataError;
use super::recipe::{Framing, Recipe};
use super::sketches::SharedSketches;

/// Where Debian's package `dataset-fashion-mnist` puts it.
const FASHION_FOLDER: &str = "/usr/share/datasets/fashion-mnist";
/// Its classes (Xiao, Rasul and Vollgraf 2017).
const FASHION_CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// A dataset that has a name and needs no file of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// 70,000 handwritten digits of 28×28.
    Mnist,
    /// 1,797 handwritten digits of 8×8.
    Digits,
    /// 70,000 pieces of clothing of 28×28, where they are installed.
    FashionMnist,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 3] = [BuiltIn::Mnist, BuiltIn::Digits, BuiltIn::FashionMnist];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            BuiltIn::Mnist => "mnist",
            BuiltIn::Digits => "digits",
            BuiltIn::FashionMnist => "fashion-mnist",
        }
    }

    /// Its name in the window.
    pub fn label(self) -> &'static str {
        match self {
            BuiltIn::Mnist => "MNIST",
            BuiltIn::Digits => "Digits (8×8)",
            BuiltIn::FashionMnist => "Fashion-MNIST",
        }
    }

    /// What it is, in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            BuiltIn::Mnist => "70,000 handwritten digits of 28×28 pixels, built in.",
            BuiltIn::Digits => {
                "1,797 handwritten digits of 8×8 pixels, built in: trains in a moment."
            }
            BuiltIn::FashionMnist => {
                "70,000 pieces of clothing of 28×28 pixels, if Debian's dataset-fashion-mnist is \
                 installed."
            }
        }
    }

    /// The one that is called `name`, in any case.
    pub fn named(name: &str) -> Option<BuiltIn> {
        BuiltIn::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// Opens it.
    ///
    /// # Errors
    /// When it is not installed, or there is no memory for it.
    pub fn open(self) -> Result<Dataset, DataError> {
        match self {
            BuiltIn::Mnist => Dataset::mnist(),
            BuiltIn::Digits => digits(),
            BuiltIn::FashionMnist => {
                let folder = Path::new(FASHION_FOLDER);
                if !folder.is_dir() {
                    let expected = "the folder of Debian's package dataset-fashion-mnist";
                    return Err(DataError::unexpected(expected, "none", FASHION_FOLDER));
                }
                Dataset::open(folder)
            }
        }
    }
}

/// Names the classes of Fashion-MNIST in the folder of the system: its files have numbers only.
pub(super) fn name_classes(dataset: &mut Dataset) {
    let is_fashion = dataset.folder.as_deref() == Some(Path::new(FASHION_FOLDER));
    if is_fashion && dataset.n_classes() == FASHION_CLASSES.len() {
        dataset.name = "Fashion-MNIST".to_owned();
        dataset.classes = FASHION_CLASSES.map(str::to_owned).to_vec();
    }
}

/// The published files, gzipped; see `assets/digits/README.md` for their source.
mod files {
    pub const TRAIN_IMAGES: &[u8] =
        include_bytes!("../../assets/digits/train-images-idx3-ubyte.gz");
    pub const TRAIN_LABELS: &[u8] =
        include_bytes!("../../assets/digits/train-labels-idx1-ubyte.gz");
    pub const TEST_IMAGES: &[u8] = include_bytes!("../../assets/digits/t10k-images-idx3-ubyte.gz");
    pub const TEST_LABELS: &[u8] = include_bytes!("../../assets/digits/t10k-labels-idx1-ubyte.gz");
}

fn digits() -> Result<Dataset, DataError> {
    let train = gray_set(files::TRAIN_IMAGES, files::TRAIN_LABELS)?;
    let test = gray_set(files::TEST_IMAGES, files::TEST_LABELS)?;
    Ok(Dataset {
        name: BuiltIn::Digits.name().to_owned(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        fingerprint: super::dataset::fingerprint(&train, &test),
        // They fill their frames, so a picture is fitted and not centered.
        recipe: Recipe::new(Framing::Fit),
        train,
        test,
        folder: None,
        notes: Vec::new(),
        sketches: SharedSketches::default(),
    })
}
