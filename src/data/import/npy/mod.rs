//! Arrays of NumPy: `.npz`, which is a ZIP archive of `.npy` files, and folders of `.npy` files.

mod header;
mod values;

use super::arrays::{Range, Scale};
use super::classes;
use super::limits::checked_bytes;
use super::source::{Images, Item, Part, Source};
use super::tree::Tree;
use crate::data::error::DataError;
use crate::data::recipe::{Framing, Recipe};
use header::{Array, Header, Pair};
use values::{append_images, read_labels};

/// A source of the arrays in `tree`.
pub(super) fn source(tree: &Tree) -> Result<Source, DataError> {
    let arrays = arrays(tree)?;
    let pairs = pairs(tree, &arrays)?;
    let shape = pairs[0].shape;
    let n: usize = pairs.iter().map(|pair| pair.images.header.shape[0]).sum();
    for pair in &pairs {
        if pair.shape != shape {
            let found = format!("{:?} in {}", pair.shape, pair.images.name);
            let expected = format!("images of shape {shape:?} in all arrays");
            return Err(DataError::unexpected(expected, found, tree.path.display()));
        }
    }
    let n_bytes = checked_bytes(n, shape)?;
    let (scale, note) = scale(tree, &pairs)?;
    let (mut pixels, mut items, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    pixels.reserve_exact(n_bytes);
    for pair in &pairs {
        let n_before = items.len();
        append_images(tree, pair, scale, &mut pixels)?;
        let labels = read_labels(tree, pair.labels)?;
        items.extend((0..labels.len()).map(|i| Item {
            label: 0,
            part: pair.part,
            at: n_before + i,
        }));
        numbers.extend(labels);
    }
    let (classes, labels) = classes::of_numbers(&numbers, None, &tree.path.display().to_string())?;
    for (item, label) in items.iter_mut().zip(labels) {
        item.label = label;
    }
    Ok(Source {
        path: tree.path.clone(),
        format: "NumPy arrays",
        classes,
        items,
        refused: Vec::new(),
        notes: note.into_iter().collect(),
        paths: tree.paths_of(
            pairs
                .iter()
                .flat_map(|pair| [pair.images.at, pair.labels.at]),
        ),
        images: Images::Pixels { shape, pixels },
        turn: Recipe::new(Framing::Fit),
    })
}

/// What brings the values of all splits to bytes, and what is said of it.
fn scale(tree: &Tree, pairs: &[Pair<'_>]) -> Result<(Scale, Option<String>), DataError> {
    let mut range = Range::NONE;
    for pair in pairs {
        range.join(values::range(tree, pair.images)?);
    }
    if pairs.iter().all(|pair| pair.images.header.is_bytes()) {
        return Ok((Scale::NONE, None));
    }
    let origin = tree.path.display().to_string();
    let scale = Scale::of(range, &origin)?;
    Ok((scale, scale.note(range, &pairs[0].images.name)))
}

fn arrays(tree: &Tree) -> Result<Vec<Array>, DataError> {
    let mut arrays = Vec::new();
    for (at, file) in tree.files.iter().enumerate() {
        let Some(name) = file.name.strip_suffix(".npy") else {
            continue;
        };
        let header = tree.read(at, |mut reader, origin| Header::read(&mut reader, origin))?;
        arrays.push(Array {
            at,
            name: name.to_owned(),
            header,
        });
    }
    Ok(arrays)
}

/// The split that an array is for by its name.
fn part(name: &str) -> Option<Part> {
    let name = name.to_ascii_lowercase();
    let contains = |word: &str| name.contains(word);
    Part::in_name(&name)
        .or_else(|| contains("train").then_some(Part::Train))
        .or_else(|| contains("test").then_some(Part::Test))
}

/// The arrays of images and labels that belong together.
fn pairs<'a>(tree: &Tree, arrays: &'a [Array]) -> Result<Vec<Pair<'a>>, DataError> {
    let mut pairs = Vec::new();
    for wanted in [
        None,
        Some(Part::Train),
        Some(Part::Validation),
        Some(Part::Test),
    ] {
        let of_part = || arrays.iter().filter(|array| part(&array.name) == wanted);
        // `images` of 8×8 rather than `data` of 64.
        let images = of_part().filter(|array| array.header.image_shape().is_some());
        let Some(images) = images.max_by_key(|array| array.header.shape.len()) else {
            continue;
        };
        let n = images.header.shape[0];
        let fits = |array: &&Array| array.at != images.at && array.header.is_labels(n);
        let is_named = |array: &&Array| {
            let name = array.name.to_ascii_lowercase();
            let words = ["label", "target", "class"];
            name.starts_with('y') || words.iter().any(|word| name.contains(word))
        };
        let labels = of_part().filter(fits).find(is_named);
        let labels = labels.or_else(|| of_part().find(fits));
        if let (Some(labels), Some((shape, is_channels_last))) =
            (labels, images.header.image_shape())
        {
            pairs.push(Pair {
                part: wanted,
                images,
                labels,
                shape,
                is_channels_last,
            });
        }
    }
    // Arrays without a split are the whole dataset, unless there are others.
    if pairs.len() > 1 {
        pairs.retain(|pair| pair.part.is_some());
    }
    match pairs.is_empty() {
        false => Ok(pairs),
        true => Err(no_pairs(tree, arrays)),
    }
}

fn no_pairs(tree: &Tree, arrays: &[Array]) -> DataError {
    let described = arrays.iter().take(8).map(|array| {
        let kind = match array.header.kind {
            Some(_) => "",
            None => " of objects or texts",
        };
        format!("{} {:?}{kind}", array.name, array.header.shape)
    });
    let found = described.collect::<Vec<_>>().join(", ");
    DataError::unexpected(
        "arrays of images and labels, such as x_train, y_train, x_test and y_test",
        if found.is_empty() {
            "no array".to_owned()
        } else {
            found
        },
        tree.path.display(),
    )
}
