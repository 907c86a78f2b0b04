//! Fine-tuning: layers whose weights do not change, and learning rates per layer.
//!
//! Frozen weights are not differentiated, and a frozen batch norm keeps its running estimates. The
//! layers in front of the first that changes always compute the same for an image: they can be run
//! once per image, see [`Network::features`].

use std::collections::BTreeMap;

use candle_core::{Result, Tensor};

use super::layers::{Pass, Taps, blueprints, plan};
use super::names::NoSuchLayer;
use super::network::{Mode, Network};
use super::param::WeightLayout;
use super::shape::Shape;
use super::spec::{Layer, ModelSpec};
use super::tail::Tail;

/// Stands for all layers but the last one with weights.
const BODY: &str = "body";

/// Stands for the last layer with weights.
const HEAD: &str = "head";

/// The layers that are frozen, and factors of the learning rate, by names of layers: see
/// [`ModelSpec::layers_matching`], and `body` and `head`.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// Layers whose weights do not change.
    pub frozen: &'a [String],
    /// Factors of the learning rate. Those of several names for one layer are multiplied.
    pub lr_scale: &'a BTreeMap<String, f64>,
}

impl ModelSpec {
    /// The index of the last layer with weights.
    pub fn head(&self) -> Option<usize> {
        let (blueprints, _) = blueprints(&self.layers, Shape::Image(self.input));
        blueprints.iter().rposition(|b| b.n_parameters() > 0)
    }

    /// Which parameters, in the order of [`Network::params`], belong to the layers called `name`.
    ///
    /// # Errors
    /// When no layer is called so.
    pub fn params_matching(&self, name: &str) -> std::result::Result<Vec<bool>, NoSuchLayer> {
        let is_head = |param: &str| {
            let head = self.head().unwrap_or_default();
            param.starts_with(&format!("{head}."))
        };
        let shapes = self.param_shapes().unwrap_or_default();
        let names = shapes.iter().map(|shape| shape.name.as_str());
        if name == HEAD || name == BODY {
            return Ok(names
                .map(|param| is_head(param) == (name == HEAD))
                .collect());
        }
        let layers = self.layers_matching(name)?;
        let prefixes: Vec<String> = layers
            .iter()
            .map(|layer| {
                let path: Vec<String> = layer.path.iter().map(usize::to_string).collect();
                format!("{}.", path.join(".body."))
            })
            .collect();
        let belongs = |param: &str| prefixes.iter().any(|prefix| param.starts_with(prefix));
        Ok(names.map(belongs).collect())
    }
}

impl Network {
    /// Freezes layers, and sets the factors of the learning rate of others.
    ///
    /// # Errors
    /// When a name matches no layer.
    pub fn with_groups(mut self, groups: Groups<'_>) -> std::result::Result<Network, NoSuchLayer> {
        for name in groups.frozen {
            let frozen = self.spec.params_matching(name)?;
            let params = self.params.iter_mut().zip(frozen);
            params.for_each(|(param, is_frozen)| param.is_frozen |= is_frozen);
        }
        for (name, factor) in groups.lr_scale {
            let scaled = self.spec.params_matching(name)?;
            let params = self
                .params
                .iter_mut()
                .zip(scaled)
                .filter(|(_, is_scaled)| *is_scaled);
            params.for_each(|(param, _)| param.lr_scale *= factor);
        }
        self.plan_tail();
        Ok(self)
    }

    /// Plans the network from the first layer on that changes.
    pub(super) fn plan_tail(&mut self) {
        self.tail = (0..self.n_fixed_layers() + 1)
            .rev()
            .find_map(|n_layers| self.tail_after(n_layers));
    }

    /// The number of layers at the beginning that always compute the same for an image; 0 if none of
    /// them has weights.
    fn n_fixed_layers(&self) -> usize {
        let is_frozen = |layer: usize| {
            let prefix = format!("{layer}.");
            let mut own = self.params.iter().filter(|p| p.name.starts_with(&prefix));
            own.all(|param| param.is_frozen)
        };
        let layers = self.spec.layers.iter().enumerate();
        let n = layers
            .take_while(|(idx, layer)| is_frozen(*idx) && !is_random(layer))
            .count();
        let has_weights = self.params.first().is_some_and(|param| param.is_frozen);
        if has_weights { n } else { 0 }
    }

    /// The network after `n_layers`; `None` if its weights lie as only the whole network reads them.
    fn tail_after(&self, n_layers: usize) -> Option<Tail> {
        let layers = &self.spec.layers;
        let input = Shape::Image(self.spec.input);
        let (whole, _) = blueprints(layers, input);
        let shape = whole.get(n_layers.checked_sub(1)?)?.output;
        let first_param = whole[..n_layers].iter().map(|b| b.params.len()).sum();
        let (alone, _) = blueprints(&layers[n_layers..], shape);
        let mut channels = None;
        for (idx, (alone, whole)) in alone.iter().zip(&whole[n_layers..]).enumerate() {
            for (alone, whole) in alone.params.iter().zip(&whole.params) {
                match whole.layout {
                    layout if layout == alone.layout => {}
                    WeightLayout::ChannelsLastRows { channels: n } if idx == 0 => {
                        channels = Some(n);
                    }
                    _ => return None,
                }
            }
        }
        let part = |layers, input, first, stream| {
            plan(layers, input, first, self.is_fused, stream, Taps::None)
        };
        Some(Tail {
            n_layers,
            before: part(&layers[..n_layers], input, 0, 0),
            ops: part(&layers[n_layers..], shape, first_param, n_layers as u64),
            channels,
            n_values: shape.n_values(),
        })
    }

    /// Values per image of [`Network::features`]; `None` if every layer with weights changes.
    pub fn n_features(&self) -> Option<usize> {
        self.tail.as_ref().map(|tail| tail.n_values)
    }

    /// The number of layers whose output [`Network::features`] is.
    pub fn n_feature_layers(&self) -> usize {
        self.tail.as_ref().map_or(0, |tail| tail.n_layers)
    }

    /// Images `[n, channels, height, width]` → the input of the first layer that changes, or that is
    /// random. The images themselves if every layer with weights changes.
    ///
    /// # Errors
    /// When the shape of the images is not the spec's input.
    pub fn features(&self, images: &Tensor) -> Result<Tensor> {
        let Some(tail) = &self.tail else {
            return Ok(images.clone());
        };
        let pass = Pass::new(&self.params, Mode::Eval);
        let mut x = images.clone();
        for op in &tail.before {
            x = op.forward(&x, &pass)?;
        }
        match tail.channels {
            Some(channels) => {
                let n = x.dim(0)?;
                let by_channel = x.reshape((n, channels, ()))?;
                by_channel.transpose(1, 2)?.contiguous()?.reshape((n, ()))
            }
            None => Ok(x),
        }
    }

    /// What [`Network::features`] returned → logits `[n, classes]`.
    ///
    /// # Errors
    /// When they have another shape.
    pub fn forward_features(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        let Some(tail) = &self.tail else {
            return self.forward(features, mode);
        };
        let pass = Pass::new(&self.params, mode);
        let mut x = features.clone();
        for op in &tail.ops {
            x = op.forward(&x, &pass)?;
        }
        Ok(x)
    }
}

/// Whether the layer draws random numbers while training.
fn is_random(layer: &Layer) -> bool {
    matches!(layer, Layer::Dropout(_) | Layer::Dropout2d(_)) || layer.inside().iter().any(is_random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Init, PRESETS, preset};
    use candle_core::Device;

    fn network(name: &str, frozen: &[&str], lr_scale: &[(&str, f64)]) -> Network {
        let spec = preset(name).unwrap().spec([1, 28, 28], 10);
        let network = Network::new(&spec, Init::HeUniform, 1, &Device::Cpu).unwrap();
        let frozen: Vec<String> = frozen.iter().map(|&name| name.to_owned()).collect();
        let lr_scale = lr_scale
            .iter()
            .map(|(name, x)| ((*name).to_owned(), *x))
            .collect();
        let groups = Groups {
            frozen: &frozen,
            lr_scale: &lr_scale,
        };
        network.with_groups(groups).unwrap()
    }

    fn names(network: &Network, is_wanted: impl Fn(&crate::model::Param) -> bool) -> Vec<&str> {
        let wanted = network.params().iter().filter(|p| is_wanted(p));
        wanted.map(|p| p.name.as_str()).collect()
    }

    #[test]
    fn names_find_their_parameters_also_inside_blocks() {
        let found = network("lenet-5", &["conv*"], &[("head", 0.5), ("dense*", 0.5)]);
        assert_eq!(
            names(&found, |p| p.is_frozen),
            ["0.weight", "0.bias", "3.weight", "3.bias"]
        );
        assert_eq!(names(&found, |p| p.lr_scale == 0.25).len(), 2);
        let spec = preset("resnet-small").unwrap().spec([1, 28, 28], 10);
        let inner = spec.params_matching("residual2.conv1").unwrap();
        assert_eq!(inner.iter().filter(|is| **is).count(), 2);
        let body = spec.params_matching("body").unwrap();
        let head = spec.params_matching("head").unwrap();
        assert!(body.iter().zip(&head).all(|(body, head)| body != head));
        let error = spec.params_matching("convv*").unwrap_err().to_string();
        assert!(
            error.contains("`convv*`") && error.contains("conv1"),
            "{error}"
        );
    }

    #[test]
    fn features_and_the_rest_are_the_whole_network() {
        let values: Vec<f32> = (0..3 * 784).map(|i| (i % 97) as f32 / 96.0).collect();
        let images = Tensor::from_vec(values, (3, 1, 28, 28), &Device::Cpu).unwrap();
        for preset in PRESETS {
            let network = network(preset.name, &["body"], &[]);
            let whole = network.forward(&images, Mode::Eval).unwrap();
            let features = network.features(&images).unwrap();
            if preset.name != "softmax" {
                assert_eq!(features.elem_count(), 3 * network.n_features().unwrap());
            }
            let parts = network.forward_features(&features, Mode::Eval).unwrap();
            let difference = (whole - parts).unwrap().abs().unwrap().max_all().unwrap();
            let difference = difference.to_scalar::<f32>().unwrap();
            assert!(difference < 1e-4, "{}: {difference}", preset.name);
        }
        assert_eq!(network("lenet-5", &["conv2"], &[]).n_features(), None);
        // The pixels that the first dense layer reads, after the frozen convolutions.
        assert_eq!(
            network("keras-cnn", &["conv*"], &[]).n_feature_layers() % 2,
            0
        );
    }
}
