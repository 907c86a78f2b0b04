//! Embeddings as tab-separated values, as TensorBoard, NumPy and pandas read them.

use std::path::Path;

use super::Embedded;
use crate::files::{Pieces, WriteError, stream_atomically};

/// Writes a header and a row per image: index, label, answer, and the values of the embedding.
pub(super) fn write(path: &Path, embedded: &Embedded<'_>) -> Result<(), WriteError> {
    stream_atomically(path, |file| {
        let numbers = (0..embedded.embeddings.n_dims()).map(|i| i.to_string());
        let header = ["index", "label", "answer"].map(str::to_owned).into_iter();
        write_row(file, header.chain(numbers))?;
        for (at, row) in embedded.embeddings.rows().enumerate() {
            let about = embedded.about(at).into_iter();
            write_row(file, about.chain(row.iter().map(f32::to_string)))?;
        }
        Ok(())
    })
}

/// Writes the values alone, a row per image.
pub(super) fn write_values(path: &Path, embedded: &Embedded<'_>) -> Result<(), WriteError> {
    stream_atomically(path, |file| {
        let mut rows = embedded.embeddings.rows();
        rows.try_for_each(|row| write_row(file, row.iter().map(f32::to_string)))
    })
}

/// Writes a row; no cell may hold a tab or a line break.
pub(super) fn write_row(
    file: &mut Pieces<'_>,
    cells: impl Iterator<Item = String>,
) -> Result<(), WriteError> {
    let mut row = String::new();
    for cell in cells {
        if !row.is_empty() {
            row.push('\t');
        }
        row += &cell;
    }
    row.push('\n');
    file.write(row.as_bytes())
}

/// A name without what would end a cell or a row.
pub(super) fn cell(name: &str) -> String {
    name.replace(char::is_control, " ")
}
