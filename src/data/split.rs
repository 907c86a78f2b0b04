//! The split into training and validation images.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use crate::random::{self, Stream};

/// Training and validation images, as sorted indices into the training set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Images to train on.
    pub train: Vec<u32>,
    /// Validation images.
    pub validation: Vec<u32>,
}

/// Sets aside exactly `n_validation` images (or all, if there are fewer), each class in proportion
/// to its share. The choice depends on `labels` and `seed` alone.
///
/// With `n_validation` 0 all images are trained on.
pub fn stratified_split(labels: &[u32], n_validation: usize, seed: u64) -> Split {
    let mut by_class: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, &label) in labels.iter().enumerate() {
        by_class.entry(label).or_default().push(index as u32);
    }
    let sizes: Vec<usize> = by_class.values().map(Vec::len).collect();
    let quotas = largest_remainder(&sizes, n_validation.min(labels.len()));

    let mut is_validation = vec![false; labels.len()];
    for ((&class, indices), quota) in by_class.iter_mut().zip(quotas) {
        indices.shuffle(&mut random::rng(seed, Stream::Split, u64::from(class), 0));
        for &index in &indices[..quota] {
            is_validation[index as usize] = true;
        }
    }
    let (validation, train) =
        (0..labels.len() as u32).partition(|&index| is_validation[index as usize]);
    Split { train, validation }
}

/// Divides all images into `n_folds` folds, each class in equal parts, and returns for each fold the
/// split that trains on the others. The choice depends on `labels` and `seed` alone.
pub fn stratified_folds(labels: &[u32], n_folds: usize, seed: u64) -> Vec<Split> {
    let mut by_class: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, &label) in labels.iter().enumerate() {
        by_class.entry(label).or_default().push(index as u32);
    }
    let mut fold_of = vec![0; labels.len()];
    // Goes on from class to class, so that folds differ by one image in all.
    let mut next = 0;
    for (&class, indices) in &mut by_class {
        indices.shuffle(&mut random::rng(seed, Stream::Split, u64::from(class), 0));
        for &index in indices.iter() {
            fold_of[index as usize] = next % n_folds.max(1);
            next += 1;
        }
    }
    let split = |fold: usize| {
        let all = 0..labels.len() as u32;
        let (validation, train) = all.partition(|&index| fold_of[index as usize] == fold);
        Split { train, validation }
    };
    (0..n_folds).map(split).collect()
}

/// Distributes `total` in proportion to `sizes`: each share is rounded down, and the remainder goes
/// one by one to the largest fractions (the first of equal ones first). No share exceeds its size,
/// for `total` up to the sum of the sizes.
fn largest_remainder(sizes: &[usize], total: usize) -> Vec<usize> {
    let all = sizes.iter().sum::<usize>().max(1) as u128;
    let scaled = |size: usize| size as u128 * total as u128;
    let mut shares: Vec<usize> = sizes.iter().map(|&s| (scaled(s) / all) as usize).collect();
    let left = total - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(scaled(sizes[i]) % all), i));
    for &i in order.iter().take(left) {
        shares[i] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(split: &[u32], labels: &[u32], class: u32) -> usize {
        split
            .iter()
            .filter(|&&i| labels[i as usize] == class)
            .count()
    }

    #[test]
    fn every_image_is_in_one_fold_and_every_fold_has_its_share_of_each_class() {
        let labels = labels();
        let folds = stratified_folds(&labels, 5, 3);
        let mut seen: Vec<u32> = folds
            .iter()
            .flat_map(|fold| fold.validation.clone())
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!((fold.train.len(), fold.validation.len()), (800, 200));
            let counts = [0, 1, 7].map(|class| count(&fold.validation, &labels, class));
            assert_eq!(counts, [120, 60, 20]);
        }
        assert_eq!(folds, stratified_folds(&labels, 5, 3));
        assert_ne!(folds, stratified_folds(&labels, 5, 4));
    }

    /// 600 of class 0, 300 of class 1, 100 of class 7, interleaved.
    fn labels() -> Vec<u32> {
        (0..1000)
            .map(|i| match i % 10 {
                0..6 => 0,
                6..9 => 1,
                _ => 7,
            })
            .collect()
    }

    #[test]
    fn every_class_has_its_share_of_the_validation_images() {
        let labels = labels();
        let split = stratified_split(&labels, 100, 1);
        assert_eq!(count(&split.validation, &labels, 0), 60);
        assert_eq!(count(&split.validation, &labels, 1), 30);
        assert_eq!(count(&split.validation, &labels, 7), 10);
    }

    #[test]
    fn the_size_is_exact_and_nothing_is_lost_or_doubled() {
        let labels = labels();
        for n in [0, 1, 2, 3, 7, 333, 999, 1000] {
            let split = stratified_split(&labels, n, 5);
            assert_eq!(split.validation.len(), n);
            assert!(split.train.is_sorted() && split.validation.is_sorted());
            let mut all = [split.train, split.validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..1000).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn more_than_there_is_holds_out_everything() {
        let split = stratified_split(&[3, 3, 4], 9, 0);
        assert_eq!(split.validation, [0, 1, 2]);
        assert_eq!(stratified_split(&[], 5, 0).validation, [0u32; 0]);
    }

    #[test]
    fn the_seed_decides() {
        let labels = labels();
        let split = |seed| stratified_split(&labels, 100, seed);
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn what_is_left_goes_to_the_largest_fractions() {
        // 10 of 3:3:1 are 4.29, 4.29 and 1.43.
        assert_eq!(largest_remainder(&[3, 3, 1], 5), [2, 2, 1]);
        assert_eq!(largest_remainder(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(largest_remainder(&[5, 0, 2], 7), [5, 0, 2]);
    }

    #[test]
    fn a_split_stays_the_same_from_version_to_version() {
        let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
        assert_eq!(stratified_split(&labels, 4, 1).validation, [4, 6, 9, 11]);
    }
}
