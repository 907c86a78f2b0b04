//! Sketches as training images: which of them a run trains on, and which stay unseen.

use rand::RngCore as _;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::error::DataError;
use crate::data::image_set::ImageSet;
use crate::random::{Stream, rng};
use crate::text::count;

/// The sketches that a run trains on, as its configuration names them: those that the seed chooses
/// among the first `n` that show its classes. More may be drawn later; these must stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedSketches {
    /// Sketches when the run began.
    pub n: usize,
    /// SHA-256 of the images and labels that are trained on.
    pub hash: String,
}

/// The indices of the sketches with these `labels` that a run with `seed` trains on: of each class,
/// one of every two. Which one depends on the seed and the place alone, so that no sketch changes
/// sides when more are drawn.
pub fn trained_sketches(labels: &[u32], seed: u64) -> Vec<u32> {
    let mut n_of = std::collections::BTreeMap::new();
    let mut trained = Vec::new();
    for (idx, &label) in labels.iter().enumerate() {
        let n = n_of.entry(label).or_insert(0_u64);
        let side = rng(seed, Stream::SketchHalf, u64::from(label), *n / 2).next_u64() % 2;
        if *n % 2 == side {
            trained.push(idx as u32);
        }
        *n += 1;
    }
    trained
}

/// The indices of the sketches with these `labels` that a run did not train on, if it began with the
/// first `n` of them and `seed`.
pub fn unseen_sketches(labels: &[u32], n: usize, seed: u64) -> Vec<u32> {
    let trained = trained_sketches(&labels[..n.min(labels.len())], seed);
    let mut trained = trained.into_iter().peekable();
    let all = 0..labels.len() as u32;
    all.filter(|idx| trained.next_if_eq(idx).is_none())
        .collect()
}

impl MixedSketches {
    /// The sketches among `all` that a run with `seed` trains on, and how its configuration names
    /// them; `known` is what it says already.
    ///
    /// # Errors
    /// When there are none, or not those that are known.
    pub fn choose(
        all: Option<&ImageSet>,
        seed: u64,
        known: Option<&MixedSketches>,
    ) -> Result<(ImageSet, MixedSketches), DataError> {
        let origin = "the sketches of the workspace";
        let n = known.map(|known| known.n);
        let set = all.filter(|set| n.is_none_or(|n| set.len() >= n));
        let Some(set) = set else {
            let found = all.map_or(0, ImageSet::len).to_string();
            let expected = n.map_or_else(
                || "labeled sketches to train on".to_owned(),
                |n| format!("the {} that this run trains on", count(n, "sketch")),
            );
            return Err(DataError::unexpected(expected, found, origin));
        };
        let n = n.unwrap_or(set.len());
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        let mut hash = Sha256::new();
        for idx in trained_sketches(&set.labels()[..n], seed) {
            let (image, label) = (set.image(idx as usize), set.labels()[idx as usize]);
            hash.update(image);
            hash.update(label.to_le_bytes());
            pixels.extend_from_slice(image);
            labels.push(label);
        }
        let named = MixedSketches {
            n,
            hash: format!("{:x}", hash.finalize()),
        };
        if labels.is_empty() {
            let expected = "at least two labeled sketches of a class";
            return Err(DataError::unexpected(expected, n.to_string(), origin));
        }
        if known.is_some_and(|known| known.hash != named.hash) {
            let expected = "the sketches that this run began with, labeled as they were";
            return Err(DataError::unexpected(expected, "others", origin));
        }
        Ok((ImageSet::new(set.shape(), pixels, labels)?, named))
    }
}

/// An epoch's images with `share` of them replaced by sketches, in a new order. Sketches are counted
/// from `first`, and come equally often, as far as that goes. The result depends on the seed and the
/// epoch alone.
pub fn with_sketches(
    mut order: Vec<u32>,
    share: f64,
    [first, n_sketches]: [u32; 2],
    [seed, epoch]: [u64; 2],
) -> Vec<u32> {
    let n = order.len();
    let n_drawn = ((share * n as f64).round() as usize).min(n);
    let mut random = rng(seed, Stream::SketchDraws, epoch, 0);
    let mut sketches: Vec<u32> = (first..first + n_sketches).collect();
    sketches.shuffle(&mut random);
    order.truncate(n - n_drawn);
    order.extend(sketches.into_iter().cycle().take(n_drawn));
    order.shuffle(&mut random);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(n: usize) -> ImageSet {
        let labels = (0..n as u32).map(|i| i % 3).collect();
        let pixels = (0..n as u8).flat_map(|i| [i; 4]).collect();
        ImageSet::new([1, 2, 2], pixels, labels).unwrap()
    }

    #[test]
    fn half_of_each_class_is_trained_on_and_no_sketch_changes_sides() {
        let all = set(60);
        let trained = trained_sketches(all.labels(), 7);
        for class in 0..3 {
            let n = trained.iter().filter(|&&i| i % 3 == class).count();
            assert_eq!(n, 10);
        }
        let fewer = trained_sketches(&all.labels()[..31], 7);
        let begun: Vec<u32> = trained.iter().copied().filter(|i| *i < 31).collect();
        assert_eq!(fewer, begun);
        assert_ne!(trained, trained_sketches(all.labels(), 8));
        let unseen = unseen_sketches(all.labels(), 31, 7);
        assert_eq!(unseen.len(), 60 - fewer.len());
        assert!(unseen.iter().all(|idx| !fewer.contains(idx)));
    }

    #[test]
    fn a_run_trains_on_the_same_sketches_after_more_were_drawn_or_not_at_all() {
        let (begun, named) = MixedSketches::choose(Some(&set(20)), 1, None).unwrap();
        let again = MixedSketches::choose(Some(&set(40)), 1, Some(&named)).unwrap();
        assert_eq!(again, (begun, named.clone()));
        let gone = MixedSketches::choose(Some(&set(10)), 1, Some(&named));
        assert!(gone.unwrap_err().to_string().contains("20 sketches"));
        let relabeled = set(20).all_labeled(1);
        let other = MixedSketches::choose(Some(&relabeled), 1, Some(&named));
        assert!(
            other
                .unwrap_err()
                .to_string()
                .contains("labeled as they were")
        );
        let none = MixedSketches::choose(None, 1, None).unwrap_err();
        assert!(none.to_string().contains("labeled sketches"));
    }

    #[test]
    fn an_epoch_has_its_share_of_sketches_each_equally_often() {
        let order: Vec<u32> = (0..1000).collect();
        let mixed = with_sketches(order.clone(), 0.2, [1000, 30], [3, 1]);
        assert_eq!(mixed.len(), 1000);
        let times = |sketch: u32| mixed.iter().filter(|&&i| i == sketch).count();
        assert_eq!((0..1000).map(times).sum::<usize>(), 800);
        assert!((1000..1030).all(|sketch| (6..=7).contains(&times(sketch))));
        assert_eq!(mixed, with_sketches(order.clone(), 0.2, [1000, 30], [3, 1]));
        assert_ne!(mixed, with_sketches(order, 0.2, [1000, 30], [3, 2]));
    }
}
