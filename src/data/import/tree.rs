//! Named files in a folder or an archive, read as streams.

use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::error::DataError;
use crate::files;

/// Most files in a folder or archive.
pub(super) const MAX_FILES: usize = 500_000;
/// Most folders in each other.
pub(super) const MAX_DEPTH: usize = 16;
/// An archive may unpack to this many bytes ...
const MIN_UNPACKED: u64 = 256 << 20;
/// ... or to this many times its size: pictures hardly shrink, and plain arrays of them tenfold.
const MAX_RATIO: u64 = 200;

/// Files of a folder or archive, sorted by their names.
#[derive(Debug)]
pub(super) struct Tree {
    /// The folder or archive.
    pub path: PathBuf,
    pub kind: TreeKind,
    pub files: Vec<TreeFile>,
    /// What was not listed.
    pub refused: Vec<Refused>,
    /// The Parquet files whose rows the files are, if they are; else none.
    #[cfg(feature = "parquet")]
    pub parts: Vec<PathBuf>,
}

/// What the files are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeKind {
    Folder,
    Zip,
    Tar,
    TarGz,
    /// Rows of Parquet files.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// A file of a tree.
#[derive(Debug)]
pub(super) struct TreeFile {
    /// Its path in the tree, with `/` between the components.
    pub name: String,
    /// Its place in the archive.
    pub at: usize,
    /// Its size, as the folder or archive says.
    pub bytes: u64,
}

/// A file that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its path, or its name in an archive.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What is done with each file that is read: its index in the tree, and its content.
pub(super) type Visit<'v> =
    dyn FnMut(usize, Result<&mut dyn Read, DataError>) -> Result<(), DataError> + 'v;

impl Tree {
    /// Lists a file, unless it is hidden or its name leads out of the tree.
    pub(super) fn add(&mut self, name: &str, at: usize, bytes: u64) -> Result<(), DataError> {
        if self.files.len() + self.refused.len() >= MAX_FILES {
            return Err(self.too_many());
        }
        let name = name.replace('\\', "/");
        let is_outside = name.starts_with('/') || name.split('/').any(|part| part == "..");
        if is_outside {
            self.refused.push(Refused {
                reason: "its name leads out of the archive".to_owned(),
                file: name,
            });
            return Ok(());
        }
        let parts: Vec<&str> = name
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let is_hidden = |part: &&str| part.starts_with('.') || *part == "__MACOSX";
        let is_made_by_system = matches!(parts.last(), Some(&("Thumbs.db" | "desktop.ini")));
        if parts.is_empty() || parts.iter().any(is_hidden) || is_made_by_system {
            return Ok(());
        }
        self.files.push(TreeFile {
            name: parts.join("/"),
            at,
            bytes,
        });
        Ok(())
    }

    pub(super) fn too_many(&self) -> DataError {
        DataError::unexpected(
            format!("at most {MAX_FILES} files"),
            "more",
            self.path.display(),
        )
    }

    /// The name of a file in errors.
    pub(super) fn origin(&self, idx: usize) -> String {
        let name = &self.files[idx].name;
        match self.kind {
            TreeKind::Folder => self.path.join(name).display().to_string(),
            _ => format!("{name} in {}", self.path.display()),
        }
    }

    /// The files on disk that hold the files with these indices: those of a folder, or the archive.
    pub(super) fn paths_of(&self, indices: impl IntoIterator<Item = usize>) -> Vec<PathBuf> {
        match self.kind {
            TreeKind::Folder => {
                let indices = indices.into_iter();
                indices
                    .map(|idx| self.path.join(&self.files[idx].name))
                    .collect()
            }
            #[cfg(feature = "parquet")]
            TreeKind::Parquet => self.parts.clone(),
            _ => vec![self.path.clone()],
        }
    }

    /// Most bytes that the archive may unpack to.
    pub(super) fn max_unpacked(&self) -> u64 {
        let packed = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        packed.saturating_mul(MAX_RATIO).max(MIN_UNPACKED)
    }

    pub(super) fn archive_error(&self, reason: impl ToString) -> DataError {
        DataError::Archive {
            format: if self.kind == TreeKind::Zip {
                "ZIP"
            } else {
                "tar"
            },
            reason: files::one_line(&reason.to_string()),
            origin: self.path.display().to_string(),
        }
    }
}

/// Reads at most `max` bytes; more are an error.
pub(super) fn read_limited(
    reader: &mut dyn Read,
    max: u64,
    origin: &str,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let read = reader.take(max + 1).read_to_end(&mut bytes);
    read.map_err(|reason| DataError::Read {
        origin: origin.to_owned(),
        reason,
    })?;
    if bytes.len() as u64 > max {
        let expected = format!("at most {max} bytes");
        return Err(DataError::unexpected(expected, "more", origin));
    }
    Ok(bytes)
}

/// A reader that fails after so many bytes.
pub(super) struct Limited<R> {
    pub reader: R,
    pub left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            std::io::Error::other(format!(
                "it unpacks to more than {MAX_RATIO} times its size"
            ))
        })?;
        Ok(n)
    }
}
