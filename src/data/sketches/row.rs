//! The lines of `metadata.jsonl`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::sketch::{CanvasKind, Sketch};
use crate::data::error::DataError;
use crate::data::recipe::Recipe;

/// Most channels of an input.
const MAX_CHANNELS: usize = 16;

/// A line of the metadata. Readers of such folders need the first two.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) file_name: String,
    pub(super) label: String,
    pub(super) canvas: CanvasKind,
    pub(super) recipe: Recipe,
    /// Channels, height and width.
    pub(super) shape: [usize; 3],
}

impl Row {
    pub(super) fn of(sketch: &Sketch) -> Row {
        Row {
            file_name: format!("{}.png", sketch.id),
            label: sketch.label.clone(),
            canvas: sketch.canvas.kind,
            recipe: sketch.made.recipe,
            shape: sketch.made.shape,
        }
    }

    /// The sketch's id, if the name is that of a file in the folder.
    pub(super) fn id(&self) -> Option<&str> {
        let id = self.file_name.strip_suffix(".png")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        (id.chars().all(is_plain) && !id.starts_with('.') && !id.is_empty()).then_some(id)
    }
}

/// Checks the shape that a line claims against the file.
pub(super) fn check_shape(
    shape: [usize; 3],
    found: [usize; 2],
    path: &Path,
) -> Result<(), DataError> {
    let [channels, height, width] = shape;
    if (1..=MAX_CHANNELS).contains(&channels) && found == [height, width] {
        return Ok(());
    }
    let expected = format!("1 to {MAX_CHANNELS} channels of {height}×{width} pixels");
    let [height, width] = found;
    let found = format!("{channels} of {height}×{width}");
    Err(DataError::unexpected(expected, found, path.display()))
}

/// The lines of the metadata.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) rows: Vec<Row>,
    /// Numbers of the lines that cannot be read.
    pub(super) damaged: Vec<usize>,
}

impl Lines {
    /// Reads whole lines: a torn last one is of a sketch that was never finished.
    pub(super) fn of(bytes: &[u8]) -> Lines {
        let mut lines = Lines::default();
        let whole = bytes.split_inclusive(|&b| b == b'\n');
        for (idx, line) in whole.filter(|line| line.ends_with(b"\n")).enumerate() {
            match serde_json::from_slice(line) {
                Ok(row) => lines.rows.push(row),
                Err(_) => lines.damaged.push(idx + 1),
            }
        }
        lines
    }

    /// The last row of each file, in the order in which the files were named first.
    pub(super) fn newest(&self) -> Vec<&Row> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut newest: Vec<&Row> = Vec::new();
        for row in &self.rows {
            let place = *places.entry(&row.file_name).or_insert(newest.len());
            match newest.get_mut(place) {
                Some(older) => *older = row,
                None => newest.push(row),
            }
        }
        newest
    }
}

pub(super) fn line_of(row: &Row) -> Vec<u8> {
    // A row has string keys and plain values: it always has a JSON form.
    let mut line = serde_json::to_vec(row).unwrap_or_default();
    line.push(b'\n');
    line
}
