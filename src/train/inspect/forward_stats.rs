//! Statistics of one batch layer by layer, on a copy of the network.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use crate::data::Batch;
use crate::kernels::{self, Moments};
use crate::model::{Mode, Network};
use crate::stats::argmax;

use crate::evaluate::Loss;
use crate::train::divergence::{Origin, WorstImage};

/// Statistics of one layer for a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerForwardStats {
    /// Its name.
    pub name: String,
    /// RMS of its output.
    pub output: f64,
    /// Share of its outputs that are exactly zero.
    pub zeros: f64,
    /// Norm of its weights; `None` for a layer without any.
    pub weights: Option<f64>,
    /// Norm of the gradient of its weights; `None` without weights or backward pass.
    pub gradient: Option<f64>,
}

/// Statistics of a network for a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardStats {
    /// In the order of the forward pass.
    pub layers: Vec<LayerForwardStats>,
    /// The loss of each image.
    pub losses: Vec<f64>,
    /// The most probable class of each image; `None` if its logits are not finite.
    pub predicted: Vec<Option<u32>>,
}

/// Runs a forward and a backward pass through a copy of `network`, which stays as it is.
///
/// # Errors
/// When candle cannot run it.
pub fn forward_stats(
    network: &Network,
    batch: &Batch,
    mode: Mode,
    loss: Loss,
) -> Result<ForwardStats> {
    let mut outputs = Vec::new();
    let passed = passes(network, batch, mode, loss, |x| {
        outputs.push(kernels::moments(x)?);
        Ok(())
    })?;
    let Passed {
        network: copy,
        gradients,
        logits,
    } = passed;
    let spec = copy.spec();
    let reading = |(idx, output): (usize, Moments)| {
        let own: Vec<_> = copy.weights_of(idx).map(|(_, p)| p).collect();
        let own_gradients = own.iter().filter_map(|p| gradients.get(&p.var));
        let n = output.n.max(1) as f64;
        Ok(LayerForwardStats {
            name: spec.layer_name(idx).unwrap_or_default(),
            output: (output.squares / n).sqrt(),
            zeros: output.zeros as f64 / n,
            weights: norm(own.iter().map(|p| p.var.as_tensor()))?,
            gradient: norm(own_gradients)?,
        })
    };
    let layers = outputs.into_iter().enumerate().map(reading);
    let layers = layers.collect::<Result<Vec<_>>>()?;
    let labels: Vec<u32> = batch.labels.to_vec1()?;
    let losses = logits.iter().zip(&labels);
    Ok(ForwardStats {
        layers,
        losses: losses
            .map(|(row, &label)| loss.of_image(row, label))
            .collect(),
        predicted: logits
            .iter()
            .map(|row| argmax(row).map(|class| class as u32))
            .collect(),
    })
}

/// A forward and a backward pass.
pub(super) struct Passed {
    /// The copy of the network that they went through.
    pub network: Network,
    /// The gradients of its parameters.
    pub gradients: GradStore,
    /// The output for each image; empty if it was none.
    pub logits: Vec<Vec<f32>>,
}

/// Runs both passes through a copy of `network`, and calls `each` with the output of every layer.
pub(super) fn passes(
    network: &Network,
    batch: &Batch,
    mode: Mode,
    loss: Loss,
    mut each: impl FnMut(&Tensor) -> Result<()>,
) -> Result<Passed> {
    let copy = network.sharing_weights()?.unfused();
    let mut kept = None;
    let forward = || {
        let logits = copy.forward_each(&batch.images, mode, &mut each)?;
        kept = Some(logits.detach());
        loss.of(&logits, &batch.labels)
    };
    let (_, gradients) = kernels::gradients(forward)?;
    Ok(Passed {
        network: copy,
        gradients,
        logits: kept.map_or_else(|| Ok(Vec::new()), |logits| logits.to_vec2())?,
    })
}

/// The norm of all elements of `tensors` together; `None` without any tensor.
fn norm<'t>(tensors: impl Iterator<Item = &'t Tensor>) -> Result<Option<f64>> {
    let mut squares = None;
    for tensor in tensors {
        *squares.get_or_insert(0.0) += kernels::moments(tensor)?.squares;
    }
    Ok(squares.map(f64::sqrt))
}

/// A layer stands out if its statistics have grown by this factor.
const STANDS_OUT: f64 = 3.0;

impl ForwardStats {
    /// Where an anomaly started: compares with the statistics of the same batch under earlier
    /// weights.
    pub(in crate::train) fn origin(&self, before: Option<&ForwardStats>) -> Origin {
        if let Some(origin) = self.no_number() {
            return origin;
        }
        let Some(before) = before else {
            return Origin::Images;
        };
        let growth = |of: fn(&LayerForwardStats) -> Option<f64>| {
            let pairs = self.layers.iter().zip(&before.layers);
            let ratio = |(now, then): (&LayerForwardStats, &LayerForwardStats)| {
                let (now, then) = (of(now)?, of(then)?);
                (then > 0.0).then(|| now / then)
            };
            pairs.map(ratio).collect::<Vec<_>>()
        };
        let stands_out = |growth: &Option<f64>| growth.is_some_and(|g| g >= STANDS_OUT);
        let outputs = growth(|r| Some(r.output));
        if let Some(layer) = outputs.iter().position(stands_out) {
            return Origin::Activations {
                layer,
                name: self.layers[layer].name.clone(),
                growth: outputs[layer],
            };
        }
        // The backward pass visits the last layer first.
        let gradients = growth(|r| r.gradient);
        match gradients.iter().rposition(stands_out) {
            Some(layer) => Origin::Gradients {
                layer,
                name: self.layers[layer].name.clone(),
                growth: gradients[layer],
            },
            None => Origin::Images,
        }
    }

    /// The first place with a NaN or infinite value.
    fn no_number(&self) -> Option<Origin> {
        let bad = |x: Option<f64>| x.is_some_and(|x| !x.is_finite());
        let name = |layer: usize| self.layers[layer].name.clone();
        // A gradient that is not finite spoils its own layer and all layers before it.
        if let Some(layer) = self.layers.iter().rposition(|l| bad(l.weights)) {
            let name = name(layer);
            return Some(Origin::Weights { layer, name });
        }
        if let Some(layer) = self.layers.iter().position(|l| bad(Some(l.output))) {
            return Some(Origin::Activations {
                layer,
                name: name(layer),
                growth: None,
            });
        }
        let layer = self.layers.iter().rposition(|l| bad(l.gradient))?;
        Some(Origin::Gradients {
            layer,
            name: name(layer),
            growth: None,
        })
    }

    /// The `n` images with the highest losses, worst first; NaN is the worst.
    pub(in crate::train) fn worst(
        &self,
        indices: &[u32],
        labels: &[u32],
        n: usize,
    ) -> Vec<WorstImage> {
        let mut images: Vec<WorstImage> = (0..self.losses.len())
            .map(|i| WorstImage {
                index: indices[i],
                label: labels[i],
                predicted: self.predicted[i],
                loss: self.losses[i],
            })
            .collect();
        let rank = |loss: f64| if loss.is_nan() { f64::INFINITY } else { loss };
        images.sort_by(|a, b| rank(b.loss).total_cmp(&rank(a.loss)));
        images.truncate(n);
        images
    }
}
