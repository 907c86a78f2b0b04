//! The int8 twin of a network: weights of 8 bits, one scale per output, and what layers compute
//! rounded to 256 values, as onnxruntime runs a quantized ONNX file. Computed here with f32, so that
//! it can be evaluated like every other model: sums of products of such numbers are the same.
//!
//! Static quantization with ranges from calibration images (min-max); after Jacob et al. 2018,
//! "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference".

mod fold;
mod grid;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{Result, Tensor, bail};

pub(crate) use grid::{ByteWeights, Grid};

use super::classifier::Classifier;
use super::layers::{Pass, Taps, blueprints};
use super::network::{Mode, Network};
use super::param::{Param, ParamKind};
use super::shape::Shape;
use super::spec::Layer;

/// Images at a time in calibration.
const BATCH: usize = 100;

/// What of a network is kept in 8 bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Int8 {
    /// Of each layer, those inside a block before it, what its output is rounded to; `None` if it
    /// stays as it is.
    outputs: Vec<Option<Grid>>,
    /// The weights, by the names of their parameters.
    weights: BTreeMap<String, ByteWeights>,
    /// Number of images that the ranges are from.
    n_images: usize,
}

impl Int8 {
    /// What the output of each layer is rounded to, those inside a block before it.
    pub fn outputs(&self) -> &[Option<Grid>] {
        &self.outputs
    }

    /// The weights of a parameter, if they are kept in 8 bits.
    pub fn weights(&self, name: &str) -> Option<&ByteWeights> {
        self.weights.get(name)
    }

    /// Number of images that the ranges are from.
    pub fn n_images(&self) -> usize {
        self.n_images
    }

    /// The forward pass with rounded values.
    pub(super) fn forward(&self, network: &Network, images: &Tensor) -> Result<Tensor> {
        let next = Cell::new(0);
        let tap = |x: &Tensor| {
            let at = next.replace(next.get() + 1);
            match self.outputs.get(at).copied().flatten() {
                Some(grid) => grid.round(x),
                None => Ok(x.clone()),
            }
        };
        let pass = Pass {
            tap: Some(&tap),
            ..Pass::new(network.params(), Mode::Eval)
        };
        network.run(&Grid::PIXELS.round(images)?, &pass, Taps::Every)
    }
}

impl Network {
    /// Returns the int8 twin, with ranges from `images`: `[n, channels, height, width]`, typical
    /// ones that it was trained on. Batch norms become part of the layers before them. Weights of
    /// recurrent layers, and what is computed inside recurrent layers and transformer blocks, keep
    /// their precision.
    ///
    /// # Errors
    /// When the images do not fit the network, or what it computes for them is not finite.
    pub fn int8_twin(&self, images: &Tensor) -> Result<Network> {
        let folded = fold::fold(self).map_err(candle_core::Error::msg)?;
        let ranges = ranges(&folded, images)?;
        let spec = folded.spec();
        let mut is_rounded = Vec::new();
        find_rounded(
            &spec.layers,
            Shape::Image(spec.input),
            true,
            &mut is_rounded,
        );
        let outputs = ranges.iter().zip(is_rounded);
        let outputs =
            outputs.map(|(&[low, high], is_rounded)| is_rounded.then(|| Grid::of_range(low, high)));
        let mut int8 = Int8 {
            outputs: outputs.collect(),
            weights: BTreeMap::new(),
            n_images: images.dim(0)?,
        };
        for param in folded.params().iter().filter(|param| is_matrix(param)) {
            let weights = byte_weights(param)?;
            param.set_from_pytorch(&weights.1)?;
            int8.weights.insert(param.name.clone(), weights.0);
        }
        Ok(folded.with_int8(Arc::new(int8)))
    }
}

impl Classifier {
    /// Returns the int8 twin of the model, see [`Network::int8_twin`].
    ///
    /// # Errors
    /// As [`Network::int8_twin`].
    pub fn int8_twin(&self, images: &Tensor) -> Result<Classifier> {
        let mut provenance = self.provenance.clone();
        // It was measured with other weights.
        provenance.test_accuracy = None;
        Ok(Classifier {
            network: self.network.int8_twin(images)?,
            classes: self.classes.clone(),
            provenance,
        })
    }
}

/// Whether it is a matrix or a filter that one product reads: not that of a recurrent layer, which
/// ONNX has no quantized form of.
fn is_matrix(param: &Param) -> bool {
    let is_weight = param.name.ends_with("weight") && param.kind == ParamKind::Weight;
    is_weight && matches!(param.pytorch_dims().len(), 2 | 4)
}

/// The numbers of a parameter, and the values they stand for, in PyTorch's layout.
fn byte_weights(param: &Param) -> Result<(ByteWeights, Tensor)> {
    let held = param.to_pytorch()?;
    let values = held.flatten_all()?.to_vec1::<f32>()?;
    let weights = ByteWeights::of(&values, held.dim(0)?);
    let rounded = Tensor::from_vec(weights.values(), held.dims().to_vec(), held.device())?;
    Ok((weights, rounded))
}

/// The smallest and the largest value of the output of each layer, those inside a block before it.
fn ranges(network: &Network, images: &Tensor) -> Result<Vec<[f32; 2]>> {
    let ranges: RefCell<Vec<[f32; 2]>> = RefCell::default();
    for first in (0..images.dim(0)?).step_by(BATCH) {
        let n = BATCH.min(images.dim(0)? - first);
        let next = Cell::new(0);
        network.forward_layers(&images.narrow(0, first, n)?, |layer| {
            let at = next.replace(next.get() + 1);
            let values = layer.output.flatten_all()?;
            let [low, high] = [values.min(0)?, values.max(0)?].map(|v| v.to_scalar::<f32>());
            let (low, high) = (low?, high?);
            if !(low.is_finite() && high.is_finite()) {
                bail!("what layer {} computes is not finite", at + 1);
            }
            let mut ranges = ranges.borrow_mut();
            match ranges.get_mut(at) {
                Some(range) => *range = [range[0].min(low), range[1].max(high)],
                None => ranges.push([low, high]),
            }
            Ok(())
        })?;
    }
    Ok(ranges.into_inner())
}

/// Finds the layers whose output is rounded. A layer that only moves values needs no rounding, one
/// before a ReLU is rounded after it, and tokens and logits keep their precision.
fn find_rounded(layers: &[Layer], input: Shape, is_network: bool, found: &mut Vec<bool>) {
    let (blueprints, _) = blueprints(layers, input);
    let mut input = input;
    for (idx, (layer, blueprint)) in layers.iter().zip(&blueprints).enumerate() {
        if !layer.inside().is_empty() {
            find_rounded(layer.inside(), input, false, found);
        }
        let next = layers.get(idx + 1);
        let is_logits = is_network && next.is_none();
        let is_tokens = matches!(blueprint.output, Shape::Sequence(_));
        let is_before_relu = matches!(next, Some(Layer::Relu));
        found.push(!(layer.moves_values() || is_logits || is_tokens || is_before_relu));
        input = blueprint.output;
    }
}

#[cfg(test)]
mod tests;
