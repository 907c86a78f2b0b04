//! Opening whatever holds a dataset.

use std::path::Path;

use super::built_in::{BuiltIn, name_classes};
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::has_idx_files;
use super::import::{ImportProgress, ImportRecipe, Source};
use super::store::{self, Store};

impl Dataset {
    /// Opens a folder or file that holds a dataset in any of the known formats, as it is.
    ///
    /// # Errors
    /// One sentence for whatever is missing, damaged, unknown or inconsistent.
    pub fn open(path: &Path) -> Result<Dataset, DataError> {
        if store::is_stored(path) {
            return store::open(path, false);
        }
        if has_idx_files(path) {
            let mut dataset = Dataset::open_folder(path)?;
            name_classes(&mut dataset);
            return Ok(dataset);
        }
        let source = Source::open(path)?;
        let imported = source.import(&ImportRecipe::default(), &ImportProgress::default())?;
        Ok(imported.dataset)
    }

    /// Opens what `name` stands for: a folder or file, a dataset of `store`, or a built-in one.
    ///
    /// # Errors
    /// As [`Dataset::open`].
    pub fn named(name: &Path, store: Option<&Store>) -> Result<Dataset, DataError> {
        if !name.exists()
            && let Some(text) = name.to_str()
        {
            if let Some(stored) = store.and_then(|store| store.find(text)) {
                return store::open(&stored, false);
            }
            if let Some(built_in) = BuiltIn::named(text) {
                return built_in.open();
            }
        }
        Dataset::open(name)
    }
}
