//! What a reader found, before a recipe is applied.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::tree::{Refused, Tree};
use crate::data::recipe::Recipe;

/// A dataset as it lies in a folder or file.
#[derive(Debug)]
pub struct Source {
    /// The folder or file.
    pub path: PathBuf,
    /// What it is, such as `image folder`.
    pub format: &'static str,
    /// The classes' names; labels are indices into them.
    pub classes: Vec<String>,
    /// Its images, in their order.
    pub items: Vec<Item>,
    /// Files that are not used, with the reasons.
    pub refused: Vec<Refused>,
    /// What was decided in reading it, one sentence each without a full stop.
    pub notes: Vec<String>,
    /// The files that it was read from.
    pub paths: Vec<PathBuf>,
    pub(super) images: Images,
    /// How its images have to be turned to be upright.
    pub(super) turn: Recipe,
}

/// One image of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Index of its class.
    pub label: u32,
    /// The split that the source puts it in, if it has splits.
    pub part: Option<Part>,
    /// Index of its file in the tree, or of its image in the array.
    pub(super) at: usize,
}

/// A split given by a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Training.
    Train,
    /// Validation.
    Validation,
    /// Test.
    Test,
}

impl Part {
    /// The split that the folder or file `name` is for by its usual names.
    pub(super) fn named(name: &str) -> Option<Part> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Part::Train),
            "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
            "test" | "testing" | "t10k" => Some(Part::Test),
            _ => None,
        }
    }

    /// The split named anywhere in `name`, such as `mnist_train.csv`.
    pub(super) fn in_name(name: &str) -> Option<Part> {
        name.split(|c: char| !c.is_ascii_alphanumeric())
            .find_map(Part::named)
    }
}

/// A file that a dataset was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// Where the images of a source are.
#[derive(Debug)]
pub(super) enum Images {
    /// In files, as pictures.
    Pictures(Tree),
    /// In memory: channels, height and width, and the pixels of all images.
    Pixels { shape: [usize; 3], pixels: Vec<u8> },
}
