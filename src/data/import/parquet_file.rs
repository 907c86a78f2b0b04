//! Parquet files with a column of pictures and one of labels, as Hugging Face writes them.

use std::path::{Path, PathBuf};

use super::classes;
use super::metadata::{FILE_COLUMNS, LABEL_COLUMNS};
use super::parquet_rows::{Labels, Table};
use super::source::{Images, Item, Part, Source};
use super::tree::{MAX_FILES, Refused, Tree, TreeFile, TreeKind};
use crate::data::error::DataError;
use crate::data::recipe::{Framing, Recipe};

/// A source of the pictures in the Parquet files `parts`, which are in the folder `path`, or are
/// `path` itself.
pub(super) fn source(path: &Path, parts: Vec<PathBuf>) -> Result<Source, DataError> {
    let origin = path.display().to_string();
    let mut tree = Tree {
        path: path.to_owned(),
        kind: TreeKind::Parquet,
        files: Vec::new(),
        refused: Vec::new(),
        parts: Vec::new(),
    };
    let mut rows = Rows::default();
    for part in &parts {
        let table = Table::open(part)?;
        let name = part.strip_prefix(path).unwrap_or(Path::new(""));
        rows.add(&mut tree, &table, &name.to_string_lossy())?;
    }
    tree.parts = parts;
    let (classes, labels) = rows.classes(&origin)?;
    let labels = rows.items.iter().zip(labels);
    let items = labels
        .map(|(item, label)| Item { label, ..*item })
        .collect();
    Ok(Source {
        path: tree.path.clone(),
        format: "Parquet file of images",
        classes,
        items,
        refused: std::mem::take(&mut tree.refused),
        notes: Vec::new(),
        paths: tree.parts.clone(),
        images: Images::Pictures(tree),
        turn: Recipe::new(Framing::Fit),
    })
}

/// The names of the columns of pictures, in lower case.
pub(super) fn is_picture_column(name: &str) -> bool {
    FILE_COLUMNS.contains(&name) || matches!(name, "img" | "bytes" | "picture" | "data" | "png")
}

/// The names of the columns of labels, in lower case.
pub(super) fn is_label_column(name: &str) -> bool {
    LABEL_COLUMNS.contains(&name) || name.ends_with("label")
}

/// The rows of all files.
#[derive(Default)]
struct Rows {
    items: Vec<Item>,
    names: Vec<String>,
    numbers: Vec<i64>,
    /// The names of the classes that the numbers stand for.
    named: Option<Vec<String>>,
}

impl Rows {
    /// Adds the rows of `table`, whose file is called `name` in the folder.
    fn add(&mut self, tree: &mut Tree, table: &Table, name: &str) -> Result<(), DataError> {
        let part = Part::in_name(name);
        let labels = table.labels()?;
        if tree.files.len() + labels.len() > MAX_FILES {
            return Err(tree.too_many());
        }
        if let Some(named) = table.class_names() {
            let known = self.named.get_or_insert_with(|| named.clone());
            if *known != named {
                let expected = format!("the classes {}", known.join(", "));
                let found = named.join(", ");
                return Err(DataError::unexpected(expected, found, table.origin()));
            }
        }
        for row in 0..labels.len() {
            let at = tree.files.len();
            let of = if name.is_empty() { "" } else { " of " };
            tree.files.push(TreeFile {
                name: format!("row {row}{of}{name}"),
                at,
                bytes: 0,
            });
            let is_there = match &labels {
                Labels::Numbers(all) => all[row].map(|number| self.numbers.push(number)),
                Labels::Names(all) => all[row].clone().map(|name| self.names.push(name)),
            };
            match is_there {
                Some(()) => self.items.push(Item { label: 0, part, at }),
                None => tree.refused.push(Refused {
                    file: tree.origin(at),
                    reason: "it has no label".to_owned(),
                }),
            }
        }
        if !self.names.is_empty() && !self.numbers.is_empty() {
            let found = "both kinds in different files";
            let expected = "labels that are numbers or texts";
            return Err(DataError::unexpected(expected, found, tree.path.display()));
        }
        Ok(())
    }

    fn classes(&mut self, origin: &str) -> Result<classes::Classes, DataError> {
        if self.items.is_empty() {
            return Err(DataError::unexpected("rows with labels", "none", origin));
        }
        match self.named.take() {
            _ if !self.names.is_empty() => classes::of_names(&self.names, origin),
            // A class may have no row, so that the lowest number says nothing.
            Some(named) => classes::numbers_from(0, &self.numbers, Some(named), origin),
            None => classes::of_numbers(&self.numbers, None, origin),
        }
    }
}
