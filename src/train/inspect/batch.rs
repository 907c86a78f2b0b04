//! One batch of a run, before and after its update.

use std::sync::Arc;

use candle_core::{Result as CandleResult, Tensor};

use super::forward_stats::{LayerForwardStats, forward_stats};
use super::pictures::{LayerPictures, pictures};
use crate::kernels;
use crate::model::{Mode, Network, Param};
use crate::train::checkpoint::Checkpoint;
use crate::train::error::TrainError;
use crate::train::images::images_of;
use crate::train::job::Job;

/// The effect of one update on one image of its batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InspectedImage {
    /// Its index in the training set.
    pub index: u32,
    /// Its class.
    pub label: u32,
    /// The most probable class before the update; `None` if its logits are not finite.
    pub predicted: Option<u32>,
    /// Its loss before the update.
    pub loss_before: f64,
    /// Its loss after the update.
    pub loss_after: f64,
}

/// The effect of one update on one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectedLayer {
    /// Its statistics for the batch before the update.
    pub reading: LayerForwardStats,
    /// Norm of the change of its weights; `None` for a layer without any.
    pub update: Option<f64>,
}

impl InspectedLayer {
    /// Norm of the update relative to that of the weights: about 0.001 is healthy.
    pub fn update_ratio(&self) -> Option<f64> {
        let weights = self.reading.weights.filter(|w| *w > 0.0)?;
        Some(self.update? / weights)
    }
}

/// An inspected batch: the next one of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Number of the update.
    pub step: u64,
    /// Its epoch, from 0, which augmentation depends on.
    pub epoch: usize,
    /// Its learning rate.
    pub learning_rate: f64,
    /// The loss of the batch before the update, as in the curve.
    pub loss: f64,
    /// In the order of the batch.
    pub images: Vec<InspectedImage>,
    /// In the order of the forward pass.
    pub layers: Vec<InspectedLayer>,
    /// What each layer looks like for the first images before the update, in the same order.
    pub pictures: Arc<Vec<LayerPictures>>,
}

/// Inspects the batch that comes after `state` in a run of `job`; the run itself does not change.
///
/// # Errors
/// When the state is of another network, or candle cannot run it.
pub fn inspect(job: &Job, state: &Checkpoint) -> Result<Inspection, TrainError> {
    let config = &state.config;
    let network = job.network(config)?;
    if !state.fits(network.params()) {
        return Err(TrainError::Checkpoint(state.step()));
    }
    state.restore(network.params())?;
    let cursor = &state.cursor;
    let order = job.order(cursor.epoch as u64);
    let end = order.len().min(cursor.n_done + config.batch_size);
    let indices = &order[cursor.n_done..end];
    let batch = images_of(job, config, cursor.epoch, indices)?;
    let mode = Mode::Train {
        seed: config.seed,
        step: state.step(),
    };
    let before = forward_stats(&network, &batch, mode, config.loss)?;
    let pictures = pictures(&network, &batch, mode, config.loss)?;
    let old = values(network.params())?;
    let hyper = cursor.hyper(config, state.epochs(order.len()));
    let mut optimizer = state.optimizer.clone();
    let loss = optimizer.update(network.params(), config, hyper, || {
        let logits = network.forward(&batch.images, mode)?;
        config.loss.of(&logits, &batch.labels)
    })?;
    let after = forward_stats(&network, &batch, mode, config.loss)?;
    let labels: Vec<u32> = batch.labels.to_vec1()?;
    let images = (0..indices.len()).map(|i| InspectedImage {
        index: indices[i],
        label: labels[i],
        predicted: before.predicted[i],
        loss_before: before.losses[i],
        loss_after: after.losses[i],
    });
    let layers = before.layers.iter().enumerate().map(|(idx, reading)| {
        Ok(InspectedLayer {
            reading: reading.clone(),
            update: change(&network, &old, idx)?,
        })
    });
    Ok(Inspection {
        step: state.step() + 1,
        epoch: cursor.epoch,
        learning_rate: hyper.learning_rate,
        loss,
        images: images.collect(),
        layers: layers.collect::<CandleResult<_>>()?,
        pictures: Arc::new(pictures),
    })
}

/// Copies of the values of `params`.
fn values(params: &[Param]) -> CandleResult<Vec<Tensor>> {
    let copy = |p: &Param| p.var.as_detached_tensor().copy();
    params.iter().map(copy).collect()
}

/// How far the weights of the layer at index `layer` have moved from `old`, as a norm.
fn change(network: &Network, old: &[Tensor], layer: usize) -> CandleResult<Option<f64>> {
    let mut squares = None;
    for (at, param) in network.weights_of(layer) {
        *squares.get_or_insert(0.0) += kernels::square_distance(&param.var, &old[at])?;
    }
    Ok(squares.map(f64::sqrt))
}
