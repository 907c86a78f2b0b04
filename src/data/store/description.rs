//! `dataset.json`: what a stored dataset is, and what it was made of.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{DESCRIPTION, write_text};
use crate::data::error::DataError;
use crate::data::folder::MAX_CLASSES;
use crate::data::idx::MAX_SIDE;
use crate::data::import::{ImportRecipe, Imported, Refused, SourceFile};
use crate::data::recipe::Recipe;
use crate::files;

/// Version of the folder's layout; newer ones are refused.
const FORMAT_VERSION: u32 = 1;
/// Largest description: a million files.
const MAX_BYTES: u64 = 512 << 20;

/// What a stored dataset is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    format_version: u32,
    /// When it was imported, such as `2026-11-23T12:27:42Z`.
    pub created: String,
    /// Channels, height and width of the images.
    pub shape: [usize; 3],
    /// The classes' names.
    pub classes: Vec<String>,
    /// Number of training images.
    pub n_train: usize,
    /// Number of test images.
    pub n_test: usize,
    /// The fingerprint that runs check.
    pub fingerprint: String,
    /// Equal for equal images in any order.
    pub content: String,
    /// How a picture becomes one of the images.
    pub recipe: Recipe,
    /// How it was imported.
    pub import: ImportRecipe,
    /// The folder or file it was made of.
    pub source: std::path::PathBuf,
    /// The files that it was made of.
    pub sources: Vec<SourceFile>,
    /// The files that were not used.
    pub refused: Vec<Refused>,
    /// CRC-32C of the file of images.
    pub(super) checksum: u32,
}

impl Description {
    pub(super) fn new(imported: &Imported, sources: Vec<SourceFile>, checksum: u32) -> Description {
        let dataset = &imported.dataset;
        Description {
            format_version: FORMAT_VERSION,
            created: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            shape: dataset.image_shape(),
            classes: dataset.classes.clone(),
            n_train: dataset.train.len(),
            n_test: dataset.test.len(),
            fingerprint: dataset.fingerprint.clone(),
            content: dataset.content(),
            recipe: dataset.recipe,
            import: imported.recipe.clone(),
            source: dataset.folder.clone().unwrap_or_default(),
            sources,
            refused: imported.refused.clone(),
            checksum,
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), DataError> {
        let path = folder.join(DESCRIPTION);
        let invalid = |e: serde_json::Error| DataError::read(&path)(e.into());
        let text = serde_json::to_string(self).map_err(invalid)?;
        write_text(&path, &text)
    }

    /// Reads and checks the description of the stored dataset in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Description, DataError> {
        let path = folder.join(DESCRIPTION);
        let wrong = |found: String| {
            let expected = "the description of a stored dataset";
            DataError::unexpected(expected, files::one_line(&found), path.display())
        };
        let len = std::fs::metadata(&path)
            .map_err(DataError::read(&path))?
            .len();
        if len > MAX_BYTES {
            return Err(wrong(format!("{len} bytes")));
        }
        let bytes = files::read(&path).map_err(DataError::read(&path))?;
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let version: Version = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        if version.format_version > FORMAT_VERSION {
            let newer = version.format_version;
            return Err(wrong(format!("version {newer}, of a newer program")));
        }
        let read: Description = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        let [channels, height, width] = read.shape;
        let is_size = |side: usize| (1..=MAX_SIDE).contains(&side);
        if !((1..=256).contains(&channels) && is_size(height) && is_size(width)) {
            return Err(wrong(format!("images of shape {:?}", read.shape)));
        }
        if !(1..=MAX_CLASSES).contains(&read.classes.len()) {
            return Err(wrong(format!("{} classes", read.classes.len())));
        }
        Ok(read)
    }
}
