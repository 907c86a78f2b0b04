//! Statistics of the layers while training: now and then, from a part of a batch, so that they cost
//! next to nothing.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::examine;
use super::microscope::change;
use crate::data::Batch;
use crate::model::{Mode, Network};

/// Updates between two looks.
const EVERY: u64 = 250;

/// The beginning is looked at more often: after 1, 2, 4, … updates, up to this many.
const DENSE_UNTIL: u64 = 64;

/// Images of the batch that are looked at.
const MAX_IMAGES: usize = 16;

/// Bars of the histogram of the weights.
pub const N_BARS: usize = 24;

/// One layer with weights, or one whose outputs can be zero, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerStat {
    /// Its place in the network, from 0.
    pub layer: usize,
    /// What people call it.
    pub name: String,
    /// Norm of its weights.
    pub weights: Option<f64>,
    /// Norm of their gradient.
    pub gradient: Option<f64>,
    /// Norm of the update against that of the weights.
    pub update_ratio: Option<f64>,
    /// Share of its outputs that are exactly zero; told of ReLU only.
    pub zeros: Option<f64>,
    /// How many of its weights lie in each of [`N_BARS`] equal parts from minus to plus
    /// [`LayerStat::range`]; what lies outside is in the outermost. Empty without weights.
    pub histogram: Vec<u32>,
    /// See [`LayerStat::histogram`]: three standard deviations.
    pub range: f64,
}

/// The layers at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerPoint {
    /// Updates done.
    pub step: u64,
    /// Those with something to tell, in the order of the forward pass.
    pub layers: Vec<LayerStat>,
}

/// Whether update number `step` is looked at.
pub(super) fn is_due(step: u64) -> bool {
    step.is_multiple_of(EVERY) || (step <= DENSE_UNTIL && step.is_power_of_two())
}

/// The statistics of an update that was just made with `batch`: `before` is a copy of the network
/// from before it.
pub(super) fn measure_layers(
    before: &Network,
    network: &Network,
    batch: &Batch,
    mode: Mode,
    step: u64,
) -> Result<LayerPoint> {
    let n = batch.labels.dim(0)?.min(MAX_IMAGES);
    let part = Batch {
        images: batch.images.narrow(0, 0, n)?,
        labels: batch.labels.narrow(0, 0, n)?,
    };
    let readings = examine(before, &part, mode)?;
    let params = before.params().iter();
    let old: Vec<Tensor> = params.map(|p| p.var.as_detached_tensor()).collect();
    let spec = &network.spec().layers;
    let mut layers = Vec::new();
    for (layer, reading) in readings.layers.into_iter().enumerate() {
        let is_relu = matches!(spec[layer], crate::model::Layer::Relu);
        if reading.weights.is_none() && !is_relu {
            continue;
        }
        let update = change(network, &old, layer)?;
        let (histogram, range) = histogram(network, layer)?;
        let ratio = |weights: f64| update.map(|u| u / weights);
        layers.push(LayerStat {
            layer,
            name: reading.name,
            weights: reading.weights,
            gradient: reading.gradient,
            update_ratio: reading.weights.filter(|w| *w > 0.0).and_then(ratio),
            zeros: is_relu.then_some(reading.zeros),
            histogram,
            range,
        });
    }
    Ok(LayerPoint { step, layers })
}

/// How the weights of the layer at index `layer` are spread.
fn histogram(network: &Network, layer: usize) -> Result<(Vec<u32>, f64)> {
    let mut values: Vec<f32> = Vec::new();
    for param in network.params_of(layer).filter(|p| p.is_trainable()) {
        values.extend(param.var.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(bars(&values))
}

fn bars(values: &[f32]) -> (Vec<u32>, f64) {
    if values.is_empty() {
        return (Vec::new(), 0.0);
    }
    let n = values.len() as f64;
    let square = values
        .iter()
        .map(|&v| f64::from(v) * f64::from(v))
        .sum::<f64>();
    let range = 3.0 * (square / n).sqrt();
    let mut bars = vec![0u32; N_BARS];
    let scale = if range > 0.0 {
        N_BARS as f64 / (2.0 * range)
    } else {
        0.0
    };
    for &value in values {
        let at = (f64::from(value) + range) * scale;
        bars[(at.max(0.0) as usize).min(N_BARS - 1)] += 1;
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
        assert_eq!(due, [1, 2, 4, 8, 16, 32, 64, 250, 500]);
    }
}
