//! The images of a batch, augmented.

use candle_core::{Device, Result as CandleResult, Tensor};

use super::config::TrainConfig;
use super::job::Job;
use crate::data::{Batch, unit_values};
use crate::kernels;

/// Images per chunk without augmentation: loading them mostly waits for memory.
const PLAIN: usize = 8;

/// The training images at `indices`, augmented for epoch `epoch`, counted from 0.
pub(super) fn images_of(
    job: &Job,
    config: &TrainConfig,
    epoch: usize,
    indices: &[u32],
) -> CandleResult<Batch> {
    let (augment, seed) = (config.augment, config.seed);
    let shape = job.dataset().image_shape();
    let len = shape.iter().product();
    let mut images = vec![0.0; indices.len() * len];
    if augment.is_off() {
        let parts = images.chunks_mut(PLAIN * len).zip(indices.chunks(PLAIN));
        kernels::for_parts(parts, |_, (images, indices)| {
            for (image, &index) in images.chunks_mut(len).zip(indices) {
                let (set, idx) = job.source_of(index);
                let pixels = unit_values(set.image(idx as usize));
                image.iter_mut().zip(pixels).for_each(|(to, x)| *to = x);
            }
        });
    } else {
        let parts = images.chunks_mut(len).zip(indices);
        kernels::for_parts(parts, |_, (image, &index)| {
            let (set, idx) = job.source_of(index);
            image.copy_from_slice(&augment.image(set, idx, seed, epoch as u64));
        });
    }
    let ([channels, height, width], n) = (shape, indices.len());
    Ok(Batch {
        images: Tensor::from_vec(images, (n, channels, height, width), &Device::Cpu)?,
        labels: Tensor::from_vec(job.labels(indices), n, &Device::Cpu)?,
    })
}
