//! A network that can be run: the spec, its weights, and the forward pass.

use candle_core::{Device, Result, Tensor, Var};

use super::{Init, Layer, ModelSpec, Shape, ShapeError};
use crate::kernels::{self, Activation, Window};
use crate::random::{Stream, rng};

/// Whether a forward pass is part of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Weights are tracked for the backward pass, and dropout draws its mask from the run's seed
    /// and the step.
    Train {
        /// The seed of the run.
        seed: u64,
        /// Which update this pass is for, from 0.
        step: u64,
    },
    /// Nothing is tracked and nothing is random.
    Eval,
}

/// One weight or bias.
#[derive(Clone, Debug)]
pub struct Param {
    /// PyTorch's name for it in an `nn.Sequential` of the same layers, such as `0.weight`.
    pub name: String,
    /// The values. A dense weight is held as `[in, out]`, see [`Param::is_transposed`].
    pub var: Var,
    /// Whether the values lie transposed to PyTorch's layout: a dense weight is read row by row
    /// as `[in, out]`, while files hold PyTorch's `[out, in]`.
    pub is_transposed: bool,
}

impl Param {
    /// A deep copy of the values in PyTorch's layout.
    pub fn to_pytorch(&self) -> Result<Tensor> {
        let tensor = self.var.as_detached_tensor();
        if self.is_transposed {
            tensor.t()?.contiguous()
        } else {
            tensor.copy()
        }
    }

    /// Replaces the values by `tensor`, given in PyTorch's layout.
    pub fn set_from_pytorch(&self, tensor: &Tensor) -> Result<()> {
        if self.is_transposed {
            self.var.set(&tensor.t()?.contiguous()?)
        } else {
            self.var.set(tensor)
        }
    }

    /// Shape in PyTorch's layout.
    pub fn pytorch_dims(&self) -> Vec<usize> {
        let mut dims = self.var.dims().to_vec();
        if self.is_transposed {
            dims.reverse();
        }
        dims
    }
}

/// One operation of the forward pass; neighbouring layers may share one.
#[derive(Clone, Copy, Debug)]
enum Op {
    Conv {
        weight: usize,
        window: Window,
        activation: Activation,
        pool: Option<Window>,
    },
    Dense {
        weight: usize,
        activation: Activation,
    },
    MaxPool(Window),
    AvgPool(Window),
    Activate(Activation),
    Flatten,
    Dropout {
        rate: f32,
        layer: usize,
    },
}

/// A spec with weights.
#[derive(Debug)]
pub struct Network {
    spec: ModelSpec,
    params: Vec<Param>,
    ops: Vec<Op>,
}

impl Network {
    /// A network with first weights drawn from `seed`.
    ///
    /// # Errors
    /// When the layers do not fit together, or candle cannot hold the weights.
    pub fn new(
        spec: &ModelSpec,
        init: Init,
        seed: u64,
        device: &Device,
    ) -> anyhow::Result<Network> {
        let params = init_params(spec, init, seed, device)?;
        Ok(Network {
            spec: spec.clone(),
            params,
            ops: plan(&spec.layers, true),
        })
    }

    /// The same network without fused operations, one candle op a layer: slower, for comparison.
    #[must_use]
    pub fn unfused(mut self) -> Network {
        self.ops = plan(&self.spec.layers, false);
        self
    }

    /// A deep copy that shares no storage, to be read by another thread while this one trains.
    ///
    /// # Errors
    /// When candle cannot allocate the copy.
    pub fn deep_copy(&self) -> Result<Network> {
        let copy = |p: &Param| {
            Ok(Param {
                name: p.name.clone(),
                var: Var::from_tensor(&p.var.as_detached_tensor().copy()?)?,
                is_transposed: p.is_transposed,
            })
        };
        Ok(Network {
            spec: self.spec.clone(),
            params: self.params.iter().map(copy).collect::<Result<_>>()?,
            ops: self.ops.clone(),
        })
    }

    /// What the network is made of.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// All weights and biases, in the order of the layers.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// Images `[n, channels, height, width]` with values in `[0, 1]` → logits `[n, classes]`.
    ///
    /// # Errors
    /// When the images have another shape than the spec's input.
    pub fn forward(&self, images: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut x = images.clone();
        for op in &self.ops {
            x = self.run(*op, &x, mode)?;
        }
        Ok(x)
    }

    fn run(&self, op: Op, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let tensor = |idx: usize| match mode {
            Mode::Train { .. } => self.params[idx].var.as_tensor().clone(),
            Mode::Eval => self.params[idx].var.as_detached_tensor(),
        };
        match op {
            Op::Conv {
                weight,
                window,
                activation,
                pool,
            } => kernels::conv2d(
                x,
                &tensor(weight),
                &tensor(weight + 1),
                window,
                activation,
                pool,
            ),
            Op::Dense { weight, activation } => {
                kernels::dense(x, &tensor(weight), &tensor(weight + 1), activation)
            }
            Op::MaxPool(window) => kernels::max_pool2d(x, window),
            Op::AvgPool(window) => kernels::avg_pool2d(x, window),
            Op::Activate(activation) => kernels::activate(x, activation),
            Op::Flatten => x.flatten_from(1),
            Op::Dropout { rate, layer } => match mode {
                Mode::Train { seed, step } => {
                    kernels::dropout(x, rate, &mut rng(seed, Stream::Dropout, step, layer as u64))
                }
                Mode::Eval => Ok(x.clone()),
            },
        }
    }
}

fn init_params(
    spec: &ModelSpec,
    init: Init,
    seed: u64,
    device: &Device,
) -> anyhow::Result<Vec<Param>> {
    let report = spec.report().map_err(|e: ShapeError| anyhow::anyhow!(e))?;
    let mut params: Vec<Param> = Vec::new();
    let mut input = Shape::Image(spec.input);
    for (idx, (layer, entry)) in spec.layers.iter().zip(&report.layers).enumerate() {
        let (dims, fan_in, fan_out, n_out) = match (*layer, input) {
            (
                Layer::Conv2d {
                    channels, kernel, ..
                },
                Shape::Image([c, _, _]),
            ) => {
                let area = kernel * kernel;
                (
                    vec![channels, c, kernel, kernel],
                    c * area,
                    channels * area,
                    channels,
                )
            }
            (Layer::Dense { units }, Shape::Vector(n)) => (vec![n, units], n, units, units),
            _ => {
                input = entry.output;
                continue;
            }
        };
        let values = init.draw(dims.iter().product(), fan_in, fan_out, seed, params.len());
        params.push(Param {
            name: format!("{idx}.weight"),
            var: Var::from_vec(values, dims, device)?,
            is_transposed: matches!(layer, Layer::Dense { .. }),
        });
        params.push(Param {
            name: format!("{idx}.bias"),
            var: Var::zeros(n_out, candle_core::DType::F32, device)?,
            is_transposed: false,
        });
        input = entry.output;
    }
    Ok(params)
}

fn square(kernel: usize, stride: usize, padding: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    }
}

fn activation(layer: Option<&Layer>) -> Option<Activation> {
    match layer? {
        Layer::Relu => Some(Activation::Relu),
        Layer::Sigmoid => Some(Activation::Sigmoid),
        Layer::Tanh => Some(Activation::Tanh),
        _ => None,
    }
}

/// The operations of the forward pass. With `fuse`, an activation joins the convolution or dense
/// layer before it, a max pool the convolution and activation before it, and flattening is left to
/// the dense layer that follows, which reads any shape: the backward pass then meets our own ops
/// only.
fn plan(layers: &[Layer], fuse: bool) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut n_params = 0;
    let mut idx = 0;
    while idx < layers.len() {
        let layer = layers[idx];
        idx += 1;
        // Takes the activation that follows into this op, if there is one.
        let mut joined = || match activation(layers.get(idx)) {
            Some(activation) if fuse => {
                idx += 1;
                activation
            }
            _ => Activation::Identity,
        };
        ops.push(match layer {
            Layer::Conv2d {
                kernel,
                stride,
                padding,
                ..
            } => {
                let activation = joined();
                let pool = match layers.get(idx) {
                    Some(&Layer::MaxPool2d { kernel, stride }) if fuse => {
                        idx += 1;
                        Some(square(kernel, stride, 0))
                    }
                    _ => None,
                };
                n_params += 2;
                let window = square(kernel, stride, padding);
                Op::Conv {
                    weight: n_params - 2,
                    window,
                    activation,
                    pool,
                }
            }
            Layer::Dense { .. } => {
                n_params += 2;
                Op::Dense {
                    weight: n_params - 2,
                    activation: joined(),
                }
            }
            Layer::MaxPool2d { kernel, stride } => Op::MaxPool(square(kernel, stride, 0)),
            Layer::AvgPool2d { kernel, stride } => Op::AvgPool(square(kernel, stride, 0)),
            Layer::Flatten if fuse && has_dense(&layers[idx..]) => continue,
            Layer::Flatten => Op::Flatten,
            Layer::Relu => Op::Activate(Activation::Relu),
            Layer::Sigmoid => Op::Activate(Activation::Sigmoid),
            Layer::Tanh => Op::Activate(Activation::Tanh),
            Layer::Dropout { rate } => Op::Dropout {
                rate,
                layer: idx - 1,
            },
        });
    }
    ops
}

fn has_dense(layers: &[Layer]) -> bool {
    layers.iter().any(|l| matches!(l, Layer::Dense { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PRESETS, preset};

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

    #[test]
    fn the_seed_decides_the_weights_and_a_later_layer_does_not() {
        let bits = |n: &Network| values(n.params()[0].var.as_tensor());
        assert_eq!(bits(&network("mlp", 1)), bits(&network("mlp", 1)));
        assert_ne!(bits(&network("mlp", 1)), bits(&network("mlp", 2)));
        assert_eq!(network("mlp", 1).params()[2].name, "3.weight");
        let mut longer = preset("mlp").unwrap().spec([1, 28, 28], 10);
        longer.layers.insert(3, Layer::Dense { units: 256 });
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
