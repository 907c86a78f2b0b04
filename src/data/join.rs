//! Images of another dataset mixed in, so that a network which is taught new classes keeps the old
//! ones.

use std::collections::HashSet;

use rand::seq::SliceRandom;

use super::dataset::{Dataset, fingerprint};
use super::error::DataError;
use super::image_set::ImageSet;
use super::sketches::SharedSketches;
use crate::random::{self, Stream};

/// Most test images of a class that are mixed in beside a limited number of training images: enough
/// to see a class being forgotten, and few enough that new classes still count.
pub const MAX_JOINED_TEST: usize = 100;

/// The seed of the choice: not that of a run, so that the same images are mixed in every time.
const SEED: u64 = 1;

impl Dataset {
    /// This dataset with images of the classes of `old` for which `is_wanted` mixed in: `n_per_class`
    /// training images of each and up to [`MAX_JOINED_TEST`] test images, drawn with a seed of their
    /// own; without a number, all of them. Classes are the same if their names are; those of `old`
    /// come first. An image that both have counts once, in the split it has here.
    ///
    /// # Errors
    /// When the images have different shapes.
    pub fn joined(
        &self,
        old: &Dataset,
        n_per_class: Option<usize>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Dataset, DataError> {
        let shape = self.image_shape();
        if old.image_shape() != shape {
            let named = |[c, h, w]: [usize; 3]| format!("images of {c}×{h}×{w}");
            let (expected, found) = (named(old.image_shape()), named(shape));
            let expected = format!("{expected} (channels, height, width), as {} has", old.name);
            return Err(DataError::unexpected(expected, found, &self.name));
        }
        let wanted = old.classes.iter().filter(|name| is_wanted(name));
        let mut classes: Vec<String> = wanted.cloned().collect();
        for name in &self.classes {
            if !classes.contains(name) {
                classes.push(name.clone());
            }
        }
        let mut of_old = numbers(&old.classes, &classes);
        for (number, name) in of_old.iter_mut().zip(&old.classes) {
            *number = number.filter(|_| is_wanted(name));
        }
        let n_test = n_per_class.map(|_| MAX_JOINED_TEST);
        let sets = [&self.train, &self.test];
        let known: HashSet<&[u8]> = sets.into_iter().flat_map(images).collect();
        let join = |old_set: &ImageSet, own: &ImageSet, most: Option<usize>, split: u64| {
            let mut joined = Joined {
                pixels: Vec::new(),
                labels: Vec::new(),
            };
            let mut drawn = drawn(old_set, old.classes.len(), most, split);
            drawn.retain(|&idx| !known.contains(old_set.image(idx)));
            joined.add(old_set, &drawn, &of_old);
            let all: Vec<usize> = (0..own.len()).collect();
            joined.add(own, &all, &numbers(&self.classes, &classes));
            ImageSet::new(shape, joined.pixels, joined.labels)
        };
        let train = join(&old.train, &self.train, n_per_class, 0)?;
        let test = join(&old.test, &self.test, n_test, 1)?;
        Ok(Dataset {
            name: format!("{} and {}", old.name, self.name),
            fingerprint: fingerprint(&train, &test),
            classes,
            train,
            test,
            recipe: self.recipe,
            folder: self.folder.clone(),
            notes: self.notes.clone(),
            sketches: SharedSketches::default(),
        })
    }
}

fn images(set: &ImageSet) -> impl Iterator<Item = &[u8]> {
    (0..set.len()).map(|idx| set.image(idx))
}

/// For each of `own` classes, its index among `all`; `None` for those that are not wanted.
fn numbers(own: &[String], all: &[String]) -> Vec<Option<u32>> {
    let number = |name: &String| all.iter().position(|other| other == name);
    own.iter()
        .map(|name| number(name).map(|at| at as u32))
        .collect()
}

/// The images of `set` that are taken, in the order of the data: at most `most` of each class.
fn drawn(set: &ImageSet, n_classes: usize, most: Option<usize>, split: u64) -> Vec<usize> {
    let Some(most) = most else {
        return (0..set.len()).collect();
    };
    let mut by_class = vec![Vec::new(); n_classes];
    for (idx, &label) in set.labels().iter().enumerate() {
        by_class[label as usize].push(idx);
    }
    let mut taken = Vec::new();
    for (class, mut indices) in by_class.into_iter().enumerate() {
        indices.shuffle(&mut random::rng(SEED, Stream::Join, class as u64, split));
        taken.extend(indices.into_iter().take(most));
    }
    taken.sort_unstable();
    taken
}

struct Joined {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Joined {
    /// Adds the images of `set` at `indices` whose classes have a number.
    fn add(&mut self, set: &ImageSet, indices: &[usize], numbers: &[Option<u32>]) {
        for &idx in indices {
            if let Some(label) = numbers[set.labels()[idx] as usize] {
                self.pixels.extend_from_slice(set.image(idx));
                self.labels.push(label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::BuiltIn;

    /// The letters A, and a 3 that looks like an 8.
    fn letters(shape: [usize; 3]) -> Dataset {
        let digits = BuiltIn::Digits.open().unwrap();
        let set = |n: usize| {
            let pixels = vec![7; n * shape.iter().product::<usize>()];
            ImageSet::new(shape, pixels, (0..n as u32).map(|i| i % 2).collect()).unwrap()
        };
        Dataset {
            name: "letters".to_owned(),
            classes: vec!["A".to_owned(), "3".to_owned()],
            train: set(6),
            test: set(2),
            ..digits
        }
    }

    #[test]
    fn old_classes_come_first_and_equal_names_are_one_class() {
        let digits = BuiltIn::Digits.open().unwrap();
        let letters = letters([1, 8, 8]);
        let joined = letters.joined(&digits, Some(5), |_| true).unwrap();
        assert_eq!(joined.classes.len(), 11);
        assert_eq!((&*joined.classes[3], &*joined.classes[10]), ("3", "A"));
        let n = |set: &ImageSet, class| set.labels().iter().filter(|&&l| l == class).count();
        assert_eq!(
            [
                n(&joined.train, 0),
                n(&joined.train, 3),
                n(&joined.train, 10)
            ],
            [5, 8, 3]
        );
        assert!(n(&joined.test, 0) > 5, "tests are not cut to five");
        assert_eq!(n(&joined.test, 10), 1);
        let again = letters.joined(&digits, Some(5), |_| true).unwrap();
        assert_eq!(joined.fingerprint, again.fingerprint);

        let without = letters.joined(&digits, None, |name| name != "3").unwrap();
        let threes = n(&digits.train, 3);
        assert_eq!(without.train.len(), digits.train.len() - threes + 6);
        assert_eq!(without.classes[10], "3");

        // What was joined is not there twice.
        let twice = letters.joined(&joined, None, |_| true).unwrap();
        assert_eq!(twice.test.len(), joined.test.len());
        assert_eq!(twice.classes, joined.classes);
    }

    #[test]
    fn images_of_another_shape_are_refused_in_one_sentence() {
        let digits = BuiltIn::Digits.open().unwrap();
        let error = letters([1, 9, 9]).joined(&digits, None, |_| true);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("1×8×8") && error.contains("1×9×9"),
            "{error}"
        );
    }
}
