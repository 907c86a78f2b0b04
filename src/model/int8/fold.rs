//! A network without batch norms: those after a convolution or a dense layer become part of it.

use std::collections::BTreeMap;

use crate::kernels;
use crate::model::layers::EPSILON;
use crate::model::network::Network;
use crate::model::spec::{Layer, ModelSpec};

/// Where the parameters of a layer come from, by the beginnings of their names.
struct Moved {
    old: String,
    new: String,
    /// The batch norm that its weights are to include.
    norm: Option<String>,
}

/// The same network without the batch norms that follow a convolution or a dense layer: it computes
/// the same but for rounding.
///
/// # Errors
/// When candle cannot copy the weights.
pub(super) fn fold(network: &Network) -> Result<Network, String> {
    let mut moved = Vec::new();
    let old = network.spec();
    let layers = without_norms(&old.layers, ["", ""], &mut moved);
    let spec = ModelSpec {
        layers,
        ..old.clone()
    };
    let params = network.params().iter();
    let mut values = BTreeMap::new();
    for param in params {
        let tensor = param.to_pytorch().map_err(|error| error.to_string())?;
        values.insert(param.name.as_str(), tensor);
    }
    Network::with_values(&spec, |shape| {
        let fits = |moved: &&Moved| shape.name.starts_with(&moved.new);
        let found = moved.iter().filter(fits).max_by_key(|m| m.new.len());
        let missing = || format!("the network has no parameter `{}`", shape.name);
        let found = found.ok_or_else(missing)?;
        let rest = &shape.name[found.new.len()..];
        let get = |prefix: &str, rest: &str| {
            let name = format!("{prefix}{rest}");
            values.get(name.as_str()).cloned().ok_or_else(missing)
        };
        let value = get(&found.old, rest)?;
        let Some(norm) = &found.norm else {
            return Ok(value);
        };
        let [weight, bias] = ["weight", "bias"].map(|name| get(&found.old, name));
        let norm = ["weight", "bias", "running_mean", "running_var"].map(|name| get(norm, name));
        let [scale, shift, mean, variance] = norm;
        let norm = [&scale?, &shift?, &mean?, &variance?];
        let folded = kernels::fold_batch_norm([&weight?, &bias?], norm, EPSILON);
        let [weight, bias] = folded.map_err(|error| error.to_string())?;
        Ok(match rest {
            "weight" => weight,
            _ => bias,
        })
    })
}

/// The layers that are left, and where their parameters come from.
fn without_norms(layers: &[Layer], [old, new]: [&str; 2], moved: &mut Vec<Moved>) -> Vec<Layer> {
    let mut left: Vec<Layer> = Vec::new();
    // The entry of the layer before, if it can include a batch norm.
    let mut before: Option<usize> = None;
    for (idx, layer) in layers.iter().enumerate() {
        let old = format!("{old}{idx}.");
        if let (Layer::BatchNorm, Some(entry)) = (layer, before.take()) {
            moved[entry].norm = Some(old);
            continue;
        }
        let new = format!("{new}{}.", left.len());
        let mut layer = layer.clone();
        if let Some(inside) = layer.inside_mut() {
            let prefixes = [format!("{old}body."), format!("{new}body.")];
            *inside = without_norms(inside, prefixes.each_ref().map(String::as_str), moved);
        }
        moved.push(Moved {
            old,
            new,
            norm: None,
        });
        before = matches!(layer, Layer::Conv2d(_) | Layer::Dense(_)).then(|| moved.len() - 1);
        left.push(layer);
    }
    left
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::model::{Conv2d, Dense, Init, Mode, PRESETS, Residual};

    fn trained(spec: &ModelSpec) -> Network {
        let network = Network::new(spec, Init::HeUniform, 3, &Device::Cpu).unwrap();
        // A pass of training moves the running estimates.
        let train = Mode::Train { seed: 1, step: 0 };
        network.forward(&images(spec), train).unwrap();
        network
    }

    fn images(spec: &ModelSpec) -> Tensor {
        let [c, h, w] = spec.input;
        let values: Vec<f32> = (0..6 * c * h * w).map(|i| (i % 89) as f32 / 88.0).collect();
        Tensor::from_vec(values, (6, c, h, w), &Device::Cpu).unwrap()
    }

    fn check(spec: &ModelSpec, n_norms: usize) {
        let network = trained(spec);
        let folded = fold(&network).unwrap();
        let logits = |n: &Network| n.forward(&images(spec), Mode::Eval).unwrap();
        // A fused network folds them, too.
        let network = network.unfused();
        let difference = (logits(&network) - logits(&folded)).unwrap().abs().unwrap();
        let difference = difference.max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(difference < 1e-4, "{difference}");
        let text = serde_json::to_string(folded.spec()).unwrap();
        assert_eq!(text.matches("batch_norm").count(), n_norms);
    }

    #[test]
    fn a_network_computes_the_same_without_its_batch_norms() {
        for preset in PRESETS {
            check(&preset.spec([1, 28, 28], 10), 0);
        }
    }

    #[test]
    fn a_batch_norm_behind_anything_else_stays() {
        let conv = || Layer::Conv2d(Conv2d::new(4, 3, 1));
        let inside = vec![
            conv(),
            Layer::BatchNorm,
            Layer::Relu,
            Layer::BatchNorm,
            conv(),
        ];
        let spec = ModelSpec {
            input: [2, 8, 8],
            classes: 3,
            layers: vec![
                Layer::BatchNorm,
                Layer::Residual(Residual { layers: inside }),
                Layer::Flatten,
                Layer::Dense(Dense { units: 3 }),
                Layer::BatchNorm,
            ],
        };
        check(&spec, 2);
    }
}
