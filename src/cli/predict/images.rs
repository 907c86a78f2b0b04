//! The images that are named on the command line.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::data::{DecodedImage, PICTURE_ENDINGS, read_image, read_image_file};

/// How deep folders in folders are searched, so that a loop of links ends.
const MAX_DEPTH: usize = 16;

/// The files among `named`, with the images of folders, and of folders in them, in the order of
/// their names.
pub(super) fn all(named: &[PathBuf]) -> impl Iterator<Item = anyhow::Result<PathBuf>> + '_ {
    named.iter().flat_map(|path| {
        if !path.is_dir() {
            return vec![Ok(path.clone())];
        }
        match in_folder(path, 0) {
            Ok(images) if images.is_empty() => {
                let expected = "expected images, found none";
                vec![Err(anyhow::anyhow!("{expected}: {}", path.display()))]
            }
            Ok(images) => images.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    })
}

fn in_folder(dir: &Path, depth: usize) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("could not read the folder {}", dir.display());
    ensure!(
        depth < MAX_DEPTH,
        "expected at most {MAX_DEPTH} folders in each other: {}",
        dir.display()
    );
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .with_context(unreadable)?;
    entries.sort();
    let mut images = Vec::new();
    for path in entries {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        if path.is_dir() {
            images.extend(in_folder(&path, depth + 1)?);
        } else if PICTURE_ENDINGS
            .iter()
            .any(|e| ending.eq_ignore_ascii_case(e))
        {
            images.push(path);
        }
    }
    Ok(images)
}

/// Reads an image; `-` is standard input.
pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<DecodedImage> {
    if path == Path::new("-") {
        return Ok(read_image(io::stdin().lock(), "standard input")?);
    }
    Ok(read_image_file(path)?)
}
