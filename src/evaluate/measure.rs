//! Loss and accuracy of a network on a set of images, as the training loop measures them.

use candle_core::{Device, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::loss::Loss;
use super::number;
use crate::data::ImageSet;
use crate::kernels;
use crate::model::{Mode, Network, Shape};
use crate::stats::argmax;

/// Loss and accuracy over a set of images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean loss; cross entropy is in nats.
    #[serde(with = "number")]
    pub loss: f64,
    /// Share of the images classified correctly, in `[0, 1]`.
    pub accuracy: f64,
}

/// Images per evaluation batch: enough to multiply by weights that were read once, few enough for the
/// cache.
const EVAL_BATCH: usize = 100;

/// Memory limit of an evaluation batch of more than one image. A constant, not the machine's
/// memory: the order of summation must not depend on the machine.
const EVAL_BYTES: u64 = 2 << 30;

/// Activations of a batch, in bytes, up to which a thread takes whole batches: it waits for the others
/// once, not in every layer, and each image stays with one core. Larger batches are shared by the
/// threads: one for each would take too much memory.
const THREAD_BYTES: u64 = 64 << 20;

/// Memory of the activations of one image, in bytes.
fn image_bytes(network: &Network) -> u64 {
    let spec = network.spec();
    let n_bytes = |n| {
        let report = spec.check().0;
        report.forward_bytes(Shape::Image(spec.input), n)
    };
    n_bytes(1).saturating_sub(n_bytes(0)).max(1)
}

/// Images per evaluation batch for `network`: fewer if its activations are large.
pub(crate) fn eval_batch(network: &Network) -> usize {
    (EVAL_BYTES / image_bytes(network)).clamp(1, EVAL_BATCH as u64) as usize
}

/// [`argmax`] of each row of `[n, classes]`.
fn argmax_rows(logits: &Tensor) -> Result<Vec<Option<u32>>> {
    let n_classes = logits.dim(1)?;
    let values = logits.flatten_all()?.to_vec1::<f32>()?;
    let class = |row| argmax(row).map(|class| class as u32);
    Ok(values.chunks_exact(n_classes.max(1)).map(class).collect())
}

/// Number of rows of `logits` whose argmax is the label. A row that is not finite is wrong.
pub(crate) fn n_correct(logits: &Tensor, labels: &[u32]) -> Result<usize> {
    let classes = argmax_rows(logits)?;
    let is_right = |(class, label): &(&Option<u32>, &u32)| **class == Some(**label);
    Ok(classes.iter().zip(labels).filter(is_right).count())
}

/// What comes of one batch.
struct Measured {
    logits: Tensor,
    labels: Vec<u32>,
    /// Of its images.
    mean_loss: f64,
    n_right: usize,
}

fn measure_batch(
    network: &Network,
    loss: Loss,
    set: &ImageSet,
    indices: &[u32],
) -> Result<Measured> {
    let batch = set.batch(indices, &Device::Cpu)?;
    let logits = network.forward(&batch.images, Mode::Eval)?;
    kernels::reclaim_unless_shared(&batch.images, &[&logits]);
    let labels: Vec<u32> = batch.labels.to_vec1()?;
    Ok(Measured {
        mean_loss: loss.of(&logits, &batch.labels)?.to_scalar::<f32>()?.into(),
        n_right: n_correct(&logits, &labels)?,
        logits,
        labels,
    })
}

/// Measures loss and accuracy on the images at `indices`; calls `each` with the logits of each
/// batch, in order.
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
    let size = eval_batch(network);
    let batches: Vec<&[u32]> = indices.chunks(size).collect();
    let of_one = |batch: &&[u32]| measure_batch(network, loss, set, batch);
    let is_small = image_bytes(network) * size as u64 <= THREAD_BYTES;
    let threads = kernels::threads();
    // Two for each thread: one that is slower than others takes fewer.
    let at_once = if is_small { 2 * threads } else { 1 };
    for batches in batches.chunks(at_once) {
        let measured = match batches.len() < threads {
            true => batches.iter().map(of_one).collect(),
            false => kernels::map_alone(batches, of_one),
        };
        for (measured, batch) in measured.into_iter().zip(batches) {
            let measured = measured?;
            loss_sum += measured.mean_loss * batch.len() as f64;
            n_right += measured.n_right;
            each(&measured.logits, &measured.labels)?;
        }
    }
    let n = indices.len().max(1) as f64;
    Ok(Metrics {
        loss: loss_sum / n,
        accuracy: n_right as f64 / n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Conv2d, Dense, Init, Layer, ModelSpec, PRESETS};

    #[test]
    fn presets_are_measured_in_whole_batches_and_huge_networks_in_small_ones() {
        let batch = |spec: &ModelSpec| {
            eval_batch(&Network::new(spec, Init::Zeros, 1, &Device::Cpu).unwrap())
        };
        for preset in PRESETS {
            assert_eq!(
                batch(&preset.spec([1, 28, 28], 10)),
                EVAL_BATCH,
                "{}",
                preset.name
            );
        }
        let wide = Layer::Conv2d(Conv2d::new(3_000, 3, 0));
        let spec = ModelSpec {
            input: [1, 28, 28],
            classes: 10,
            layers: vec![
                wide,
                Layer::GlobalAvgPool,
                Layer::Dense(Dense { units: 10 }),
            ],
        };
        let n = batch(&spec);
        assert!((1..EVAL_BATCH).contains(&n), "{n}");
    }

    #[test]
    fn no_label_is_right_about_nan() {
        let logits = Tensor::new(&[[f32::NAN; 3]; 3], &Device::Cpu).unwrap();
        assert_eq!(n_correct(&logits, &[0, 1, 2]).unwrap(), 0);
        let logits = Tensor::new(&[[0.0, 1.0, 0.0], [f32::INFINITY; 3]], &Device::Cpu).unwrap();
        assert_eq!(n_correct(&logits, &[1, 0]).unwrap(), 1);
    }
}
