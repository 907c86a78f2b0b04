//! What a model becomes, before anything is written: a file, or files in a folder.

use std::path::{Path, PathBuf};

use super::ExportModelError;
use crate::{files, text};

/// A file in a folder: its path there, with `/`, and its bytes.
pub type InFolder = (String, Vec<u8>);

/// A model in some format.
#[derive(Clone, Debug)]
pub enum Content {
    /// One file.
    File(Vec<u8>),
    /// Files that belong together, the one that completes them last.
    Folder(Vec<InFolder>),
}

impl Content {
    /// Writes it to `path`, each file atomically, into a folder that may exist; returns the files.
    ///
    /// # Errors
    /// When a folder cannot be created or a file cannot be written.
    pub fn write(&self, path: &Path) -> Result<Vec<PathBuf>, ExportModelError> {
        match self {
            Content::File(bytes) => {
                files::write_atomically(path, bytes)?;
                Ok(vec![path.to_owned()])
            }
            Content::Folder(files) => write_folder(path, files),
        }
    }
}

fn write_folder(dir: &Path, files: &[InFolder]) -> Result<Vec<PathBuf>, ExportModelError> {
    let mut paths = Vec::new();
    create(dir)?;
    for (name, bytes) in files {
        // One folder after the other, from the outer to the inner.
        for (end, _) in name.match_indices('/') {
            create(&dir.join(&name[..end]))?;
        }
        let path = dir.join(name);
        files::write_atomically(&path, bytes)?;
        paths.push(path);
    }
    Ok(paths)
}

fn create(dir: &Path) -> Result<(), ExportModelError> {
    files::create_folder(dir).map_err(|reason| ExportModelError::Folder {
        path: dir.display().to_string(),
        reason,
    })
}

/// A file of labels: one class per line, in the order of the outputs.
pub(super) fn labels(classes: &[String]) -> Vec<u8> {
    let line = |class: &String| format!("{}\n", text::printable(class).replace('\n', " "));
    classes.iter().map(line).collect::<String>().into_bytes()
}
