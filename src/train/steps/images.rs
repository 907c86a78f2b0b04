//! The images of a batch, changed as the augmentation asks.

use candle_core::Device;

use super::{Steps, TrainError};
use crate::data::Batch;
use crate::kernels;

impl Steps<'_> {
    /// The training images at `indices` as they look in this epoch.
    pub(super) fn images(&self, indices: &[u32]) -> Result<Batch, TrainError> {
        let set = &self.job.dataset().train;
        let (augment, seed) = (self.config.augment, self.config.seed);
        if augment.is_off() {
            return Ok(set.batch(indices, &Device::Cpu)?);
        }
        let epoch = self.cursor.epoch as u64;
        let len = set.shape().iter().product();
        let mut images = vec![0.0; indices.len() * len];
        let parts = images.chunks_mut(len).zip(indices);
        kernels::for_parts(parts, |_, (image, &index)| {
            image.copy_from_slice(&augment.image(set, index, seed, epoch));
        });
        Ok(set.batch_of(images, indices, &Device::Cpu)?)
    }
}
