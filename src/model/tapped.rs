//! The forward pass with a hook at one layer, as `register_forward_hook` of `nn.Module`.

use std::cell::RefCell;

use candle_core::{Result, Tensor, bail};

use super::layers::{Pass, Tap, Taps, plan};
use super::network::{Mode, Network};
use super::shape::Shape;

/// What one layer computed.
pub(crate) struct LayerTensors {
    /// Its output.
    pub output: Tensor,
    /// Tensors on the way to it: of a recurrent layer, the contributions of the rows to the gates
    /// in each direction, `[n · rows, gates · units]`; of a transformer encoder, the queries, keys
    /// and values of each block, `[n · tokens, 3 · width]`.
    pub inner: Vec<Tensor>,
}

impl Network {
    /// Runs the network in [`Mode::Eval`] without fusing anything, and calls `each` for every layer,
    /// in the order of [`ModelSpec::layer_names_inside_first`](super::ModelSpec).
    ///
    /// # Errors
    /// As [`Network::forward`], and errors of `each`.
    pub(crate) fn forward_layers(
        &self,
        images: &Tensor,
        each: impl Fn(LayerTensors) -> Result<()>,
    ) -> Result<()> {
        let inner = RefCell::new(Vec::new());
        let show = |x: &Tensor| {
            inner.borrow_mut().push(x.clone());
            Ok(())
        };
        let tap = |x: &Tensor| {
            each(LayerTensors {
                output: x.clone(),
                inner: inner.take(),
            })?;
            Ok(x.clone())
        };
        let pass = Pass {
            tap: Some(&tap),
            inner: Some(&show),
            ..Pass::new(self.params(), Mode::Eval)
        };
        self.run(images, &pass, Taps::Every)?;
        Ok(())
    }

    /// Like [`Network::forward`] in [`Mode::Eval`], but the layers after the one at `path` read
    /// what `tap` returns for its output. Of a patch embedding, that is the output of its
    /// convolution, `[n, width, rows, columns]`.
    ///
    /// # Errors
    /// As [`Network::forward`], and errors of `tap`.
    pub fn forward_tapped(&self, images: &Tensor, path: &[usize], tap: &Tap<'_>) -> Result<Tensor> {
        let pass = Pass {
            tap: Some(tap),
            ..Pass::new(self.params(), Mode::Eval)
        };
        self.run(images, &pass, Taps::At(path))
    }

    pub(super) fn run(&self, images: &Tensor, pass: &Pass<'_>, taps: Taps<'_>) -> Result<Tensor> {
        let spec = self.spec();
        let mut x = images.clone();
        for op in plan(&spec.layers, Shape::Image(spec.input), 0, false, 0, taps) {
            x = op.forward(&x, pass)?;
        }
        Ok(x)
    }
}

impl Network {
    /// The output of the layer at `path`, in [`Mode::Eval`]. Layers after it are not run, and those
    /// before it are fused, unless it is inside a block.
    ///
    /// # Errors
    /// As [`Network::forward`], and when there is no such layer.
    pub fn output_of(&self, images: &Tensor, path: &[usize]) -> Result<Tensor> {
        let layers = &self.spec().layers;
        if let [idx] = path
            && let Some(layers) = layers.get(..=*idx)
        {
            let pass = Pass::new(self.params(), Mode::Eval);
            let input = Shape::Image(self.spec().input);
            let mut x = images.clone();
            for op in plan(layers, input, 0, true, 0, Taps::None) {
                x = op.forward(&x, &pass)?;
            }
            return Ok(x);
        }
        let found = RefCell::new(None);
        self.forward_tapped(images, path, &|output| {
            found.replace(Some(output.clone()));
            Ok(output.clone())
        })?;
        match found.into_inner() {
            Some(output) => Ok(output),
            None => bail!("the network has no layer at {path:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Init, LayerName, PRESETS, preset};
    use candle_core::Device;

    fn images() -> Tensor {
        let values: Vec<f32> = (0..2 * 784).map(|i| (i % 97) as f32 / 96.0).collect();
        Tensor::from_vec(values, (2, 1, 28, 28), &Device::Cpu).unwrap()
    }

    fn network(name: &str) -> Network {
        let spec = preset(name).unwrap().spec([1, 28, 28], 10);
        Network::new(&spec, Init::HeUniform, 1, &Device::Cpu).unwrap()
    }

    /// The shape of the tapped output of a layer, and the logits.
    fn tapped(network: &Network, layer: &LayerName) -> (Vec<usize>, Tensor) {
        let found = RefCell::new(Vec::new());
        let tap = |x: &Tensor| {
            found.borrow_mut().extend_from_slice(x.dims());
            Ok(x.clone())
        };
        let logits = network.forward_tapped(&images(), &layer.path, &tap);
        (found.into_inner(), logits.unwrap())
    }

    #[test]
    fn a_tap_sees_each_layer_once_and_changes_nothing() {
        for preset in PRESETS {
            let network = network(preset.name).unfused();
            let expected = network.forward(&images(), Mode::Eval).unwrap();
            let mut outputs = Vec::new();
            network
                .forward_each(&images(), Mode::Eval, |x| {
                    outputs.push(x.dims().to_vec());
                    Ok(())
                })
                .unwrap();
            for layer in network.spec().layer_names() {
                let (shape, logits) = tapped(&network, &layer);
                let what = format!("{}: {}", preset.name, layer.name);
                let difference = (logits - &expected).unwrap().abs().unwrap();
                let difference = difference.max_all().unwrap().to_scalar::<f32>().unwrap();
                assert_eq!(difference, 0.0, "{what}");
                match layer.path.as_slice() {
                    [_] if layer.name == "patches1" => assert_eq!(shape, [2, 64, 7, 7]),
                    [idx] => assert_eq!(shape, outputs[*idx], "{what}"),
                    _ => assert_eq!(shape[0], 2, "{what}"),
                }
            }
        }
    }

    #[test]
    fn the_layers_after_it_read_what_the_tap_returns() {
        let network = network("resnet-small");
        let layers = network.spec().layers_matching("residual2.conv2").unwrap();
        let logits = |tap: &Tap<'_>| {
            let logits = network.forward_tapped(&images(), &layers[0].path, tap);
            logits.unwrap().flatten_all().unwrap().to_vec1::<f32>()
        };
        let plain = logits(&|x| Ok(x.clone())).unwrap();
        let doubled = logits(&|x| x * 2.0).unwrap();
        assert_ne!(plain, doubled);
    }

    #[test]
    fn the_output_of_a_layer_is_what_a_tap_sees() {
        for preset in PRESETS {
            let network = network(preset.name);
            for layer in network.spec().layer_names() {
                // A tap there sees the convolution.
                if layer.name == "patches1" {
                    continue;
                }
                let seen = RefCell::new(None);
                let tap = |x: &Tensor| {
                    seen.replace(Some(x.clone()));
                    Ok(x.clone())
                };
                let images = images();
                network.forward_tapped(&images, &layer.path, &tap).unwrap();
                let found = network.output_of(&images, &layer.path).unwrap();
                let expected = seen.into_inner().unwrap();
                let what = format!("{}: {}", preset.name, layer.name);
                assert_eq!(found.dims(), expected.dims(), "{what}");
                let difference = (found - expected).unwrap().abs().unwrap();
                let difference = difference.flatten_all().unwrap().max(0).unwrap();
                let difference = difference.to_scalar::<f32>().unwrap();
                assert!(difference < 1e-4, "{what}: {difference}");
            }
            assert!(network.output_of(&images(), &[99]).is_err());
        }
    }
}
