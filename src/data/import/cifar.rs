//! The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one or two labels and
//! 3,072 pixels, the planes of red, green and blue of 32×32.

use super::classes;
use super::limits::checked_bytes;
use super::source::{Images, Item, Part, Source};
use super::tree::Tree;
use crate::data::error::DataError;
use crate::data::recipe::{Framing, Recipe};

const SHAPE: [usize; 3] = [3, 32, 32];
const N_PIXELS: usize = 3_072;
/// Largest list of class names.
const MAX_NAMES_BYTES: u64 = 1 << 16;

/// The split of a file by its name, without folders.
fn part(name: &str) -> Option<Part> {
    match name.rsplit('/').next()? {
        "train.bin" => Some(Part::Train),
        "test_batch.bin" | "test.bin" => Some(Part::Test),
        name => name.starts_with("data_batch_").then_some(Part::Train),
    }
}

/// Whether `tree` has files with the published names.
pub(super) fn is_cifar(tree: &Tree) -> bool {
    tree.files.iter().any(|file| is_batch(&file.name))
}

fn is_batch(name: &str) -> bool {
    name.ends_with(".bin") && part(name).is_some()
}

/// The labels per record of a file of so many bytes, if it can be one.
pub(super) fn labels_per_record(n_bytes: u64) -> Option<usize> {
    let fits = |n: &usize| n_bytes > 0 && n_bytes.is_multiple_of((N_PIXELS + n) as u64);
    [1, 2].into_iter().find(fits)
}

/// A source of the batches in `tree`: those with published names, or else all.
pub(super) fn source(tree: &Tree) -> Result<Source, DataError> {
    let has_names = is_cifar(tree);
    let batches: Vec<usize> = (0..tree.files.len())
        .filter(|&at| !has_names || is_batch(&tree.files[at].name))
        .collect();
    let (mut pixels, mut numbers, mut items) = (Vec::new(), Vec::new(), Vec::new());
    for &at in &batches {
        let file = &tree.files[at];
        let Some(n_labels) = labels_per_record(file.bytes) else {
            let expected = "records of 3,073 or 3,074 bytes";
            let found = format!("{} bytes", file.bytes);
            return Err(DataError::unexpected(expected, found, tree.origin(at)));
        };
        let n = (file.bytes / (N_PIXELS + n_labels) as u64) as usize;
        checked_bytes(items.len() + n, SHAPE)?;
        let part = part(&file.name);
        tree.read(at, |reader, origin| {
            for _ in 0..n {
                let mut record = [0; N_PIXELS + 2];
                let record = &mut record[..N_PIXELS + n_labels];
                reader
                    .read_exact(record)
                    .map_err(|reason| DataError::Read {
                        origin: origin.to_owned(),
                        reason,
                    })?;
                // The coarse label of CIFAR-100 stands before the fine one.
                numbers.push(i64::from(record[n_labels - 1]));
                pixels.extend_from_slice(&record[n_labels..]);
                items.push(Item {
                    label: 0,
                    part,
                    at: items.len(),
                });
            }
            Ok(())
        })?;
    }
    let origin = tree.path.display().to_string();
    let names = class_names(tree, &numbers)?;
    let (classes, labels) = classes::of_numbers(&numbers, names, &origin)?;
    for (item, label) in items.iter_mut().zip(labels) {
        item.label = label;
    }
    Ok(Source {
        path: tree.path.clone(),
        format: "CIFAR batches",
        classes,
        items,
        refused: Vec::new(),
        notes: Vec::new(),
        paths: tree.paths_of(batches),
        images: Images::Pixels {
            shape: SHAPE,
            pixels,
        },
        turn: Recipe::new(Framing::Fit),
    })
}

/// The names in the file that is published beside the batches.
fn class_names(tree: &Tree, labels: &[i64]) -> Result<Option<Vec<String>>, DataError> {
    let is_names =
        |name: &str| name.ends_with("batches.meta.txt") || name.ends_with("fine_label_names.txt");
    let Some(at) = tree.files.iter().position(|file| is_names(&file.name)) else {
        return Ok(None);
    };
    let bytes = tree.bytes(at, MAX_NAMES_BYTES)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    let highest = labels.iter().max().copied().unwrap_or(0);
    Ok((highest < names.len() as i64).then_some(names))
}
