//! Images whose pixels are in the rows of tables.

use std::io::Read;

use super::rows::{each_row, number};
use super::scan::Scan;
use crate::data::error::DataError;
use crate::data::import::arrays::{Range, Scale, square};
use crate::data::import::classes::{self, Classes};
use crate::data::import::limits::checked_bytes;
use crate::data::import::source::{Images, Item, Part, Source};
use crate::data::import::tree::{Refused, Tree, TreeKind};
use crate::data::recipe::{Framing, Recipe};

/// Images of tables.
pub(super) struct Pixels<'t> {
    tree: &'t Tree,
    tables: Vec<Table>,
    shape: Option<[usize; 3]>,
    /// Of the values of all tables.
    range: Range,
    n_images: usize,
}

/// A table that was looked through.
struct Table {
    /// Its file in the tree.
    at: usize,
    scan: Scan,
    /// The split in its name.
    part: Option<Part>,
}

impl<'t> Pixels<'t> {
    pub(super) fn of(tree: &'t Tree) -> Pixels<'t> {
        Pixels {
            tree,
            tables: Vec::new(),
            shape: None,
            range: Range::NONE,
            n_images: 0,
        }
    }

    /// Looks through a table, which is for the split in its name if `is_one_of_many`.
    pub(super) fn scan(&mut self, at: usize, is_one_of_many: bool) -> Result<(), DataError> {
        let scan = self
            .tree
            .read(at, |reader, origin| Scan::of(reader, origin))?;
        let is_pixel = |&column: &usize| scan.columns.is_pixel(column, scan.label);
        let n_pixels = (0..scan.columns.n).filter(is_pixel).count();
        let shape = square(n_pixels).filter(|[_, side, _]| (2..=1024).contains(side));
        let origin = || self.tree.origin(at);
        let shape = shape.ok_or_else(|| {
            let expected = "a label and the pixels of a square image in each row";
            DataError::unexpected(expected, format!("{} columns", scan.columns.n), origin())
        })?;
        if let Some(other) = self.shape.filter(|other| *other != shape) {
            let expected = format!("images of shape {other:?} as in the other tables");
            let found = format!("{shape:?}");
            return Err(DataError::unexpected(expected, found, origin()));
        }
        checked_bytes(self.n_images + scan.labels.len(), shape)?;
        self.n_images += scan.labels.len();
        self.shape = Some(shape);
        self.range.join(scan.range);
        let name = &self.tree.files[at].name;
        let part = is_one_of_many.then(|| Part::in_name(name)).flatten();
        self.tables.push(Table { at, scan, part });
        Ok(())
    }

    /// Reads the images of all tables.
    pub(super) fn source(self, refused: Vec<Refused>) -> Result<Source, DataError> {
        let path = match (&self.tables[..], self.tree.kind) {
            ([one], TreeKind::Folder) => self.tree.path.join(&self.tree.files[one.at].name),
            _ => self.tree.path.clone(),
        };
        let origin = path.display().to_string();
        let Some(shape) = self.shape else {
            let first = refused.first().map(|first| first.reason.clone());
            let found = first.unwrap_or_default();
            return Err(DataError::unexpected("a table of images", found, origin));
        };
        let scale = Scale::of(self.range, &origin)?;
        let mut pixels = Vec::new();
        pixels.reserve_exact(checked_bytes(self.n_images, shape)?);
        let (mut labels, mut items) = (Vec::new(), Vec::new());
        for table in &self.tables {
            self.tree.read(table.at, |reader, origin| {
                append_pixels(&mut pixels, reader, &table.scan, scale, origin)
            })?;
            for part in &table.scan.parts {
                items.push(Item {
                    label: 0,
                    part: part.or(table.part),
                    at: items.len(),
                });
            }
            labels.extend_from_slice(&table.scan.labels);
        }
        let (classes, labels) = classes_of(&labels, &origin)?;
        for (item, label) in items.iter_mut().zip(labels) {
            item.label = label;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Source {
            format: "CSV",
            classes,
            items,
            refused,
            notes: scale.note(self.range, &name).into_iter().collect(),
            paths: self.tree.paths_of(self.tables.iter().map(|table| table.at)),
            path,
            images: Images::Pixels { shape, pixels },
            turn: Recipe::new(Framing::Fit),
        })
    }
}

fn append_pixels(
    pixels: &mut Vec<u8>,
    reader: &mut dyn Read,
    scan: &Scan,
    scale: Scale,
    origin: &str,
) -> Result<(), DataError> {
    let columns = 0..scan.columns.n;
    let is_pixel: Vec<bool> = columns
        .map(|column| scan.columns.is_pixel(column, scan.label))
        .collect();
    each_row(reader, origin, &mut |row, record| {
        if row == 0 && scan.columns.has_header {
            return Ok(());
        }
        let fields = record.iter().zip(&is_pixel).filter(|(_, is)| **is);
        pixels.extend(fields.map(|(field, _)| scale.apply(number(field).unwrap_or(0.0))));
        Ok(())
    })
}

/// The classes of labels that are whole numbers, or else names.
fn classes_of(labels: &[String], origin: &str) -> Result<Classes, DataError> {
    let whole = |label: &String| {
        let number = number(label.as_bytes())?;
        (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
    };
    let numbers: Option<Vec<i64>> = labels.iter().map(whole).collect();
    match numbers {
        Some(numbers) => classes::of_numbers(&numbers, None, origin),
        None => classes::of_names(labels, origin),
    }
}
