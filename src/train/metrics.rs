//! Loss and accuracy of a network on images it is not learning from right now.

use candle_core::{Device, Result, Tensor};

use super::{Loss, Metrics};
use crate::data::ImageSet;
use crate::model::{Mode, Network};

/// Images classified at once: enough to keep all threads busy, small enough for the cache.
const EVAL_BATCH: usize = 500;

/// The index of the largest value of each row of `[n, classes]`; the first one among equals.
///
/// # Errors
/// When `logits` has another rank.
pub fn argmax_rows(logits: &Tensor) -> Result<Vec<u32>> {
    let rows: Vec<Vec<f32>> = logits.to_vec2()?;
    let argmax = |row: &Vec<f32>| {
        let mut best = 0;
        for (idx, value) in row.iter().enumerate() {
            if *value > row[best] {
                best = idx;
            }
        }
        best as u32
    };
    Ok(rows.iter().map(argmax).collect())
}

/// Number of rows of `logits` whose largest value is at the label.
pub(super) fn n_correct(logits: &Tensor, labels: &[u32]) -> Result<usize> {
    let classes = argmax_rows(logits)?;
    Ok(classes.iter().zip(labels).filter(|(a, b)| a == b).count())
}

/// Loss and accuracy on the images at `indices`; calls `each` with the logits of each batch.
///
/// # Errors
/// When the network does not fit the images.
pub fn measure(
    network: &Network,
    loss: Loss,
    set: &ImageSet,
    indices: &[u32],
    mut each: impl FnMut(&Tensor, &[u32]) -> Result<()>,
) -> Result<Metrics> {
    let (mut loss_sum, mut n_right) = (0.0, 0);
    for chunk in indices.chunks(EVAL_BATCH) {
        let batch = set.batch(chunk, &Device::Cpu)?;
        let logits = network.forward(&batch.images, Mode::Eval)?;
        let labels: Vec<u32> = batch.labels.to_vec1()?;
        let mean = loss.of(&logits, &batch.labels)?.to_scalar::<f32>()?;
        loss_sum += f64::from(mean) * chunk.len() as f64;
        n_right += n_correct(&logits, &labels)?;
        each(&logits, &labels)?;
    }
    let n = indices.len().max(1) as f64;
    Ok(Metrics {
        loss: loss_sum / n,
        accuracy: n_right as f64 / n,
    })
}
