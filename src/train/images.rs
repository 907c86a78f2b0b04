//! The images of a batch, augmented.

use candle_core::{Device, Result as CandleResult, Tensor};

use super::config::TrainConfig;
use super::job::Job;
use crate::data::{Batch, unit_images};
use crate::kernels;

/// The training images at `indices`, augmented for epoch `epoch`, counted from 0.
pub(super) fn images_of(
    job: &Job,
    config: &TrainConfig,
    epoch: usize,
    indices: &[u32],
) -> CandleResult<Batch> {
    let (augment, seed) = (config.augment, config.seed);
    let shape = job.dataset().image_shape();
    let images = if augment.is_off() {
        let pixels = |&index: &u32| {
            let (set, idx) = job.source_of(index);
            set.image(idx as usize)
        };
        unit_images(&indices.iter().map(pixels).collect::<Vec<_>>())
    } else {
        let len = shape.iter().product();
        let mut images = vec![0.0; indices.len() * len];
        let parts = images.chunks_mut(len).zip(indices);
        kernels::for_parts(parts, |_, (image, &index)| {
            let (set, idx) = job.source_of(index);
            image.copy_from_slice(&augment.image(set, idx, seed, epoch as u64));
        });
        images
    };
    let ([channels, height, width], n) = (shape, indices.len());
    Ok(Batch {
        images: Tensor::from_vec(images, (n, channels, height, width), &Device::Cpu)?,
        labels: Tensor::from_vec(job.labels(indices), n, &Device::Cpu)?,
    })
}
