//! Which images are imported, and which of them are for the test.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::recipe::ImportRecipe;
use super::source::{Item, Part};
use crate::data::split::stratified_split;
use crate::random::{self, Stream};

/// The items of the classes that are kept, with their new labels, and at most so many of each class
/// and split.
pub(super) fn chosen(items: &[Item], index: &[Option<u32>], recipe: &ImportRecipe) -> Vec<Item> {
    let kept = items.iter().filter_map(|item| {
        let label = index[item.label as usize]?;
        Some(Item { label, ..*item })
    });
    let kept: Vec<Item> = kept.collect();
    let Some(most) = recipe.per_class else {
        return kept;
    };
    let mut groups: BTreeMap<(u32, Option<Part>), Vec<usize>> = BTreeMap::new();
    for (i, item) in kept.iter().enumerate() {
        groups.entry((item.label, item.part)).or_default().push(i);
    }
    let mut is_drawn = vec![false; kept.len()];
    for ((label, part), mut indices) in groups {
        let part = part.map_or(0, |part| part as u64 + 1);
        let mut rng = random::rng(recipe.seed, Stream::Import, u64::from(label), part);
        indices.shuffle(&mut rng);
        indices.iter().take(most).for_each(|&i| is_drawn[i] = true);
    }
    let drawn = kept.into_iter().zip(is_drawn);
    drawn.filter_map(|(item, is)| is.then_some(item)).collect()
}

/// Whether each of at least two items is a test image, and the number drawn, if they were.
pub(super) fn test_items(items: &[Item], recipe: &ImportRecipe) -> (Vec<bool>, Option<usize>) {
    let is_test = |item: &Item| item.part == Some(Part::Test);
    let given: Vec<bool> = items.iter().map(is_test).collect();
    let has_both = given.contains(&true) && given.contains(&false);
    let Some(share) = recipe.share(has_both) else {
        return (given, None);
    };
    let n_test = (share * items.len() as f64).round() as usize;
    let n_test = n_test.clamp(1, items.len() - 1);
    let labels: Vec<u32> = items.iter().map(|item| item.label).collect();
    let drawn = stratified_split(&labels, n_test, recipe.seed);
    let mut is_test = vec![false; items.len()];
    drawn
        .validation
        .iter()
        .for_each(|&i| is_test[i as usize] = true);
    (is_test, Some(n_test))
}

/// Takes the test images out of `pixels`, which holds images of `len` bytes each.
pub(super) fn take_apart(mut pixels: Vec<u8>, len: usize, is_test: &[bool]) -> [Vec<u8>; 2] {
    let n_train = is_test.iter().filter(|is| !**is).count();
    if !is_test[..n_train].contains(&true) {
        let test = pixels.split_off(n_train * len);
        return [pixels, test];
    }
    let mut test = Vec::with_capacity((is_test.len() - n_train) * len);
    for (i, image) in pixels.chunks_exact(len).enumerate() {
        if is_test[i] {
            test.extend_from_slice(image);
        }
    }
    keep(&mut pixels, len, is_test.iter().map(|is| !is));
    [pixels, test]
}

/// Keeps the images of `len` bytes each for which `is_kept`.
pub(super) fn keep(pixels: &mut Vec<u8>, len: usize, is_kept: impl Iterator<Item = bool>) {
    let mut n_kept = 0;
    for (i, is_kept) in is_kept.enumerate() {
        if is_kept {
            if n_kept != i {
                pixels.copy_within(i * len..(i + 1) * len, n_kept * len);
            }
            n_kept += 1;
        }
    }
    pixels.truncate(n_kept * len);
}
