//! What a path holds, by its content.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::source::Source;
use super::tree::{Tree, TreeFile, TreeKind};
use super::{cifar, csv_file, idx_files, npy, pictures};
use crate::data::error::DataError;
use crate::data::image_file::PICTURE_ENDINGS;
use crate::files;

/// Bytes at the beginning of a file that identify its format; the magic number of tar is at 257.
const START: u64 = 512;

impl Source {
    /// Finds out what `path` holds.
    ///
    /// # Errors
    /// One sentence for what is missing, damaged, unknown or too large.
    pub fn open(path: &Path) -> Result<Source, DataError> {
        open(path)
    }
}

fn open(path: &Path) -> Result<Source, DataError> {
    let Ok(real) = path.canonicalize() else {
        let expected = "a folder, a file or the name of a dataset";
        let nothing = || Err(DataError::unexpected(expected, "none", path.display()));
        return named_set(path).unwrap_or_else(nothing);
    };
    if real.is_dir() {
        return of_tree(Tree::open(&real, TreeKind::Folder)?);
    }
    let start = start_of(&real)?;
    match start.as_slice() {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => of_tree(Tree::open(&real, TreeKind::Zip)?),
        start if is_tar(start) => of_tree(Tree::open(&real, TreeKind::Tar)?),
        [0x1f, 0x8b, ..] if is_tar(&unpacked_start(&real)?) => {
            of_tree(Tree::open(&real, TreeKind::TarGz)?)
        }
        start => of_file(&real, start),
    }
}

fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// A set of IDX files whose name stands for a file in its folder, such as `gzip/emnist-letters`.
fn named_set(path: &Path) -> Option<Result<Source, DataError>> {
    let folder = path
        .parent()?
        .canonicalize()
        .ok()
        .filter(|dir| dir.is_dir())?;
    let set = path.file_name()?.to_str()?;
    let tree = Tree::open(&folder, TreeKind::Folder).ok()?;
    let prefix = format!("{set}-");
    let is_there = tree.files.iter().any(|file| {
        let name = file.name.rsplit('/').next();
        name.is_some_and(|name| name.starts_with(&prefix))
    });
    (is_there && idx_files::is_idx(&tree)).then(|| idx_files::source(&tree, Some(set)))
}

fn of_tree(tree: Tree) -> Result<Source, DataError> {
    let has = |endings: &[&str]| {
        let ends = |name: &str| {
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            endings
                .iter()
                .any(|known| known.eq_ignore_ascii_case(ending))
        };
        tree.files.iter().any(|file| ends(&file.name))
    };
    let has_pictures = has(&PICTURE_ENDINGS);
    if idx_files::is_idx(&tree) {
        return idx_files::source(&tree, None);
    }
    if cifar::is_cifar(&tree) {
        return cifar::source(&tree);
    }
    if has(&["npy"]) && !has_pictures {
        return npy::source(&tree);
    }
    if has(&["parquet"]) && !has_pictures && tree.kind == TreeKind::Folder {
        let is_part = |file: &&TreeFile| file.name.to_ascii_lowercase().ends_with(".parquet");
        let parts = tree.files.iter().filter(is_part);
        let parts = parts.map(|file| tree.path.join(&file.name)).collect();
        return parquet(&tree.path, parts);
    }
    let tables = csv_file::tables(&tree);
    let is_named = || tables.iter().any(|&at| csv_file::names_files(&tree, at));
    if !tables.is_empty() && (!has_pictures || is_named()) {
        return csv_file::source(tree, &tables);
    }
    pictures::source(tree)
}

/// A source of a file that is no archive.
fn of_file(path: &Path, start: &[u8]) -> Result<Source, DataError> {
    let refused = |found: &str| {
        let expected = "a folder, an archive, a table or arrays of images with labels";
        Err(DataError::unexpected(expected, found, path.display()))
    };
    let folder = path.parent().unwrap_or(path);
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let bytes = std::fs::metadata(path)
        .map_err(DataError::read(path))?
        .len();
    let alone = || Tree {
        path: folder.to_owned(),
        kind: TreeKind::Folder,
        files: vec![TreeFile {
            name: name.clone(),
            at: 0,
            bytes,
        }],
        refused: Vec::new(),
        #[cfg(feature = "parquet")]
        parts: Vec::new(),
    };
    match start {
        [] => refused("an empty file"),
        [0, 0, 8..=0x0e, 1..=4, ..] => refused("one IDX file: name the folder it is in"),
        b if b.starts_with(b"\x93NUMPY") => refused("one array: name the folder it is in"),
        b if b.starts_with(b"PAR1") => parquet(path, vec![path.to_owned()]),
        b if image::guess_format(b).is_ok() => refused("a picture: name the folder it is in"),
        b if cifar::labels_per_record(bytes).is_some() && b.contains(&0) => {
            let mut source = cifar::source(&alone())?;
            source.path = path.to_owned();
            Ok(source)
        }
        [0x1f, 0x8b, ..] => table(path, alone(), &unpacked_start(path)?),
        text => table(path, alone(), text),
    }
}

/// A source of the Parquet files `parts`, which are in the folder `path`, or are `path` itself.
#[cfg(feature = "parquet")]
fn parquet(path: &Path, parts: Vec<PathBuf>) -> Result<Source, DataError> {
    super::parquet_file::source(path, parts)
}

#[cfg(not(feature = "parquet"))]
fn parquet(path: &Path, _: Vec<PathBuf>) -> Result<Source, DataError> {
    let expected = "another format (this program is built without the feature `parquet`)";
    Err(DataError::unexpected(
        expected,
        "a Parquet file",
        path.display(),
    ))
}

fn table(path: &Path, alone: Tree, start: &[u8]) -> Result<Source, DataError> {
    if start.contains(&0) || !start.contains(&b',') {
        let expected = "a folder, an archive, a table or arrays of images with labels";
        return Err(DataError::unexpected(
            expected,
            "a file of another type",
            path.display(),
        ));
    }
    if !csv_file::names_files(&alone, 0) {
        return csv_file::source(alone, &[0]);
    }
    let tree = Tree::open(&alone.path, TreeKind::Folder)?;
    let found = tree
        .files
        .iter()
        .position(|file| file.name == alone.files[0].name);
    csv_file::source(tree, &[found.unwrap_or(0)])
}

fn start_of(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut start = Vec::new();
    files::open_regular(path)
        .and_then(|file| file.take(START).read_to_end(&mut start))
        .map_err(DataError::read(path))?;
    Ok(start)
}

fn unpacked_start(path: &Path) -> Result<Vec<u8>, DataError> {
    let file = files::open_regular(path).map_err(DataError::read(path))?;
    let mut start = Vec::new();
    // What is damaged is told when it is read.
    let _ = MultiGzDecoder::new(BufReader::new(file))
        .take(START)
        .read_to_end(&mut start);
    Ok(start)
}
