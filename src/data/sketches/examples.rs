//! Examples of new classes, as a dataset.

use super::shared::{SharedSketches, image_set};
use super::sketch::Sketch;
use crate::data::dataset::{Dataset, fingerprint};
use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::data::recipe::Recipe;
use crate::text::count;

/// Fewest examples of a class: one to train on and one held out.
pub const MIN_EXAMPLES: usize = 2;

/// Of each class, the second of every five examples is held out. By place and not drawn, so that an
/// example keeps its part when more are added.
const FOLD: usize = 5;
const HELD_OUT: usize = 1;

/// The dataset of examples that show one of `classes`, as `recipe` makes images of `shape` (channels,
/// height, width) of them. One of five of each class is held out, as a test image.
///
/// # Errors
/// When a class has fewer than [`MIN_EXAMPLES`].
pub fn examples(
    all: &[Sketch],
    classes: &[String],
    recipe: Recipe,
    shape: [usize; 3],
) -> Result<Dataset, DataError> {
    let (_, set) = image_set(all, classes, recipe, shape)?;
    let mut n_of = vec![0; classes.len()];
    let mut parts = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for (idx, &label) in set.labels().iter().enumerate() {
        let n = &mut n_of[label as usize];
        let (pixels, labels) = &mut parts[usize::from(*n % FOLD == HELD_OUT)];
        pixels.extend_from_slice(set.image(idx));
        labels.push(label);
        *n += 1;
    }
    if let Some((name, n)) = classes.iter().zip(n_of).find(|(_, n)| *n < MIN_EXAMPLES) {
        let expected = format!("at least {}", count(MIN_EXAMPLES, "example"));
        let origin = format!("the class {name}");
        return Err(DataError::unexpected(expected, n.to_string(), origin));
    }
    let [(pixels, labels), (test_pixels, test_labels)] = parts;
    let train = ImageSet::new(shape, pixels, labels)?;
    let test = ImageSet::new(shape, test_pixels, test_labels)?;
    Ok(Dataset {
        name: classes.join(" "),
        classes: classes.to_vec(),
        fingerprint: fingerprint(&train, &test),
        train,
        test,
        recipe,
        folder: None,
        notes: Vec::new(),
        sketches: SharedSketches::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::recipe::{Framing, InputImage};
    use crate::data::sketch::GrayImage;

    fn sketch(label: &str, row: usize) -> Sketch {
        let mut pixels = vec![0; 28 * 28];
        pixels[row * 28..(row + 2) * 28].fill(255);
        let gray = GrayImage {
            width: 28,
            height: 28,
            pixels,
        };
        let image = InputImage::Sketch(Arc::new(gray));
        let recipe = Recipe::new(Framing::Fit);
        Sketch::new(&image, label, recipe, [1, 28, 28])
            .unwrap()
            .unwrap()
    }

    fn made(all: &[Sketch]) -> Result<Dataset, DataError> {
        let classes = ["A", "B"].map(str::to_owned);
        examples(all, &classes, Recipe::new(Framing::Fit), [1, 28, 28])
    }

    #[test]
    fn one_of_five_is_held_out_and_stays_so_when_more_are_added() {
        let of = |label: &'static str, n: usize| (0..n).map(move |row| sketch(label, row));
        let few: Vec<Sketch> = of("A", 6).chain(of("B", 2)).collect();
        let few = made(&few).unwrap();
        assert_eq!((few.train.len(), few.test.len()), (6, 2));
        let more: Vec<Sketch> = of("A", 20).chain(of("B", 5)).collect();
        let more = made(&more).unwrap();
        assert_eq!((more.train.len(), more.test.len()), (20, 5));
        for idx in 0..few.test.len() {
            let image = few.test.image(idx);
            let is_test = (0..more.test.len()).any(|i| more.test.image(i) == image);
            assert!(is_test, "held-out example {idx} is trained on");
        }
    }

    #[test]
    fn a_class_with_one_example_is_refused_by_name() {
        let all = [sketch("A", 1), sketch("A", 2), sketch("B", 3)];
        let error = made(&all).unwrap_err().to_string();
        assert!(error.contains("class B") && error.contains('1'), "{error}");
    }
}
