//! A network that can be run: spec, weights and forward pass.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor, Var};

use super::init::Init;
use super::int8::Int8;
use super::layers::{Blueprint, Op, Pass, Taps, blueprints, plan};
use super::param::{Param, ParamShape};
use super::shape::{Shape, ShapeError};
use super::spec::ModelSpec;
use super::tail::Tail;
use crate::kernels;

/// Whether a forward pass is part of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Weights are tracked for the backward pass, and dropout draws its mask from the run's seed
    /// and the step.
    Train {
        /// The seed of the run.
        seed: u64,
        /// Number of the update this pass is for, from 0.
        step: u64,
    },
    /// Nothing is tracked and nothing is random.
    Eval,
}

/// A spec with weights.
#[derive(Debug)]
pub struct Network {
    pub(super) spec: ModelSpec,
    pub(super) params: Vec<Param>,
    ops: Vec<Op>,
    pub(super) is_fused: bool,
    /// What is left to train if the first layers are frozen.
    pub(super) tail: Option<Tail>,
    /// What of it is kept in 8 bits, if it is an int8 twin.
    int8: Option<Arc<Int8>>,
}

impl Network {
    /// A network with weights initialized from `seed`.
    ///
    /// # Errors
    /// When the layers do not fit together, or candle cannot hold the weights.
    pub fn new(
        spec: &ModelSpec,
        init: Init,
        seed: u64,
        device: &Device,
    ) -> anyhow::Result<Network> {
        spec.report().map_err(|e: ShapeError| anyhow::anyhow!(e))?;
        let (blueprints, _) = blueprints(&spec.layers, Shape::Image(spec.input));
        let params = init_params(&blueprints, init, seed, device)?;
        Ok(Network::of(spec, params))
    }

    /// A network with the parameter values that `value` returns, in PyTorch's layout.
    ///
    /// # Errors
    /// When the layers do not fit together, and errors of `value`.
    pub(super) fn with_values(
        spec: &ModelSpec,
        mut value: impl FnMut(&ParamShape) -> std::result::Result<Tensor, String>,
    ) -> std::result::Result<Network, String> {
        let shapes = spec.param_shapes().map_err(|e| e.to_string())?;
        let mut params = Vec::with_capacity(shapes.len());
        for shape in shapes {
            let values = shape.layout.hold(&value(&shape)?);
            let var = values.and_then(|values| Var::from_tensor(&values));
            let var = var.map_err(|e| e.to_string())?;
            params.push(Param::new(shape.name, var, shape.layout, shape.kind));
        }
        Ok(Network::of(spec, params))
    }

    fn of(spec: &ModelSpec, params: Vec<Param>) -> Network {
        Network {
            spec: spec.clone(),
            ops: plan(
                &spec.layers,
                Shape::Image(spec.input),
                0,
                true,
                0,
                Taps::None,
            ),
            params,
            is_fused: true,
            tail: None,
            int8: None,
        }
    }

    /// The same network with one candle op per layer instead of fused operations: slower, for
    /// comparison.
    #[must_use]
    pub fn unfused(mut self) -> Network {
        self.is_fused = false;
        self.plan();
        self
    }

    fn plan(&mut self) {
        let input = Shape::Image(self.spec.input);
        let layers = &self.spec.layers;
        self.ops = plan(layers, input, 0, self.is_fused, 0, Taps::None);
        self.plan_tail();
    }

    /// Sets the dropout rates to those of `spec`, which must differ in nothing else.
    pub(crate) fn set_dropout(&mut self, spec: &ModelSpec) {
        if self.spec != *spec {
            self.spec.clone_from(spec);
            self.plan();
        }
    }

    /// Returns a deep copy that shares no storage, for another thread while this network trains.
    ///
    /// # Errors
    /// When candle cannot allocate the copy.
    pub fn deep_copy(&self) -> Result<Network> {
        Ok(Network {
            spec: self.spec.clone(),
            params: self
                .params
                .iter()
                .map(Param::deep_copy)
                .collect::<Result<_>>()?,
            ops: self.ops.clone(),
            is_fused: self.is_fused,
            tail: self.tail.clone(),
            int8: self.int8.clone(),
        })
    }

    /// Returns a network with the same weights in the same memory, but its own copies of the
    /// buffers: a training forward pass through it does not change this network.
    ///
    /// # Errors
    /// When candle cannot allocate the copies.
    pub(crate) fn sharing_weights(&self) -> Result<Network> {
        let params = self.params.iter().map(|p| match p.is_trainable() {
            true => Ok(p.clone()),
            false => p.deep_copy(),
        });
        Ok(Network {
            spec: self.spec.clone(),
            params: params.collect::<Result<_>>()?,
            ops: self.ops.clone(),
            is_fused: self.is_fused,
            tail: self.tail.clone(),
            int8: self.int8.clone(),
        })
    }

    /// The same network with values that are kept in 8 bits.
    pub(super) fn with_int8(mut self, int8: Arc<Int8>) -> Network {
        self.int8 = Some(int8);
        self
    }

    /// What of it is kept in 8 bits, if it is an int8 twin.
    pub(crate) fn int8(&self) -> Option<&Int8> {
        self.int8.as_deref()
    }

    /// The layers, input and classes of the network.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// All parameters, including batch norm's buffers, in the order of the layers.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// Images `[n, channels, height, width]` with values in `[0, 1]` → logits `[n, classes]`.
    ///
    /// While training, each pass updates batch norm's running estimates.
    ///
    /// # Errors
    /// When the shape of the images is not the spec's input.
    pub fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        if let (Some(int8), Mode::Eval) = (&self.int8, mode) {
            return int8.forward(self, images);
        }
        let pass = Pass::new(&self.params, mode);
        let mut x = images.clone();
        for op in &self.ops {
            let y = op.forward(&x, &pass)?;
            if mode == Mode::Eval {
                kernels::reclaim_unless_shared(&x, &[&y, images]);
            }
            x = y;
        }
        Ok(x)
    }
}

impl Network {
    /// Like [`Network::forward`] of an unfused network; calls `each` with the output of every
    /// layer, in order.
    ///
    /// # Errors
    /// As [`Network::forward`], and errors of `each`.
    pub fn forward_each(
        &self,
        images: &Tensor,
        mode: Mode,
        mut each: impl FnMut(&Tensor) -> Result<()>,
    ) -> Result<Tensor> {
        let pass = Pass::new(&self.params, mode);
        let mut x = images.clone();
        for op in &self.ops {
            x = op.forward(&x, &pass)?;
            each(&x)?;
        }
        Ok(x)
    }

    /// The weights of the layer at index `layer`, each with its index among the parameters.
    pub fn weights_of(&self, layer: usize) -> impl Iterator<Item = (usize, &Param)> {
        let prefix = format!("{layer}.");
        let params = self.params.iter().enumerate();
        params.filter(move |(_, p)| p.is_trainable() && p.name.starts_with(&prefix))
    }
}

impl ModelSpec {
    /// Names and shapes of all parameters of a network of this spec, in order, without creating
    /// any.
    ///
    /// # Errors
    /// The first problem of the spec.
    pub fn param_shapes(&self) -> std::result::Result<Vec<ParamShape>, ShapeError> {
        self.report()?;
        let (blueprints, _) = blueprints(&self.layers, Shape::Image(self.input));
        let mut shapes = Vec::new();
        for (idx, blueprint) in blueprints.into_iter().enumerate() {
            shapes.extend(blueprint.params.into_iter().map(|plan| ParamShape {
                name: format!("{idx}.{}", plan.name),
                dims: plan.dims,
                layout: plan.layout,
                kind: plan.kind,
            }));
        }
        Ok(shapes)
    }
}

fn init_params(
    blueprints: &[Blueprint],
    init: Init,
    seed: u64,
    device: &Device,
) -> Result<Vec<Param>> {
    let mut params: Vec<Param> = Vec::new();
    for (idx, blueprint) in blueprints.iter().enumerate() {
        for plan in &blueprint.params {
            let n = plan.dims.iter().product();
            let values = init.values(plan.init, n, seed, params.len());
            let values = Tensor::from_vec(values, plan.dims.clone(), device)?;
            let name = format!("{idx}.{}", plan.name);
            let var = Var::from_tensor(&plan.layout.order_rows(&values)?)?;
            params.push(Param::new(name, var, plan.layout, plan.kind));
        }
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dense, Dropout, Layer, PRESETS, Residual, preset};

    fn images(n: usize) -> Tensor {
        let values: Vec<f32> = (0..n * 784).map(|i| (i % 97) as f32 / 96.0).collect();
        Tensor::from_vec(values, (n, 1, 28, 28), &Device::Cpu).unwrap()
    }

    fn network(name: &str, seed: u64) -> Network {
        let preset = preset(name).unwrap();
        Network::new(
            &preset.spec([1, 28, 28], 10),
            preset.init,
            seed,
            &Device::Cpu,
        )
        .unwrap()
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn fused_and_unfused_networks_agree() {
        let train = Mode::Train { seed: 3, step: 5 };
        for preset in PRESETS {
            for mode in [Mode::Eval, train] {
                let fused = values(&network(preset.name, 1).forward(&images(5), mode).unwrap());
                let plain = network(preset.name, 1).unfused();
                let plain = values(&plain.forward(&images(5), mode).unwrap());
                assert_eq!(fused.len(), 50);
                for (a, b) in fused.iter().zip(&plain) {
                    assert!((a - b).abs() < 1e-5, "{}: {a} {b}", preset.name);
                }
            }
        }
    }

    /// An image whose gradient may be wanted is kept by all; of any other, blocks give memory back.
    #[test]
    fn nested_blocks_give_back_only_what_nobody_reads() {
        let (dropout, relu) = (Layer::Dropout(Dropout { rate: 0.5 }), Layer::Relu);
        let block = |layers| Layer::Residual(Residual { layers });
        let inner = block(vec![dropout.clone(), block(vec![dropout.clone(), relu])]);
        let mut spec = preset("softmax").unwrap().spec([1, 28, 28], 10);
        spec.layers.insert(0, block(vec![dropout, inner.clone()]));
        spec.layers.insert(1, inner);
        let network = Network::new(&spec, Init::GlorotUniform, 1, &Device::Cpu).unwrap();
        let x = images(8);
        let watched = Var::from_tensor(&x).unwrap();
        let expected = values(&network.forward(&watched, Mode::Eval).unwrap());
        for _ in 0..2 {
            let found = values(&network.forward(&x, Mode::Eval).unwrap());
            assert_eq!(found, expected);
        }
        assert_eq!(values(&x), values(&images(8)));
    }

    #[test]
    fn the_seed_decides_the_weights_and_a_later_layer_does_not() {
        let bits = |n: &Network| values(n.params()[0].var.as_tensor());
        assert_eq!(bits(&network("mlp", 1)), bits(&network("mlp", 1)));
        assert_ne!(bits(&network("mlp", 1)), bits(&network("mlp", 2)));
        assert_eq!(network("mlp", 1).params()[2].name, "3.weight");
        let mut longer = preset("mlp").unwrap().spec([1, 28, 28], 10);
        longer.layers.insert(3, Layer::Dense(Dense { units: 256 }));
        let longer = Network::new(&longer, Init::GlorotUniform, 1, &Device::Cpu).unwrap();
        assert_eq!(bits(&network("mlp", 1)), bits(&longer));
    }

    #[test]
    fn a_deep_copy_does_not_follow_the_original() {
        let original = network("softmax", 1);
        let copy = original.deep_copy().unwrap();
        let before = values(copy.params()[0].var.as_tensor());
        let weight = &original.params()[0].var;
        weight
            .set(&weight.as_tensor().zeros_like().unwrap())
            .unwrap();
        assert_eq!(values(copy.params()[0].var.as_tensor()), before);
    }
}
