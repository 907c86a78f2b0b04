//! What makes two datasets equal, and two images.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::dataset::{Dataset, mnist_content};
use super::image_set::ImageSet;
use super::resample::{GrayImage, Stretch, resample};
use super::store;

/// Most that two near duplicates differ by, as a share of how much the pixels differ from their mean.
const MAX_DIFFERENCE: f64 = 0.1;
/// Most of the 64 bits that the hashes of two near duplicates differ in.
const MAX_BITS: u32 = 3;
/// Most bytes of pixels whose hashes are quickly made: a fraction of a second.
const MAX_QUICK_BYTES: usize = 128 << 20;
/// Most images of which every pair is compared.
const MAX_COMPARED: usize = 100_000;

/// An image of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// Whether it is a test image.
    pub is_test: bool,
    /// Its index in the split.
    pub idx: usize,
}

/// Images that are in a dataset more than once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Duplicates {
    /// Images with the same pixels.
    pub exact: Vec<Vec<ImageRef>>,
    /// Pairs of images that look the same, but are not; `None` if there are too many images to
    /// compare.
    pub near: Option<Vec<[ImageRef; 2]>>,
}

impl Duplicates {
    /// How many images are superfluous, within the training and test images.
    pub fn n_duplicates(&self) -> usize {
        let of_split = |group: &Vec<ImageRef>, is_test| {
            let n = group
                .iter()
                .filter(|image| image.is_test == is_test)
                .count();
            n.saturating_sub(1)
        };
        let of_group = |group| of_split(group, false) + of_split(group, true);
        self.exact.iter().map(of_group).sum()
    }

    /// How many test images are also training images.
    pub fn n_leaks(&self) -> usize {
        let leaks = |group: &&Vec<ImageRef>| group.iter().any(|image| !image.is_test);
        let n_test = |group: &Vec<ImageRef>| group.iter().filter(|image| image.is_test).count();
        self.exact.iter().filter(leaks).map(n_test).sum()
    }

    /// The near duplicates of which one is a training and one a test image.
    pub fn near_leaks(&self) -> impl Iterator<Item = &[ImageRef; 2]> {
        let pairs = self.near.iter().flatten();
        pairs.filter(|[a, b]| a.is_test != b.is_test)
    }
}

impl Dataset {
    /// SHA-256 in hexadecimal over the sorted hashes of all images with class names and splits: equal
    /// for equal images, whatever their order and the file they came in.
    pub fn content(&self) -> String {
        let mut hashes: Vec<[u8; 32]> = Vec::new();
        for (set, is_test) in [(&self.train, false), (&self.test, true)] {
            hashes.extend((0..set.len()).map(|idx| {
                let mut hasher = Sha256::new();
                set.shape()
                    .iter()
                    .for_each(|&n| hasher.update((n as u64).to_le_bytes()));
                hasher.update(set.image(idx));
                hasher.update([u8::from(is_test)]);
                hasher.update(self.classes[set.labels()[idx] as usize].as_bytes());
                <[u8; 32]>::from(hasher.finalize())
            }));
        }
        hashes.sort_unstable();
        let mut hasher = Sha256::new();
        hashes.iter().for_each(|hash| hasher.update(hash));
        format!("{:x}", hasher.finalize())
    }

    /// The same, if it is known or soon computed: for a stored dataset it is written down.
    pub fn quick_content(&self) -> Option<String> {
        if let Some(known) = mnist_content(self).or_else(|| store::content_of(self)) {
            return Some(known);
        }
        let n_bytes = self.train.pixels().len() + self.test.pixels().len();
        (n_bytes <= MAX_QUICK_BYTES).then(|| self.content())
    }

    /// How many training and test images each class has.
    pub fn class_counts(&self) -> Vec<[usize; 2]> {
        let mut counts = vec![[0; 2]; self.n_classes()];
        for (split, set) in [&self.train, &self.test].into_iter().enumerate() {
            set.labels()
                .iter()
                .for_each(|&label| counts[label as usize][split] += 1);
        }
        counts
    }

    /// Finds images that are there more than once; the same pixels only, unless `with_near`.
    pub fn duplicates(&self, with_near: bool) -> Duplicates {
        self.duplicates_until(with_near, &AtomicBool::new(false))
    }

    /// Like [`Dataset::duplicates`]; what is found is not complete once `is_canceled`.
    pub fn duplicates_until(&self, with_near: bool, is_canceled: &AtomicBool) -> Duplicates {
        let mut groups: BTreeMap<[u8; 32], Vec<ImageRef>> = BTreeMap::new();
        for (set, is_test) in [(&self.train, false), (&self.test, true)] {
            for idx in 0..set.len() {
                let hash = Sha256::digest(set.image(idx)).into();
                groups
                    .entry(hash)
                    .or_default()
                    .push(ImageRef { is_test, idx });
            }
        }
        let mut exact: Vec<_> = groups
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        exact.sort();
        let n = self.train.len() + self.test.len();
        Duplicates {
            exact,
            near: (with_near && n <= MAX_COMPARED).then(|| self.near_duplicates(is_canceled)),
        }
    }

    /// The label of an image.
    pub fn label(&self, image: ImageRef) -> u32 {
        self.split_of(image).labels()[image.idx]
    }

    /// The split of an image.
    pub fn split_of(&self, image: ImageRef) -> &ImageSet {
        if image.is_test {
            &self.test
        } else {
            &self.train
        }
    }

    /// Pairs with nearly the same difference hash and nearly the same pixels, but not the same.
    fn near_duplicates(&self, is_canceled: &AtomicBool) -> Vec<[ImageRef; 2]> {
        let of_split = |set: &ImageSet, is_test| -> Vec<(u64, ImageRef)> {
            let hash = |idx| (difference_hash(set, idx), ImageRef { is_test, idx });
            (0..set.len()).map(hash).collect()
        };
        let all = [of_split(&self.train, false), of_split(&self.test, true)].concat();
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        let of_thread = |first: usize| {
            let mut pairs = Vec::new();
            for i in (first..all.len()).step_by(n_threads) {
                if is_canceled.load(Ordering::Relaxed) {
                    break;
                }
                let (hash, image) = all[i];
                for &(other_hash, other) in &all[i + 1..] {
                    if (hash ^ other_hash).count_ones() <= MAX_BITS && self.are_near(image, other) {
                        pairs.push([image, other]);
                    }
                }
            }
            pairs
        };
        let mut pairs = std::thread::scope(|scope| {
            let threads = (0..n_threads).map(|first| scope.spawn(move || of_thread(first)));
            let threads: Vec<_> = threads.collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            let pairs = joined.map(|pairs| pairs.unwrap_or_else(|e| std::panic::resume_unwind(e)));
            pairs.flatten().collect::<Vec<_>>()
        });
        pairs.sort_unstable();
        pairs
    }

    fn are_near(&self, a: ImageRef, b: ImageRef) -> bool {
        let [a, b] = [a, b].map(|image| self.split_of(image).image(image.idx));
        let pairs = a.iter().zip(b);
        let difference: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = a.iter().map(|&value| f64::from(value)).sum::<f64>() / a.len() as f64;
        let spread: f64 = a.iter().map(|&value| (f64::from(value) - mean).abs()).sum();
        difference > 0 && difference as f64 <= MAX_DIFFERENCE * spread
    }
}

/// The difference hash (Krawetz 2013): whether each of 8×8 pixels of the image, reduced to 9×8, is
/// brighter than the one to its right.
fn difference_hash(set: &ImageSet, idx: usize) -> u64 {
    let [_, height, width] = set.shape();
    let image = GrayImage {
        width,
        height,
        pixels: set.gray(idx),
    };
    let whole = |len: usize| Stretch {
        start: 0.0,
        len: len as f64,
    };
    let reduced = resample(&image, whole(height), whole(width), [8, 9]);
    let rows = reduced.chunks_exact(9);
    let bits = rows.flat_map(|row| row.windows(2).map(|pair| pair[0] > pair[1]));
    bits.fold(0, |hash, bit| hash << 1 | u64::from(bit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recipe::{Framing, Recipe};
    use crate::data::sketches::SharedSketches;

    fn dataset(train: &[(u8, u32)], test: &[(u8, u32)]) -> Dataset {
        let set = |images: &[(u8, u32)]| {
            let pixels = images.iter().flat_map(|&(first, _)| {
                (0..16_u8).map(move |i| if i == 0 { first } else { i * 16 })
            });
            let labels = images.iter().map(|image| image.1).collect();
            ImageSet::new([1, 4, 4], pixels.collect(), labels).unwrap()
        };
        Dataset {
            name: String::new(),
            classes: vec!["a".to_owned(), "b".to_owned()],
            train: set(train),
            test: set(test),
            fingerprint: String::new(),
            recipe: Recipe::new(Framing::Fit),
            folder: None,
            notes: Vec::new(),
            sketches: SharedSketches::default(),
        }
    }

    #[test]
    fn content_knows_no_order_but_labels_and_splits() {
        let base = dataset(&[(1, 0), (2, 1)], &[(3, 0)]).content();
        assert_eq!(base, dataset(&[(2, 1), (1, 0)], &[(3, 0)]).content());
        for other in [
            dataset(&[(1, 1), (2, 1)], &[(3, 0)]),
            dataset(&[(3, 0), (2, 1)], &[(1, 0)]),
            dataset(&[(1, 0), (2, 1), (2, 1)], &[(3, 0)]),
        ] {
            assert_ne!(base, other.content());
        }
    }

    #[test]
    fn duplicates_and_leaks_are_found() {
        let data = dataset(&[(1, 0), (1, 1), (9, 0)], &[(1, 0), (200, 0)]);
        let found = data.duplicates(true);
        let image = |is_test, idx| ImageRef { is_test, idx };
        let same = vec![image(false, 0), image(false, 1), image(true, 0)];
        assert_eq!(found.exact, [same]);
        assert_eq!((found.n_duplicates(), found.n_leaks()), (1, 1));
        let near = found.near.clone().unwrap();
        assert!(
            near.contains(&[image(false, 0), image(false, 2)]),
            "{near:?}"
        );
        assert_eq!(found.near_leaks().count(), 1);
        assert_eq!(data.duplicates(false).near, None);
    }
}
