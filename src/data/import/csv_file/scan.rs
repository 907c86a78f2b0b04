//! A first pass over a table: which column holds the labels, and the range of the pixels.

use std::io::Read;

use csv::ByteRecord;

use super::rows::{each_row, number};
use crate::data::error::DataError;
use crate::data::import::arrays::Range;
use crate::data::import::metadata::{LABEL_COLUMNS, column};
use crate::data::import::source::Part;

/// Columns that number rows, in lower case.
pub(super) const INDEX_COLUMNS: [&str; 5] = ["", "unnamed: 0", "index", "id", "imageid"];
/// Columns that name splits, in lower case.
const SPLIT_COLUMNS: [&str; 3] = ["split", "usage", "set"];

/// What the columns of a table are.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) has_header: bool,
    pub(super) n: usize,
    /// The column of labels, if a header names it.
    pub(super) label: Option<usize>,
    pub(super) split: Option<usize>,
    /// The column that numbers the rows.
    pub(super) index: Option<usize>,
}

impl Columns {
    fn of(first: &ByteRecord) -> Columns {
        let has_header = first.iter().any(|field| number(field).is_none());
        let names: csv::StringRecord = first
            .iter()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect::<Vec<_>>()
            .into();
        let find = |wanted: &[&str]| {
            if has_header {
                column(&names, wanted)
            } else {
                None
            }
        };
        let label = find(&LABEL_COLUMNS);
        Columns {
            has_header,
            n: first.len(),
            label,
            split: find(&SPLIT_COLUMNS),
            index: find(&INDEX_COLUMNS).filter(|&index| Some(index) != label),
        }
    }

    /// The first and the last column that can be labels: those of a header, or the outermost.
    fn candidates(&self) -> [usize; 2] {
        self.label.map_or([0, self.n - 1], |label| [label; 2])
    }

    pub(super) fn is_pixel(&self, column: usize, label: usize) -> bool {
        column != label && Some(column) != self.split && Some(column) != self.index
    }
}

/// What a first pass over a table finds.
pub(super) struct Scan {
    pub(super) columns: Columns,
    /// The column of labels.
    pub(super) label: usize,
    pub(super) labels: Vec<String>,
    pub(super) parts: Vec<Option<Part>>,
    pub(super) range: Range,
}

/// The state of a first pass.
struct Pass<'a> {
    origin: &'a str,
    columns: Columns,
    /// What the outermost columns hold, each of which may be the labels.
    candidates: [Vec<String>; 2],
    ends: [Range; 2],
    /// Of the other columns.
    range: Range,
    parts: Vec<Option<Part>>,
}

impl Scan {
    pub(super) fn of(reader: &mut dyn Read, origin: &str) -> Result<Scan, DataError> {
        let mut pass = Pass {
            origin,
            columns: Columns::default(),
            candidates: Default::default(),
            ends: [Range::NONE; 2],
            range: Range::NONE,
            parts: Vec::new(),
        };
        each_row(reader, origin, &mut |row, record| pass.row(row, record))?;
        pass.finish()
    }
}

impl Pass<'_> {
    fn row(&mut self, row: usize, record: &ByteRecord) -> Result<(), DataError> {
        if row == 0 {
            self.columns = Columns::of(record);
            if self.columns.n < 2 {
                let expected = "a label and pixels in each row";
                return Err(DataError::unexpected(expected, "one column", self.origin));
            }
            if self.columns.has_header {
                return Ok(());
            }
        }
        let columns = &self.columns;
        let outermost = columns.candidates();
        for (i, field) in record.iter().enumerate() {
            if !columns.is_pixel(i, usize::MAX) {
                continue;
            }
            let value = number(field).filter(|value| value.is_finite());
            match (value, outermost.iter().position(|&end| end == i)) {
                (Some(value), None) => self.range.widen(value),
                (Some(value), Some(end)) => self.ends[end].widen(value),
                // Only the label may be a name.
                (None, Some(end)) => self.ends[end] = Range::TEXTS,
                (None, None) => {
                    let found = format!("something else in column {} of row {}", i + 1, row + 1);
                    return Err(DataError::unexpected("a number", found, self.origin));
                }
            }
        }
        for (labels, column) in self.candidates.iter_mut().zip(outermost) {
            let text = String::from_utf8_lossy(&record[column]);
            labels.push(text.trim().to_owned());
        }
        let split = columns.split.and_then(|split| record.get(split));
        let part = split.and_then(|name| Part::in_name(&String::from_utf8_lossy(name)));
        self.parts.push(part);
        Ok(())
    }

    fn finish(mut self) -> Result<Scan, DataError> {
        if self.parts.is_empty() {
            return Err(DataError::unexpected("rows of images", "none", self.origin));
        }
        let is_named = self.columns.label.is_some();
        let is_last = !is_named && is_label_last(&self.candidates);
        if !is_named {
            // The other end holds pixels.
            let other = self.ends[usize::from(!is_last)];
            if other == Range::TEXTS {
                let found = "texts in the first and in the last column";
                return Err(DataError::unexpected(
                    "one column of labels",
                    found,
                    self.origin,
                ));
            }
            self.range.join(other);
        }
        let [first, last] = self.candidates;
        Ok(Scan {
            label: self.columns.candidates()[usize::from(is_last)],
            columns: self.columns,
            labels: if is_last { last } else { first },
            parts: self.parts,
            range: self.range,
        })
    }
}

/// Whether the labels are in the last column and not in the first: the one that is not constant, or
/// has names, or fewer values; of equals, the first.
fn is_label_last([first, last]: &[Vec<String>; 2]) -> bool {
    let n_values = |labels: &Vec<String>| {
        labels
            .iter()
            .collect::<std::collections::HashSet<_>>()
            .len()
    };
    let has_names = |labels: &Vec<String>| {
        labels
            .iter()
            .any(|label| number(label.as_bytes()).is_none())
    };
    let [n_first, n_last] = [first, last].map(n_values);
    match (has_names(first), has_names(last)) {
        (true, false) => false,
        (false, true) => true,
        _ if n_first == 1 || n_last == 1 => n_first == 1 && n_last > 1,
        _ => n_last < n_first,
    }
}
