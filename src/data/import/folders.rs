//! The files of a folder, and of the folders in it.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::tree::{MAX_DEPTH, Refused, Tree, Visit};
use crate::data::error::DataError;
use crate::files;

pub(super) fn list(tree: &mut Tree) -> Result<(), DataError> {
    let mut seen = HashSet::new();
    let root = tree.path.clone();
    walk(tree, &root, "", 0, &mut seen)
}

/// Adds the files of `dir`, whose name in the tree is `prefix`. Links are followed, but no folder is
/// entered twice: a link may lead back to where it is.
fn walk(
    tree: &mut Tree,
    dir: &Path,
    prefix: &str,
    depth: usize,
    seen: &mut HashSet<PathBuf>,
) -> Result<(), DataError> {
    let real = dir.canonicalize().map_err(DataError::read(dir))?;
    if !seen.insert(real) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        let expected = format!("at most {MAX_DEPTH} folders in each other");
        return Err(DataError::unexpected(expected, "more", dir.display()));
    }
    let entries = std::fs::read_dir(dir).map_err(DataError::read(dir))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(DataError::read(dir))?.path());
    }
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            refuse(tree, &path, "its name is not Unicode");
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => {
                walk(tree, &path, &format!("{name}/"), depth + 1, seen)?;
            }
            Ok(meta) if meta.is_file() => tree.add(&name, 0, meta.len())?,
            Ok(_) => refuse(tree, &path, "it is not a regular file"),
            Err(error) => refuse(tree, &path, &error.to_string()),
        }
    }
    Ok(())
}

fn refuse(tree: &mut Tree, path: &Path, reason: &str) {
    tree.refused.push(Refused {
        file: path.display().to_string(),
        reason: reason.to_owned(),
    });
}

pub(super) fn visit(tree: &Tree, wanted: &[usize], visit: &mut Visit) -> Result<(), DataError> {
    for &idx in wanted {
        let path = tree.path.join(&tree.files[idx].name);
        match files::open_regular(&path) {
            Ok(mut file) => visit(idx, Ok(&mut file as &mut dyn Read))?,
            Err(reason) => visit(idx, Err(DataError::read(&path)(reason)))?,
        }
    }
    Ok(())
}
