//! Statistics of the layers while training, every 250 updates and on a sample of images and
//! weights, so that they cost next to nothing.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::kernels::{self, Moments};
use crate::model::{Layer, Mode, Network, Param};
use crate::train::optim::{GradientSquares, square_sum};

/// Updates between two measurements.
// With this interval the statistics take about 2 % of an epoch of keras-cnn.
const EVERY: u64 = 250;

/// The beginning is measured more often: after 1, 4, 16, … updates, up to this many.
const DENSE_UNTIL: u64 = 64;

/// Images of the batch that are sampled.
// The statistics are means over thousands of outputs per image, so a few images are enough.
const MAX_IMAGES: usize = 8;

/// Weights of each parameter that are sampled for the histogram and the update ratio: enough for
/// about 1 % accuracy.
const MAX_WEIGHTS: usize = 1 << 15;

/// Bars of the histogram of the weights.
pub const N_BARS: usize = 24;

/// Statistics at one step of a layer with weights, or with outputs that can be zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerStat {
    /// Its index in the network, from 0.
    pub layer: usize,
    /// Its name, such as `dense1`; in earlier files its kind and numbers.
    pub name: String,
    /// Norm of its weights.
    pub weights: Option<f64>,
    /// Norm of the gradient of the update, before clipping.
    pub gradient: Option<f64>,
    /// Update ratio: norm of the update divided by that of the weights.
    pub update_ratio: Option<f64>,
    /// Share of its outputs that are exactly zero; for ReLU only.
    pub zeros: Option<f64>,
    /// Histogram of its weights, or of an even sample of them: [`N_BARS`] equal bins from minus to
    /// plus [`LayerStat::range`]; the outermost include what lies outside. Empty without weights.
    pub histogram: Vec<u32>,
    /// The histogram's range: three standard deviations.
    pub range: f64,
}

/// Statistics of the layers at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerPoint {
    /// Updates done.
    pub step: u64,
    /// The layers that have statistics, in the order of the forward pass.
    pub layers: Vec<LayerStat>,
}

/// Whether update number `step` is measured.
pub(in crate::train) fn is_due(step: u64) -> bool {
    let is_power_of_four = step.is_power_of_two() && step.trailing_zeros().is_multiple_of(2);
    step.is_multiple_of(EVERY) || (step <= DENSE_UNTIL && is_power_of_four)
}

/// A measurement that begins before an update and ends after it.
pub(in crate::train) struct Look {
    /// RMS and zeros of each layer's output.
    outputs: Vec<Moments>,
    /// Sampled weights of each parameter.
    old: Vec<Vec<f32>>,
    /// The gradients, once the update is made.
    pub(in crate::train) gradients: GradientSquares,
}

impl Look {
    /// Measures `network` before its update with `images`.
    pub(in crate::train) fn before(network: &Network, images: &Tensor, mode: Mode) -> Result<Look> {
        let part = images.narrow(0, 0, images.dim(0)?.min(MAX_IMAGES))?;
        let mut outputs = Vec::new();
        let copy = network.sharing_weights()?.unfused();
        copy.forward_each(&part, mode, |x| {
            outputs.push(kernels::moments(x)?);
            Ok(())
        })?;
        let some = |p: &Param| kernels::sample(&p.var, MAX_WEIGHTS);
        Ok(Look {
            outputs,
            old: network.params().iter().map(some).collect::<Result<_>>()?,
            gradients: GradientSquares::new(),
        })
    }

    /// Returns the statistics, after update number `step` of the same network.
    pub(in crate::train) fn after(self, network: &Network, step: u64) -> Result<LayerPoint> {
        let spec = network.spec();
        let mut layers = Vec::new();
        for (layer, output) in self.outputs.iter().enumerate() {
            let is_relu = matches!(spec.layers[layer], Layer::Relu);
            let weights = self.weights(network, layer)?;
            if weights.is_none() && !is_relu {
                continue;
            }
            let zeros = output.zeros as f64 / output.n.max(1) as f64;
            layers.push(LayerStat {
                layer,
                name: spec.layer_name(layer).unwrap_or_default(),
                zeros: is_relu.then_some(zeros),
                ..weights.unwrap_or_default()
            });
        }
        Ok(LayerPoint { step, layers })
    }

    /// The statistics of a layer's weights; `None` without any.
    fn weights(&self, network: &Network, layer: usize) -> Result<Option<LayerStat>> {
        let (mut squares, mut gradient) = (0.0, None);
        let (mut new, mut old) = (Vec::new(), Vec::new());
        for (at, param) in network.weights_of(layer) {
            squares += kernels::moments(&param.var)?.squares;
            if let Some(more) = self.gradients.get(&param.var.id()) {
                *gradient.get_or_insert(0.0) += more;
            }
            new.extend(kernels::sample(&param.var, MAX_WEIGHTS)?);
            old.extend_from_slice(&self.old[at]);
        }
        if new.is_empty() {
            return Ok(None);
        }
        let moved = new.iter().zip(&old).map(|(new, old)| new - old);
        let moved: Vec<f32> = moved.collect();
        let size = square_sum(&old);
        let (histogram, range) = bars(&new);
        Ok(Some(LayerStat {
            weights: Some(squares.sqrt()),
            gradient: gradient.map(f64::sqrt),
            update_ratio: (size > 0.0).then(|| (square_sum(&moved) / size).sqrt()),
            histogram,
            range,
            ..LayerStat::default()
        }))
    }
}

/// The histogram of `values`, and its range.
fn bars(values: &[f32]) -> (Vec<u32>, f64) {
    if values.is_empty() {
        return (Vec::new(), 0.0);
    }
    let range = 3.0 * (square_sum(values) / values.len() as f64).sqrt();
    let per_unit = match range > 0.0 {
        true => N_BARS as f64 / (2.0 * range),
        false => 0.0,
    };
    let mut bars = vec![0u32; N_BARS];
    for &value in values {
        // A negative float becomes 0.
        let at = ((f64::from(value) + range) * per_unit) as usize;
        bars[at.min(N_BARS - 1)] += 1;
    }
    (bars, range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_count_every_weight_once_and_show_the_spread() {
        let values: Vec<f32> = (-500..=500).map(|i| i as f32 / 100.0).collect();
        let (bars, range) = bars(&values);
        assert_eq!(bars.iter().sum::<u32>(), 1001);
        // The standard deviation of an even spread from -5 to 5 is 5 / √3.
        assert!((range - 3.0 * 5.0 / 3f64.sqrt()).abs() < 0.02, "{range}");
        assert_eq!(bars[0], 0, "nothing is three deviations away");
        assert!(bars[N_BARS / 2].abs_diff(bars[N_BARS / 2 - 2]) <= 2);
        assert_eq!(super::bars(&[]), (Vec::new(), 0.0));
        assert_eq!(super::bars(&[0.0; 7]).0.iter().sum::<u32>(), 7);
    }

    #[test]
    fn the_beginning_is_looked_at_more_often() {
        let due: Vec<u64> = (1..=600).filter(|&s| is_due(s)).collect();
        assert_eq!(due, [1, 4, 16, 64, 250, 500]);
    }
}
