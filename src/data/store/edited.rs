//! Storing datasets that the program made: one with its edits, one of examples.

use super::{MAX_NAME, Store, open};
use crate::data::dataset::Dataset;
use crate::data::edits::Edits;
use crate::data::error::DataError;
use crate::data::import::{ImportRecipe, Imported};

/// Names that are tried.
const MAX_TRIED: usize = 10_000;

impl Store {
    /// Stores `dataset` with `edits` as `name`, or else under a free name after its own, and opens
    /// it from there.
    ///
    /// # Errors
    /// When no training or no test image is left, the name is taken or cannot be one, or the disk
    /// is full; nothing is stored then.
    pub fn save_edited(
        &self,
        dataset: &Dataset,
        edits: &Edits,
        name: Option<&str>,
    ) -> Result<Dataset, DataError> {
        let free = || self.free_name(&format!("{} edited", dataset.name));
        let name = name.map_or_else(free, str::to_owned);
        let made = made(dataset.with_edits(edits)?);
        Ok(self.save(&name, made, false)?.dataset)
    }

    /// Stores `dataset` under its name, or a free one like it, and opens it from there. What is
    /// stored already is only opened.
    ///
    /// # Errors
    /// When the disk is full; nothing is stored then.
    pub fn save_made(&self, dataset: Dataset) -> Result<Dataset, DataError> {
        if let Some(path) = self.find_fingerprint(&dataset.fingerprint)
            && let Ok(stored) = open(&path, false)
            && stored.classes == dataset.classes
        {
            return Ok(stored);
        }
        let name = self.free_name(&dataset.name);
        Ok(self.save(&name, made(dataset), false)?.dataset)
    }

    /// A name like `base` that is not taken: `base` itself, or with a number.
    fn free_name(&self, base: &str) -> String {
        let plain = base.replace(|c: char| c.is_control() || "/\\:*?\"<>|".contains(c), "-");
        // A number and a space have room.
        let short: String = plain.chars().take(MAX_NAME - 8).collect();
        let base = short.trim().trim_start_matches('.');
        let numbered = (2..MAX_TRIED).map(|n| format!("{base} {n}"));
        let mut names = std::iter::once(base.to_owned()).chain(numbered);
        let is_free = |name: &String| self.path(name).is_ok_and(|path| !path.exists());
        // A number makes a name of anything but an empty text.
        names.find(is_free).unwrap_or_else(|| "dataset".to_owned())
    }
}

/// A dataset that was made of no file.
fn made(dataset: Dataset) -> Imported {
    Imported {
        dataset,
        recipe: ImportRecipe::default(),
        refused: Vec::new(),
        n_validation: 0,
        paths: Vec::new(),
    }
}
