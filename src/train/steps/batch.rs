//! One batch: forward, backward, update.

use std::ops::Range;

use candle_core::{Device, Tensor, bail};

use super::loop_state::Steps;
use super::update::{Guard, Update, train_mode};
use crate::data::Batch;
use crate::kernels;
use crate::model::{Mode, Network};
use crate::train::divergence::{Anomaly, OnDivergence, WINDOW};
use crate::train::error::TrainError;
use crate::train::images::images_of;
use crate::train::inspect::layer_stats::{self, Look};
use crate::train::parts;
use crate::train::points::StepPoint;

/// The outcome of a batch.
pub(super) enum Learned {
    /// The weights were updated.
    Updated(StepPoint),
    /// Private training updated the weights by noise alone: no image was drawn.
    OnlyNoise,
    /// Its loss is an anomaly: everything is as it was before.
    Refused { anomaly: Anomaly, loss: f64 },
}

/// What a batch is computed from.
pub(super) struct Input {
    /// What frozen layers make of the images, if that is known.
    pub(super) features: Option<Tensor>,
    /// The images, unless nothing reads them.
    pub(super) images: Option<Tensor>,
    pub(super) labels: Tensor,
}

impl Input {
    /// The logits.
    pub(super) fn forward(&self, network: &Network, mode: Mode) -> candle_core::Result<Tensor> {
        match (&self.features, &self.images) {
            (Some(features), _) => network.forward_features(features, mode),
            (None, Some(images)) => network.forward(images, mode),
            (None, None) => bail!("a batch without images"),
        }
    }

    /// Some of the images, with their labels.
    pub(super) fn part(&self, range: &Range<usize>) -> candle_core::Result<Input> {
        let part = |x: &Tensor| x.narrow(0, range.start, range.len());
        Ok(Input {
            features: self.features.as_ref().map(part).transpose()?,
            images: self.images.as_ref().map(part).transpose()?,
            labels: part(&self.labels)?,
        })
    }
}

impl Steps<'_> {
    /// The images at `indices` or what frozen layers make of them; both if `is_watched`.
    pub(super) fn input(&mut self, indices: &[u32], is_watched: bool) -> Result<Input, TrainError> {
        self.prepare_features()?;
        let features = self.features().map(|features| features.batch(indices));
        let features = features.transpose()?;
        if features.is_some() && !is_watched {
            let labels = self.job.labels(indices);
            return Ok(Input {
                features,
                images: None,
                labels: Tensor::from_vec(labels, indices.len(), &Device::Cpu)?,
            });
        }
        let Batch { images, labels } = self.images(indices)?;
        Ok(Input {
            features,
            images: Some(images),
            labels,
        })
    }

    /// Forward, guard, backward, update. With `accepts_spike`, a spike is used anyway.
    pub(super) fn one_batch(
        &mut self,
        indices: &[u32],
        n_epoch: usize,
        accepts_spike: bool,
    ) -> Result<Learned, TrainError> {
        if self.config.privacy.is_on() {
            return self.private_batch(indices, n_epoch);
        }
        let is_watched = self.is_watched();
        let input = self.input(indices, is_watched)?;
        let hyper = self.cursor.hyper(&self.config, self.epochs_done());
        // The forward pass changes batch norm's running statistics, and a refused batch must leave
        // no trace.
        let statistics = self.statistics()?;
        let step = self.optimizer.step;
        let mut look = self.look(&input, is_watched, train_mode(&self.config, step))?;
        let mut guard = Guard {
            recent_losses: &self.cursor.recent_losses,
            accepts_spike: accepts_spike || self.job.divergence() == OnDivergence::Stop,
            n_classes: self.job.dataset().n_classes(),
            n_images: indices.len(),
            refused: None,
        };
        let update = Update {
            network: &self.network,
            config: &self.config,
            hyper,
            input: &input,
            parts: parts::of(indices.len(), self.part_size),
        };
        let seen = look.as_mut().map(|look| &mut look.gradients);
        let updated = update.run(&mut self.optimizer, &mut guard, seen);
        if let Some((anomaly, loss)) = guard.refused {
            self.put_back(&statistics)?;
            return Ok(Learned::Refused { anomaly, loss });
        }
        let (loss, n_right) = updated?;
        self.after_update(look)?;
        // Their memory is that of the next batch.
        input.images.iter().for_each(kernels::reclaim);
        Ok(Learned::Updated(self.count(
            indices.len(),
            n_epoch,
            [loss, n_right as f64, hyper.learning_rate],
        )))
    }

    /// Whether the layers are measured at the next update.
    pub(super) fn is_watched(&self) -> bool {
        self.control.watches_layers() && layer_stats::is_due(self.optimizer.step + 1)
    }

    /// Measures the layers before an update, if they are watched.
    pub(super) fn look(
        &self,
        input: &Input,
        is_watched: bool,
        mode: Mode,
    ) -> candle_core::Result<Option<Look>> {
        let images = input.images.as_ref().filter(|_| is_watched);
        let look = images.map(|images| Look::before(&self.network, images, mode));
        look.transpose()
    }

    /// Measures the layers after an update, and averages the weights.
    pub(super) fn after_update(&mut self, look: Option<Look>) -> Result<(), TrainError> {
        if let Some(look) = look {
            let point = look.after(&self.network, self.optimizer.step)?;
            self.layers = Some(Box::new(point));
        }
        self.average()
    }

    /// Adds an update to the sums of the epoch.
    pub(super) fn count(
        &mut self,
        n_images: usize,
        n_epoch: usize,
        [loss, n_right, lr]: [f64; 3],
    ) -> StepPoint {
        let cursor = &mut self.cursor;
        let n = n_images as f64;
        cursor.images += n_images as u64;
        cursor.loss_sum += loss * n;
        cursor.n_right += n_right;
        if cursor.recent_losses.len() == WINDOW {
            cursor.recent_losses.remove(0);
        }
        cursor.recent_losses.push(loss);
        let in_epoch = (cursor.n_done + n_images) as f64 / n_epoch as f64;
        // A private epoch may have a few images more.
        let in_epoch = in_epoch.min(1.0);
        StepPoint {
            step: self.optimizer.step,
            images: cursor.images,
            epoch: cursor.epoch as f64 + in_epoch,
            secs: cursor.secs,
            loss,
            accuracy: n_right / n,
            learning_rate: lr,
        }
    }

    /// The training images at `indices`, augmented for the current epoch.
    pub(super) fn images(&self, indices: &[u32]) -> Result<Batch, TrainError> {
        let epoch = self.cursor.epoch;
        Ok(images_of(self.job, &self.config, epoch, indices)?)
    }
}
