//! Images that a source has more than once, before anything of it is decoded.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::source::{Images, Item, Part, Source};
use super::tree::Tree;
use crate::data::error::DataError;

/// Most files of equal size that are read to compare them, and most bytes of them.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 256 << 20;
/// Most pairs that are named.
const MAX_NAMED: usize = 100;

/// Images that are in a source twice: files with the same bytes, or arrays with the same pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceDuplicates {
    /// How many images are superfluous.
    pub n: usize,
    /// How many groups of them have images for training and for testing, as the source splits them.
    pub n_leaks: usize,
    /// The first of them by name: an image, and one that is the same.
    pub pairs: Vec<[String; 2]>,
}

impl Source {
    /// Finds images that are there more than once; `None` if they are too many to compare before an
    /// import.
    ///
    /// # Errors
    /// When an archive cannot be read.
    pub fn duplicates(&self) -> Result<Option<SourceDuplicates>, DataError> {
        let groups = match &self.images {
            Images::Pictures(tree) => same_files(tree, &self.items)?,
            Images::Pixels { shape, pixels } => {
                let len = shape.iter().product::<usize>();
                same_pixels(pixels, len, &self.items)
            }
        };
        Ok(groups.map(|groups| self.summary(groups)))
    }

    /// * `groups`: indices of items that are the same, two at least
    fn summary(&self, mut groups: Vec<Vec<usize>>) -> SourceDuplicates {
        groups.sort();
        let is_test = |i: &usize| self.items[*i].part == Some(Part::Test);
        let leaks = |group: &&Vec<usize>| group.iter().any(is_test) && !group.iter().all(is_test);
        let name = |i: usize| match &self.images {
            Images::Pictures(tree) => tree.files[self.items[i].at].name.clone(),
            Images::Pixels { .. } => format!("image {}", self.items[i].at),
        };
        let pairs = groups
            .iter()
            .flat_map(|group| group[1..].iter().map(|&i| [name(group[0]), name(i)]));
        SourceDuplicates {
            n: groups.iter().map(|group| group.len() - 1).sum(),
            n_leaks: groups.iter().filter(leaks).count(),
            pairs: pairs.take(MAX_NAMED).collect(),
        }
    }
}

/// Those with two members at least.
fn groups_of<K: Ord>(keys: impl Iterator<Item = (K, usize)>) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (key, i) in keys {
        groups.entry(key).or_default().push(i);
    }
    groups.into_values().filter(|g| g.len() > 1).collect()
}

fn same_pixels(pixels: &[u8], len: usize, items: &[Item]) -> Option<Vec<Vec<usize>>> {
    if pixels.len() as u64 > MAX_BYTES {
        return None;
    }
    let hash = |at: usize| <[u8; 32]>::from(Sha256::digest(&pixels[at * len..(at + 1) * len]));
    let keys = items.iter().enumerate().map(|(i, item)| (hash(item.at), i));
    Some(groups_of(keys))
}

/// Only files of the same size are read.
fn same_files(tree: &Tree, items: &[Item]) -> Result<Option<Vec<Vec<usize>>>, DataError> {
    let size = |item: &Item| tree.files[item.at].bytes;
    let by_size = groups_of(items.iter().enumerate().map(|(i, item)| (size(item), i)));
    let candidates: Vec<usize> = by_size.into_iter().flatten().collect();
    let bytes: u64 = candidates.iter().map(|&i| size(&items[i])).sum();
    if candidates.len() > MAX_FILES || bytes > MAX_BYTES {
        return Ok(None);
    }
    let item_of: BTreeMap<usize, usize> = candidates.iter().map(|&i| (items[i].at, i)).collect();
    let wanted: Vec<usize> = item_of.keys().copied().collect();
    let mut hashes = Vec::with_capacity(wanted.len());
    tree.visit(&wanted, &mut |at, reader| {
        // A file that cannot be read is refused by the import.
        if let Some(hash) = reader.ok().and_then(hash_of) {
            hashes.push((hash, item_of[&at]));
        }
        Ok(())
    })?;
    Ok(Some(groups_of(hashes.into_iter())))
}

fn hash_of(reader: &mut dyn Read) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut reader.take(MAX_BYTES), &mut hasher).ok()?;
    Some(hasher.finalize().into())
}
