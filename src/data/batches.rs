//! Indices in, tensors out.

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, bail};
use rand::seq::SliceRandom;

use super::image_set::ImageSet;
use crate::kernels;
use crate::random::{self, Stream};

/// Images per chunk when a batch is read: most of that time is waiting for memory.
const CHUNK: usize = 8;

/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// Some images with their labels, as tensors.
#[derive(Clone, Debug)]
pub struct Batch {
    /// f32 `[n, channels, height, width]`, 0 (black) to 1 (white).
    pub images: Tensor,
    /// u32 `[n]`.
    pub labels: Tensor,
}

/// Shuffles `indices` for epoch `epoch` (from 0): the permutation depends on the seed and the epoch
/// alone, so a resumed run gets the same order.
pub fn shuffled(indices: &[u32], seed: u64, epoch: u64) -> Vec<u32> {
    let mut order = indices.to_vec();
    order.shuffle(&mut random::rng(seed, Stream::Shuffle, epoch, 0));
    order
}

/// Like [`shuffled`], with as many images of each class, as far as that goes: those of a rare class
/// come several times, and of a frequent one only some come. `labels` are those of all images.
pub fn balanced(indices: &[u32], labels: &[u32], seed: u64, epoch: u64) -> Vec<u32> {
    let mut by_class: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &index in indices {
        let class = labels[index as usize];
        by_class.entry(class).or_default().push(index);
    }
    let mut classes: Vec<u32> = by_class.keys().copied().collect();
    classes.shuffle(&mut random::rng(seed, Stream::Shuffle, epoch, 1));
    let (n, n_classes) = (indices.len(), classes.len().max(1));
    let mut order = Vec::with_capacity(n);
    for (i, class) in classes.into_iter().enumerate() {
        let n_drawn = n / n_classes + usize::from(i < n % n_classes);
        let of_class = shuffled_class(&by_class[&class], seed, epoch, class);
        order.extend(of_class.into_iter().cycle().take(n_drawn));
    }
    order.shuffle(&mut random::rng(seed, Stream::Shuffle, epoch, 0));
    order
}

fn shuffled_class(indices: &[u32], seed: u64, epoch: u64, class: u32) -> Vec<u32> {
    let mut order = indices.to_vec();
    order.shuffle(&mut random::rng(
        seed,
        Stream::Shuffle,
        epoch,
        2 + u64::from(class),
    ));
    order
}

impl ImageSet {
    /// Returns the images at `indices`, in that order, as tensors on `device`. Indices may repeat.
    ///
    /// # Errors
    /// When an index is out of range, or the device fails.
    pub fn batch(&self, indices: &[u32], device: &Device) -> Result<Batch> {
        let mut images = Vec::with_capacity(indices.len());
        for &index in indices {
            let i = index as usize;
            if i >= self.len() {
                bail!("image {i} is out of range for a set of {}", self.len());
            }
            images.push(self.image(i));
        }
        self.batch_of(unit_images(&images), indices, device)
    }

    /// Returns `images`, which were made from those at `indices`, with their labels.
    ///
    /// * `images`: `[n, channels, height, width]`
    ///
    /// # Errors
    /// When there are not as many images as indices, or the device fails.
    pub fn batch_of(&self, images: Vec<f32>, indices: &[u32], device: &Device) -> Result<Batch> {
        let [channels, height, width] = self.shape();
        let n = indices.len();
        let labels = indices.iter().map(|&i| self.labels()[i as usize]).collect();
        Ok(Batch {
            images: Tensor::from_vec(images, (n, channels, height, width), device)?,
            labels: Tensor::from_vec::<_, u32>(labels, n, device)?,
        })
    }
}

/// From 0 (black) to 1 (white): a 255th of `byte`, to the last bit, without a division. Nor by
/// `mul_add`: processors that have no fused multiply-adds call a function for each.
#[inline(always)]
fn unit(byte: u8) -> f32 {
    /// The first two digits of a 255th to the base 256; their product with a byte is exact.
    const FIRST: f32 = 257.0 / 65536.0;
    /// The others.
    const REST: f32 = 1.0 / (255.0 * 65536.0);
    let byte = f32::from(byte);
    byte * FIRST + byte * REST
}

/// Converts gray or color bytes to inputs of a network, 0 to 1.
pub fn unit_values(pixels: &[u8]) -> impl ExactSizeIterator<Item = f32> + '_ {
    pixels.iter().map(|&byte| unit(byte))
}

/// [`unit_values`] of images of one size, one after the other, read by all threads.
pub fn unit_images(images: &[&[u8]]) -> Vec<f32> {
    let len = images.first().map_or(0, |image| image.len());
    let mut values = kernels::buffer(images.len() * len);
    let parts = values.chunks_mut((CHUNK * len).max(1));
    kernels::for_parts(parts.zip(images.chunks(CHUNK)), |_, (values, images)| {
        for (i, (values, image)) in values.chunks_mut(len).zip(images).enumerate() {
            if let Some(next) = images.get(i + 1) {
                next.chunks(CACHE_LINE).for_each(kernels::prefetch_line);
            }
            kernels::closure_on_simd(
                #[inline(always)]
                || {
                    for (value, &byte) in values.iter_mut().zip(*image) {
                        *value = unit(byte);
                    }
                },
            );
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_divided_to_the_last_bit() {
        for byte in 0..=255 {
            assert_eq!(unit(byte).to_bits(), (f32::from(byte) / 255.0).to_bits());
        }
    }

    fn three_images() -> ImageSet {
        let pixels = vec![0, 1, 2, 51, 102, 153, 204, 255, 9, 8, 7, 6];
        ImageSet::new([1, 2, 2], pixels, vec![4, 0, 2]).unwrap()
    }

    #[test]
    fn a_batch_holds_what_was_asked_for_in_that_order() {
        let batch = three_images().batch(&[1, 0, 1], &Device::Cpu).unwrap();
        assert_eq!(batch.images.dims(), [3, 1, 2, 2]);
        assert_eq!(batch.labels.to_vec1::<u32>().unwrap(), [0, 4, 0]);
        let images = batch.images.flatten_from(1).unwrap();
        let images = images.to_vec2::<f32>().unwrap();
        assert_eq!(images[0], [0.4, 0.6, 0.8, 1.0]);
        assert_eq!(images[1], [0.0, 1.0 / 255.0, 2.0 / 255.0, 0.2]);
        assert_eq!(images[2], images[0]);
    }

    #[test]
    fn every_byte_is_divided_by_255_exactly() {
        let bytes: Vec<u8> = (0..=255).collect();
        for (byte, value) in bytes.iter().zip(unit_values(&bytes)) {
            assert_eq!(value, f32::from(*byte) / 255.0);
        }
        let values: Vec<f32> = unit_values(&bytes).collect();
        assert_eq!(unit_images(&[bytes.as_slice(); 20]), values.repeat(20));
        assert!(unit_images(&[]).is_empty() && unit_images(&[&[]]).is_empty());
    }

    #[test]
    fn an_index_beyond_the_set_is_an_error() {
        let error = three_images().batch(&[0, 3], &Device::Cpu).unwrap_err();
        assert!(error.to_string().contains("image 3"), "{error}");
    }

    #[test]
    fn an_epochs_order_is_a_permutation_of_its_own() {
        let indices: Vec<u32> = (0..500).map(|i| i * 3).collect();
        let first = shuffled(&indices, 1, 0);
        assert_ne!(first, indices);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, indices);
        assert_eq!(first, shuffled(&indices, 1, 0));
        assert_ne!(first, shuffled(&indices, 1, 1));
        assert_ne!(first, shuffled(&indices, 2, 0));
    }

    #[test]
    fn an_order_stays_the_same_from_version_to_version() {
        let indices: Vec<u32> = (0..10).collect();
        assert_eq!(shuffled(&indices, 1, 0), [4, 3, 1, 5, 0, 8, 6, 7, 9, 2]);
    }

    #[test]
    fn balanced_epochs_have_as_many_images_of_each_class() {
        // 90 images of class 0, 9 of class 2, 1 of class 5.
        let labels: Vec<u32> = [(0, 90), (2, 9), (5, 1)]
            .into_iter()
            .flat_map(|(class, n)| std::iter::repeat_n(class, n))
            .collect();
        let indices: Vec<u32> = (0..100).collect();
        let order = balanced(&indices, &labels, 1, 0);
        let count = |class: u32| {
            order
                .iter()
                .filter(|i| labels[**i as usize] == class)
                .count()
        };
        let mut counts = [0, 2, 5].map(count);
        counts.sort_unstable();
        assert_eq!(counts, [33, 33, 34]);
        // All nine of class 2 come three or four times, and no frequent one comes twice.
        for i in 90..99 {
            let n = order.iter().filter(|&&j| j == i).count();
            assert!((3..=4).contains(&n), "{i}: {n}");
        }
        assert!((0..90).all(|i| order.iter().filter(|&&j| j == i).count() <= 1));
        assert_eq!(order, balanced(&indices, &labels, 1, 0));
        assert_ne!(order, balanced(&indices, &labels, 1, 1));
        assert_ne!(order, balanced(&indices, &labels, 2, 0));
        assert!(balanced(&[], &labels, 1, 0).is_empty());
    }
}
