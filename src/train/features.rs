//! The outputs of frozen layers, computed once per training image.

use candle_core::{Device, Result, Tensor};

use super::config::TrainConfig;
use super::images::images_of;
use super::job::Job;
use crate::model::Network;

/// Most bytes that they take; with more, frozen layers run for each batch. A constant, because the
/// bits may depend on it.
const MAX_BYTES: usize = 1 << 30;

/// Images that are run together.
const BATCH: usize = 500;

/// What the first layer that changes reads, for each training image.
pub(super) struct Features {
    /// The row of each image of the set; `u32::MAX` for those that are not trained on.
    rows: Vec<u32>,
    values: Vec<f32>,
    /// Shape for one image.
    dims: Vec<usize>,
}

impl Features {
    /// Runs the frozen layers for all training images. `None` if there are none in front of the
    /// first that changes, images are augmented, or memory would be too much.
    pub(super) fn new(
        job: &Job,
        config: &TrainConfig,
        network: &Network,
    ) -> Result<Option<Features>> {
        // In the order of the data, so that the bits do not depend on that of training.
        let sorted = job.trained_images();
        let n_bytes = |n: usize| 4 * n * sorted.len();
        let fits = network
            .n_features()
            .is_some_and(|n| n_bytes(n) <= MAX_BYTES);
        if !fits || !config.augment.is_off() {
            return Ok(None);
        }
        let n_rows = sorted.last().map_or(0, |&last| last as usize + 1);
        let mut features = Features {
            rows: vec![u32::MAX; n_rows],
            values: Vec::new(),
            dims: Vec::new(),
        };
        for (row, &idx) in sorted.iter().enumerate() {
            features.rows[idx as usize] = row as u32;
        }
        for chunk in sorted.chunks(BATCH) {
            features.add(job, config, chunk, network)?;
        }
        Ok(Some(features))
    }

    fn add(
        &mut self,
        job: &Job,
        config: &TrainConfig,
        chunk: &[u32],
        network: &Network,
    ) -> Result<()> {
        // Without augmentation, they are the same in every epoch.
        let batch = images_of(job, config, 0, chunk)?;
        let found = network.features(&batch.images)?;
        self.dims = found.dims()[1..].to_vec();
        self.values.extend(found.flatten_all()?.to_vec1::<f32>()?);
        Ok(())
    }

    /// The features of the images at `indices`, a batch.
    pub(super) fn batch(&self, indices: &[u32]) -> Result<Tensor> {
        let len = self.dims.iter().product::<usize>();
        let mut values = Vec::with_capacity(indices.len() * len);
        for &idx in indices {
            let row = self.rows[idx as usize] as usize;
            values.extend_from_slice(&self.values[row * len..(row + 1) * len]);
        }
        let dims = [&[indices.len()], self.dims.as_slice()].concat();
        Tensor::from_vec(values, dims, &Device::Cpu)
    }
}
