//! The files of a tar archive, plain or gzipped.

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::tree::{Limited, MAX_FILES, Tree, TreeKind, Visit, read_limited};
use crate::data::error::DataError;
use crate::files;

/// Longest name of an entry.
const MAX_NAME: u64 = 1 << 16;

pub(super) fn list(tree: &mut Tree) -> Result<(), DataError> {
    let mut found = Vec::new();
    each_file(tree, &mut |at, name, reader, bytes| {
        if found.len() > MAX_FILES {
            return Err(tree.too_many());
        }
        let _ = reader;
        found.push((name, at, bytes));
        Ok(())
    })?;
    found
        .into_iter()
        .try_for_each(|(name, at, bytes)| tree.add(&name, at, bytes))
}

pub(super) fn visit(tree: &Tree, wanted: &[usize], visit: &mut Visit) -> Result<(), DataError> {
    let mut by_place: Vec<(usize, usize)> = wanted
        .iter()
        .map(|&idx| (tree.files[idx].at, idx))
        .collect();
    by_place.sort_unstable();
    each_file(
        tree,
        &mut |at, _, reader, _| match by_place.binary_search_by_key(&at, |pair| pair.0) {
            Ok(found) => visit(by_place[found].1, Ok(reader)),
            Err(_) => Ok(()),
        },
    )
}

/// What is done with each file: its place, name, content and size.
type EachFile<'e> = dyn FnMut(usize, String, &mut dyn Read, u64) -> Result<(), DataError> + 'e;

fn each_file(tree: &Tree, each: &mut EachFile) -> Result<(), DataError> {
    let file = files::open_regular(&tree.path).map_err(DataError::read(&tree.path))?;
    let file = BufReader::with_capacity(1 << 16, file);
    let reader: Box<dyn Read> = match tree.kind {
        TreeKind::TarGz => Box::new(Limited {
            reader: MultiGzDecoder::new(file),
            left: tree.max_unpacked(),
        }),
        _ => Box::new(file),
    };
    let mut archive = Archive::new(reader);
    let damaged = |e: std::io::Error| tree.archive_error(e);
    // Raw: the names of long entries are read here, with a limit.
    let entries = archive.entries().map_err(damaged)?.raw(true);
    let mut long_name = None;
    for (at, entry) in entries.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        let bytes = entry.size();
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let name = read_limited(&mut entry, MAX_NAME, "a name in the archive")?;
                let name = String::from_utf8_lossy(&name).into_owned();
                long_name = Some(name.trim_end_matches('\0').to_owned());
            }
            EntryType::XHeader => {
                let records = read_limited(&mut entry, MAX_NAME, "a header in the archive")?;
                long_name = pax_path(&records).or(long_name);
            }
            EntryType::Regular | EntryType::Continuous => {
                let name = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let name = long_name.take().unwrap_or_else(name);
                each(at, name, &mut entry, bytes)?;
            }
            _ => long_name = None,
        }
    }
    Ok(())
}

/// The value of `path` in the records `LENGTH path=VALUE\n` of a PAX header.
fn pax_path(records: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(records).ok()?;
    let mut paths = text
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.strip_prefix("path="));
    paths.next_back().map(str::to_owned)
}
