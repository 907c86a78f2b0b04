//! Folders of files that belong together.

use std::path::{Path, PathBuf};

use super::ExportModelError;
use crate::{files, text};

/// A file: its path in the folder, with `/`, and its bytes.
pub(super) type Written = (String, Vec<u8>);

/// Writes `files` into the folder `dir`, which may exist; returns their paths.
///
/// # Errors
/// When a folder cannot be created or a file cannot be written.
pub(super) fn write(dir: &Path, files: &[Written]) -> Result<Vec<PathBuf>, ExportModelError> {
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
