//! Storing a dataset with its edits.

use super::Store;
use crate::data::dataset::Dataset;
use crate::data::edits::Edits;
use crate::data::error::DataError;
use crate::data::import::{ImportRecipe, Imported};

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
        let name = name.map_or_else(|| self.free_name(&dataset.name), str::to_owned);
        let imported = Imported {
            dataset: dataset.with_edits(edits)?,
            recipe: ImportRecipe::default(),
            refused: Vec::new(),
            n_validation: 0,
            paths: Vec::new(),
        };
        Ok(self.save(&name, imported, false)?.dataset)
    }

    /// `NAME edited`, or with a number if that is taken.
    fn free_name(&self, of: &str) -> String {
        let base = of.replace(['/', '\\', ':'], "-");
        let mut n = 1;
        loop {
            let name = match n {
                1 => format!("{base} edited"),
                n => format!("{base} edited {n}"),
            };
            let is_taken = self.path(&name).is_ok_and(|path| path.exists());
            if !is_taken {
                return name;
            }
            n += 1;
        }
    }
}
