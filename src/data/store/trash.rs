//! Deleted datasets: a hidden folder beside the others, until it is emptied.

use super::{Store, Stored};
use crate::data::error::DataError;

/// The folder among the datasets.
const TRASH: &str = ".trash";

impl Store {
    fn trash(&self) -> Store {
        Store {
            folder: self.folder.join(TRASH),
        }
    }

    /// Moves a dataset to the trash, under a name with a number if there is one of its name; the files
    /// it was made of stay. Returns the name it has in the trash.
    ///
    /// # Errors
    /// When there is none, or it cannot be moved.
    pub fn remove(&self, name: &str) -> Result<String, DataError> {
        let path = self.existing(name)?;
        let trash = self.trash().folder;
        std::fs::create_dir_all(&trash).map_err(DataError::write(&trash))?;
        let numbered = |n: u32| match n {
            1 => name.to_owned(),
            n => format!("{name}-{n}"),
        };
        let free = (1..).map(numbered).find(|name| !trash.join(name).exists());
        let free = free.unwrap_or_default();
        std::fs::rename(&path, trash.join(&free)).map_err(DataError::write(&path))?;
        Ok(free)
    }

    /// The datasets in the trash, by name.
    ///
    /// # Errors
    /// When the trash cannot be read.
    pub fn deleted(&self) -> Result<Vec<Stored>, DataError> {
        self.trash().list()
    }

    /// Moves a dataset from the trash back to the others.
    ///
    /// # Errors
    /// When there is none of this name in the trash, or there is one among the others.
    pub fn restore(&self, name: &str) -> Result<(), DataError> {
        let from = self.trash().existing(name)?;
        self.check_free(name)?;
        std::fs::rename(&from, self.path(name)?).map_err(DataError::write(&from))
    }

    /// Deletes everything in the trash for good, and returns the number of datasets.
    ///
    /// # Errors
    /// When a dataset cannot be deleted; those before it are gone.
    pub fn empty_trash(&self) -> Result<usize, DataError> {
        let n = self.deleted()?.len();
        let trash = self.trash().folder;
        if trash.exists() {
            std::fs::remove_dir_all(&trash).map_err(DataError::write(&trash))?;
        }
        Ok(n)
    }
}
