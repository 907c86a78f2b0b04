//! The files of a ZIP archive.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::tree::{Limited, MAX_FILES, Tree, Visit};
use crate::data::error::DataError;
use crate::files;

/// The last record of an archive, without its comment.
const END_LEN: usize = 22;
/// The longest comment.
const MAX_COMMENT: usize = 0xffff;

pub(super) fn list(tree: &mut Tree) -> Result<(), DataError> {
    if declared_files(tree)? > MAX_FILES as u64 {
        return Err(tree.too_many());
    }
    let mut archive = open(tree)?;
    let packed = std::fs::metadata(&tree.path).map_or(0, |meta| meta.len());
    let mut sum = 0_u64;
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at);
        let entry = entry.map_err(|e| tree.archive_error(e))?;
        sum = sum.saturating_add(entry.compressed_size());
        if sum > packed {
            return Err(tree.archive_error("its files overlap"));
        }
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let (is_folder, bytes) = (name.ends_with('/'), entry.size());
        drop(entry);
        if !is_folder {
            tree.add(&name, at, bytes)?;
        }
    }
    Ok(())
}

fn open(tree: &Tree) -> Result<ZipArchive<BufReader<File>>, DataError> {
    let file = files::open_regular(&tree.path).map_err(DataError::read(&tree.path))?;
    ZipArchive::new(BufReader::new(file)).map_err(|e| tree.archive_error(e))
}

/// The number of files that the end of the archive claims: `zip` would list them all first.
fn declared_files(tree: &Tree) -> Result<u64, DataError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = files::open_regular(&tree.path)?;
        let len = file.metadata()?.len();
        let tail = len.min((END_LEN + MAX_COMMENT + 76) as u64);
        file.seek(SeekFrom::Start(len - tail))?;
        let mut bytes = Vec::new();
        file.take(tail).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let tail = read().map_err(DataError::read(&tree.path))?;
    let find = |signature: &[u8]| tail.windows(4).rposition(|four| four == signature);
    let number = |at: usize, len: usize| -> Option<u64> {
        let bytes = tail.get(at..at + len)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |sum, &b| sum << 8 | u64::from(b)),
        )
    };
    // More than 65,534 files are counted in a record of their own.
    let large = find(b"PK\x06\x06").and_then(|at| number(at + 32, 8));
    let small = find(b"PK\x05\x06").and_then(|at| number(at + 10, 2));
    Ok(large.or(small).unwrap_or(0))
}

pub(super) fn visit(tree: &Tree, wanted: &[usize], visit: &mut Visit) -> Result<(), DataError> {
    let mut archive = open(tree)?;
    let mut left = tree.max_unpacked();
    let mut wanted = wanted.to_vec();
    wanted.sort_by_key(|&idx| tree.files[idx].at);
    for idx in wanted {
        let entry = match archive.by_index(tree.files[idx].at) {
            Ok(entry) => entry,
            Err(error) => {
                let origin = tree.origin(idx);
                let found = files::one_line(&error.to_string());
                let error = DataError::unexpected("a readable entry", found, origin);
                visit(idx, Err(error))?;
                continue;
            }
        };
        let mut reader = Limited {
            reader: entry,
            left,
        };
        visit(idx, Ok(&mut reader as &mut dyn Read))?;
        left = reader.left;
    }
    Ok(())
}
