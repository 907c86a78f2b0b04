//! Listing the files of a tree, and reading them.

use std::io::Read;
use std::path::Path;

use super::tree::{Tree, TreeKind, Visit, read_limited};
use super::{folders, tar_file, zip_file};
use crate::data::error::DataError;

impl Tree {
    /// Lists the files of `path`, which is of this `kind`.
    pub(super) fn open(path: &Path, kind: TreeKind) -> Result<Tree, DataError> {
        let mut tree = Tree {
            path: path.to_owned(),
            kind,
            files: Vec::new(),
            refused: Vec::new(),
            #[cfg(feature = "parquet")]
            parts: Vec::new(),
        };
        match kind {
            TreeKind::Folder => folders::list(&mut tree)?,
            TreeKind::Zip => zip_file::list(&mut tree)?,
            TreeKind::Tar | TreeKind::TarGz => tar_file::list(&mut tree)?,
            // Its rows are listed with their labels.
            #[cfg(feature = "parquet")]
            TreeKind::Parquet => {}
        }
        tree.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tree)
    }

    /// Opens the files with these indices, one after the other, in any order.
    pub(super) fn visit(&self, wanted: &[usize], visit: &mut Visit) -> Result<(), DataError> {
        match self.kind {
            TreeKind::Folder => folders::visit(self, wanted, visit),
            TreeKind::Zip => zip_file::visit(self, wanted, visit),
            TreeKind::Tar | TreeKind::TarGz => tar_file::visit(self, wanted, visit),
            #[cfg(feature = "parquet")]
            TreeKind::Parquet => super::parquet_rows::visit(self, wanted, visit),
        }
    }

    /// Opens one file.
    pub(super) fn read<T>(
        &self,
        idx: usize,
        read: impl FnOnce(&mut dyn Read, &str) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let origin = self.origin(idx);
        let (mut read, mut result) = (Some(read), None);
        self.visit(&[idx], &mut |_, reader| {
            if let Some(read) = read.take() {
                result = Some(read(reader?, &origin)?);
            }
            Ok(())
        })?;
        result.ok_or_else(|| DataError::unexpected("a file", "none", origin))
    }

    /// Reads one file of at most `max` bytes.
    pub(super) fn bytes(&self, idx: usize, max: u64) -> Result<Vec<u8>, DataError> {
        self.read(idx, |reader, origin| read_limited(reader, max, origin))
    }
}
