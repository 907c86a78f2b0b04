//! Sets of IDX files in all published namings: MNIST's, with a prefix as EMNIST's, and QMNIST's.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::classes;
use super::idx_name::Named;
use super::limits::{MAX_BYTES, checked_bytes};
use super::source::{Images, Item, Part, Source};
use super::tree::Tree;
use crate::data::error::DataError;
use crate::data::folder::names_in;
use crate::data::idx;
use crate::data::recipe::{Framing, Recipe};

/// Largest file of rows of labels: sixteen times QMNIST's.
const MAX_ROWS_BYTES: u64 = 64 << 20;
/// Largest file of class names.
const MAX_NAMES_BYTES: u64 = 1 << 20;

/// Whether `tree` has files with these names.
pub(super) fn is_idx(tree: &Tree) -> bool {
    tree.files
        .iter()
        .any(|file| Named::of(&file.name).is_some_and(|n| n.is_images))
}

/// The images and labels that were read.
#[derive(Default)]
struct Found {
    shape: [usize; 3],
    pixels: Vec<u8>,
    items: Vec<Item>,
    numbers: Vec<i64>,
    /// The files, as indices.
    used: Vec<usize>,
    notes: Vec<String>,
}

impl Found {
    /// Adds the images and labels of `part`.
    fn append(&mut self, tree: &Tree, part: Part, files: [usize; 2]) -> Result<(), DataError> {
        let [images, labels] = files;
        let twice = files.into_iter().filter_map(|at| packed_too(tree, at));
        self.notes.extend(twice);
        self.used.extend(files);
        let numbers = read_labels(tree, labels)?;
        let read = idx::images_from_bytes(&tree.bytes(images, MAX_BYTES)?, &tree.origin(images))?;
        if read.count != numbers.len() {
            return Err(DataError::Counts {
                images: read.count,
                labels: numbers.len(),
                origin: tree.origin(images),
            });
        }
        let shape = [1, read.height, read.width];
        if !self.items.is_empty() && self.shape != shape {
            return Err(DataError::Sizes {
                train: [self.shape[1], self.shape[2]],
                test: [shape[1], shape[2]],
                origin: tree.path.display().to_string(),
            });
        }
        self.shape = shape;
        let n_before = self.items.len();
        checked_bytes(n_before + read.count, shape)?;
        self.items.extend((0..read.count).map(|i| Item {
            label: 0,
            part: Some(part),
            at: n_before + i,
        }));
        self.numbers.extend(numbers);
        match self.pixels.is_empty() {
            true => self.pixels = read.pixels,
            false => self.pixels.extend(read.pixels),
        }
        Ok(())
    }
}

/// A source of the set in `tree` whose name begins with `set`; of the only one without it.
pub(super) fn source(tree: &Tree, set: Option<&str>) -> Result<Source, DataError> {
    let set = only_set(tree, set)?;
    let origin = tree.path.display().to_string();
    let mut found = Found::default();
    for part in [Part::Train, Part::Validation, Part::Test] {
        let file = |is_images| {
            let set = set.clone();
            find(
                tree,
                &Named {
                    set,
                    part,
                    is_images,
                },
            )
        };
        match (file(true), file(false)) {
            (Some(images), Some(labels)) => found.append(tree, part, [images, labels])?,
            (None, None) => {}
            (Some(one), None) | (None, Some(one)) => {
                let only = format!("only {}", tree.files[one].name);
                let expected = "a file of images and one of labels";
                return Err(DataError::unexpected(expected, only, origin));
            }
        }
    }
    let names = class_names(tree, &set, &found.numbers)?;
    let (classes, labels) = match set.as_str() {
        // As MNIST's own: a run on such a folder finds the same labels again.
        "" => classes::numbers_from(0, &found.numbers, names, &origin)?,
        _ => classes::of_numbers(&found.numbers, names, &origin)?,
    };
    for (item, label) in found.items.iter_mut().zip(labels) {
        item.label = label;
    }
    let is_transposed = set.starts_with("emnist");
    let turned = "the images of EMNIST lie transposed: they are turned upright";
    found.notes.extend(is_transposed.then(|| turned.to_owned()));
    let path = match set.trim_end_matches('-') {
        "" => tree.path.clone(),
        set => tree.path.join(set),
    };
    Ok(Source {
        path,
        format: "IDX files",
        classes,
        items: found.items,
        refused: Vec::new(),
        notes: found.notes,
        paths: tree.paths_of(found.used),
        images: Images::Pixels {
            shape: found.shape,
            pixels: found.pixels,
        },
        turn: Recipe {
            mirror: is_transposed,
            quarter_turns: if is_transposed { 3 } else { 0 },
            ..Recipe::new(Framing::Fit)
        },
    })
}

/// The name of the set that is meant.
fn only_set(tree: &Tree, wanted: Option<&str>) -> Result<String, DataError> {
    let sets: BTreeSet<String> = tree
        .files
        .iter()
        .filter_map(|file| Named::of(&file.name))
        .filter(|named| named.is_images)
        .map(|named| named.set)
        .collect();
    let wanted = wanted.map(|wanted| format!("{wanted}-"));
    let mut fitting = sets
        .iter()
        .filter(|set| wanted.as_ref().is_none_or(|wanted| wanted == *set));
    match (fitting.next(), fitting.next()) {
        (Some(set), None) => Ok(set.clone()),
        _ => {
            let names: Vec<&str> = sets.iter().map(|set| set.trim_end_matches('-')).collect();
            let expected = format!(
                "the name of one of its datasets after the folder, as in {}",
                tree.path.join(names.first().unwrap_or(&"")).display()
            );
            let found = format!("the datasets {}", names.join(", "));
            Err(DataError::unexpected(expected, found, tree.path.display()))
        }
    }
}

/// The file of this kind; unpacked rather than packed.
fn find(tree: &Tree, wanted: &Named) -> Option<usize> {
    let is = |at: &usize| Named::of(&tree.files[*at].name).as_ref() == Some(wanted);
    // `name` is sorted before `name.gz`.
    (0..tree.files.len()).find(is)
}

/// Says that the file is there packed, too.
fn packed_too(tree: &Tree, at: usize) -> Option<String> {
    let name = &tree.files[at].name;
    let packed = format!("{name}.gz");
    tree.files.iter().any(|file| file.name == packed).then(|| {
        format!(
            "{packed} is in {} too: {name} was read",
            tree.path.display()
        )
    })
}

/// The labels of a file; of QMNIST's, whose labels have eight columns, the first.
fn read_labels(tree: &Tree, at: usize) -> Result<Vec<i64>, DataError> {
    let origin = tree.origin(at);
    let bytes = tree.bytes(at, MAX_BYTES)?;
    if !tree.files[at].name.contains("idx2") {
        let labels = idx::labels_from_bytes(&bytes, &origin)?;
        return Ok(labels.into_iter().map(i64::from).collect());
    }
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = MultiGzDecoder::new(&bytes[..]).take(MAX_ROWS_BYTES);
        let read = { unpacked }.read_to_end(&mut plain);
        read.map_err(|reason| DataError::Gzip {
            reason,
            origin: origin.clone(),
        })?;
    } else {
        plain = bytes;
    }
    let number = |at: usize| {
        let four = plain.get(at..at + 4)?;
        Some(i32::from_be_bytes([four[0], four[1], four[2], four[3]]))
    };
    let wrong = || DataError::unexpected("an IDX file of rows of labels", "another file", &origin);
    let (Some(0x0c02), Some(n), Some(columns)) = (number(0), number(4), number(8)) else {
        return Err(wrong());
    };
    let (n, columns) = (n.max(0) as usize, columns.max(0) as usize);
    if columns == 0 || (plain.len() - 12) as u64 != 4 * n as u64 * columns as u64 {
        return Err(wrong());
    }
    let label = |row: usize| number(12 + 4 * row * columns).map(i64::from);
    (0..n).map(label).collect::<Option<_>>().ok_or_else(wrong)
}

/// The names in `classes.txt` or in EMNIST's mapping, whose lines are a label and codes of characters.
fn class_names(tree: &Tree, set: &str, labels: &[i64]) -> Result<Option<Vec<String>>, DataError> {
    let find = |name: &str| {
        let is = |found: &str| found.rsplit('/').next() == Some(name);
        tree.files.iter().position(|file| is(&file.name))
    };
    if let Some(at) = find("classes.txt") {
        return names_in(&tree.bytes(at, MAX_NAMES_BYTES)?, &tree.origin(at)).map(Some);
    }
    let Some(at) = find(&format!("{set}mapping.txt")) else {
        let is_letters = set == "emnist-letters-" && !labels.contains(&0);
        return Ok(is_letters.then(|| ('A'..='Z').map(String::from).collect()));
    };
    let bytes = tree.bytes(at, MAX_NAMES_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let name = |line: &str| {
        let code: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
        char::from_u32(code).map(String::from)
    };
    let names: Option<Vec<String>> = text.lines().map(name).collect();
    let highest = labels.iter().max().copied().unwrap_or(0);
    let first = i64::from(!labels.contains(&0));
    Ok(names.filter(|names| highest - first < names.len() as i64))
}
