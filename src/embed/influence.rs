//! Which training images taught an answer: TracIn (Pruthi et al.: Estimating Training Data Influence
//! by Tracing Gradient Descent, 2020), approximated by the last dense layer.
//!
//! The gradient of the cross entropy by that layer's weight is (p − y) ⊗ h, where h is what it
//! reads, so the dot product of two images' gradients is ((p − y)·(p′ − y′)) (h·h′).

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{Device, Tensor};

use super::embeddings::{Embeddings, check_shape, output};
use super::error::EmbedError;
use super::layer::last_hidden;
use crate::data::{ImageSet, unit_values};
use crate::evaluate::eval_batch;
use crate::kernels::{closure_on_simd, for_parts, sum2};
use crate::model::{Layer, Mode, Network, probabilities};

/// Images per chunk of work.
const CHUNK: usize = 1024;

/// What the gradient of the last dense layer's weight is made of, for each of some images.
#[derive(Clone, Debug)]
pub struct LastLayer {
    hidden: Embeddings,
    /// p − y, `[n, classes]`
    errors: Embeddings,
}

impl LastLayer {
    /// Runs `network` on the images of `set` at `indices`.
    ///
    /// # Errors
    /// When the network does not end with a dense layer, the images do not fit it, or it was
    /// canceled.
    pub fn new(
        network: &Network,
        set: &ImageSet,
        indices: &[u32],
        cancel: &AtomicBool,
    ) -> Result<LastLayer, EmbedError> {
        check_shape(network, set.shape())?;
        let mut found = LastLayer::empty(network)?;
        for chunk in indices.chunks(eval_batch(network)) {
            if cancel.load(Ordering::Relaxed) {
                return Err(EmbedError::Canceled);
            }
            let labels = chunk.iter().map(|&i| set.labels()[i as usize] as usize);
            let images = set.batch(chunk, &Device::Cpu)?.images;
            found.add(network, &images, labels)?;
        }
        Ok(found)
    }

    /// Runs `network` on one image, `[channels, height, width]`, as if it were of class `label`.
    ///
    /// # Errors
    /// As [`LastLayer::new`].
    pub fn of_image(
        network: &Network,
        image: &[u8],
        label: usize,
    ) -> Result<LastLayer, EmbedError> {
        let [c, h, w] = network.spec().input;
        if image.len() != c * h * w {
            check_shape(network, [1, 1, image.len()])?;
        }
        let values: Vec<f32> = unit_values(image).collect();
        let image = Tensor::from_vec(values, (1, c, h, w), &Device::Cpu)?;
        let mut found = LastLayer::empty(network)?;
        found.add(network, &image, [label])?;
        Ok(found)
    }

    fn empty(network: &Network) -> Result<LastLayer, EmbedError> {
        match network.spec().layers.last() {
            Some(Layer::Dense(_)) => Ok(LastLayer {
                hidden: Embeddings::default(),
                errors: Embeddings::default(),
            }),
            _ => Err(EmbedError::NoDense),
        }
    }

    fn add(
        &mut self,
        network: &Network,
        images: &Tensor,
        labels: impl IntoIterator<Item = usize>,
    ) -> Result<(), EmbedError> {
        let hidden = output(network, &last_hidden(network.spec()), images)?;
        let logits = network.forward(images, Mode::Eval)?;
        // The loss of training: without a temperature.
        let n_classes = logits.dim(1)?;
        let mut errors: Vec<f32> = probabilities(&logits, None)?.flatten_all()?.to_vec1()?;
        for (row, label) in errors.chunks_exact_mut(n_classes.max(1)).zip(labels) {
            if let Some(p) = row.get_mut(label) {
                *p -= 1.0;
            }
        }
        self.hidden.extend(hidden);
        self.errors.extend(Embeddings::new(n_classes, errors));
        Ok(())
    }
}

/// Returns, for each training image, the sum over the snapshots of the learning rate times the dot
/// product of its gradient with that of the first image of `of`: positive for those that taught the
/// label of that image, negative for those that taught against it.
///
/// * `snapshots`: learning rate, training images and the image, as each snapshot sees them
pub fn influence(snapshots: &[(f64, &LastLayer, &LastLayer)]) -> Vec<f64> {
    let n = snapshots
        .first()
        .map_or(0, |(_, train, _)| train.hidden.len());
    let mut sums = vec![0.0f64; n];
    for (rate, train, of) in snapshots {
        let (Some(hidden), Some(error)) = (of.hidden.rows().next(), of.errors.rows().next()) else {
            continue;
        };
        for_parts(sums.chunks_mut(CHUNK), |chunk, sums| {
            closure_on_simd(
                #[inline(always)]
                || {
                    let rows = train.hidden.rows().zip(train.errors.rows());
                    for ((h, e), sum) in rows.skip(chunk * CHUNK).zip(&mut *sums) {
                        let dot = |a: &[f32], b: &[f32]| f64::from(sum2(a, b, |a, b| a * b));
                        *sum += rate * dot(e, error) * dot(h, hidden);
                    }
                },
            );
        });
    }
    sums
}
