//! CSV files: a row of pixels per image with its label first or last, or the name of its file.

mod pixels;
mod rows;
mod scan;

use csv::ByteRecord;

use super::metadata::{FILE_COLUMNS, LABEL_COLUMNS, MAX_TABLE_BYTES, column, rows_of_csv};
use super::pictures;
use super::source::{Part, Source};
use super::tree::{Refused, Tree};
use crate::data::error::DataError;
use pixels::Pixels;
use rows::{invalid, number, reader_of};
use scan::INDEX_COLUMNS;

/// The CSV files at the top of `tree`.
pub(super) fn tables(tree: &Tree) -> Vec<usize> {
    let is_table = |name: &str| {
        let name = name.to_ascii_lowercase();
        let ending = name.ends_with(".csv") || name.ends_with(".csv.gz");
        ending && !name.contains('/') && name != "metadata.csv"
    };
    (0..tree.files.len())
        .filter(|&at| is_table(&tree.files[at].name))
        .collect()
}

/// Whether the table has a column of files and one of labels.
pub(super) fn names_files(tree: &Tree, at: usize) -> bool {
    let first = tree.read(at, |reader, origin| {
        let mut record = ByteRecord::new();
        let mut reader = reader_of(reader)?;
        reader
            .read_byte_record(&mut record)
            .map_err(|e| invalid(&e, origin))?;
        Ok(record)
    });
    let Ok(first) = first.and_then(|record| {
        csv::StringRecord::from_byte_record(record)
            .map_err(|_| DataError::unexpected("text", "other bytes", ""))
    }) else {
        return false;
    };
    let has = |names: &[&str]| column(&first, names).is_some();
    let is_pair = first.len() == 2
        && first
            .iter()
            .next()
            .is_some_and(|f| number(f.as_bytes()).is_none());
    let is_pair = is_pair && column(&first, &INDEX_COLUMNS).is_none();
    (has(&FILE_COLUMNS) && has(&LABEL_COLUMNS) && first.len() < 32) || is_pair
}

/// A source of the tables with these indices in `tree`.
pub(super) fn source(mut tree: Tree, tables: &[usize]) -> Result<Source, DataError> {
    if let Some(&named) = tables.iter().find(|&&at| names_files(&tree, at)) {
        let bytes = tree.bytes(named, MAX_TABLE_BYTES)?;
        let mut rows = Vec::new();
        for &at in tables.iter().filter(|&&at| names_files(&tree, at)) {
            let part = (tables.len() > 1)
                .then(|| Part::in_name(&tree.files[at].name))
                .flatten();
            let bytes = if at == named {
                bytes.clone()
            } else {
                tree.bytes(at, MAX_TABLE_BYTES)?
            };
            let found = rows_of_csv(&bytes, &tree.origin(at))
                .or_else(|error| pairs(&bytes).ok_or(error))?;
            rows.extend(found.into_iter().map(|(file, label)| (file, label, part)));
        }
        return pictures::of_rows(tree, rows, named);
    }
    let mut refused = std::mem::take(&mut tree.refused);
    let mut all = Pixels::of(&tree);
    for &at in tables {
        match all.scan(at, tables.len() > 1) {
            Ok(()) => {}
            Err(error) if tables.len() == 1 => return Err(error),
            Err(error) => refused.push(Refused {
                file: tree.origin(at),
                reason: error.to_string(),
            }),
        }
    }
    all.source(refused)
}

/// Rows of two columns without a header.
fn pairs(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let pair = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.ok().filter(|record| record.len() == 2)?;
        Some((record[0].trim().to_owned(), record[1].trim().to_owned()))
    };
    reader.records().map(pair).collect()
}
