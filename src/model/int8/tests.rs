//! What an int8 twin computes, and what it keeps as it is.

use candle_core::Device;

use super::*;
use crate::model::{Init, ModelSpec, PRESETS, preset};

fn images(n: usize) -> Tensor {
    let pixel = |i: usize| ((i * i / 7 + i) % 256) as f32 / 255.0;
    let values: Vec<f32> = (0..n * 784).map(pixel).collect();
    Tensor::from_vec(values, (n, 1, 28, 28), &Device::Cpu).unwrap()
}

fn network(name: &str) -> Network {
    let spec = preset(name).unwrap().spec([1, 28, 28], 10);
    Network::new(&spec, Init::HeUniform, 5, &Device::Cpu).unwrap()
}

fn logits(network: &Network, images: &Tensor) -> Vec<f32> {
    let logits = network.forward(images, Mode::Eval).unwrap();
    logits.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn the_twin_of_every_preset_answers_nearly_the_same() {
    let images = images(24);
    for preset in PRESETS {
        let network = network(preset.name);
        let twin = network.int8_twin(&images).unwrap();
        let (ours, rounded) = (logits(&network, &images), logits(&twin, &images));
        assert_ne!(ours, rounded, "{}", preset.name);
        let largest = ours.iter().fold(0.0_f32, |max, v| max.max(v.abs()));
        for (a, b) in ours.iter().zip(&rounded) {
            assert!((a - b).abs() < 0.15 * largest, "{}: {a} {b}", preset.name);
        }
    }
}

#[test]
fn the_network_it_is_made_of_does_not_change() {
    let (network, images) = (network("resnet-small"), images(6));
    let before = logits(&network, &images);
    network.int8_twin(&images).unwrap();
    assert_eq!(logits(&network, &images), before);
}

#[test]
fn what_is_rounded_lies_on_its_grid() {
    let images = images(12);
    let twin = network("keras-cnn").int8_twin(&images).unwrap();
    let int8 = twin.int8().unwrap();
    // The convolution and the first dense layer are rounded after their ReLU; the logits are not.
    let n_rounded = int8.outputs().iter().flatten().count();
    assert_eq!(
        (int8.outputs().len(), n_rounded),
        (twin.spec().layers.len(), 2)
    );
    assert_eq!(int8.outputs().last(), Some(&None));
    assert_eq!(int8.n_images(), 12);
    let first = int8.outputs()[1].unwrap();
    assert_eq!(first.zero_point, 0);
    for param in twin.params() {
        let values = param.to_pytorch().unwrap().flatten_all().unwrap();
        let is_rounded = int8.weights(&param.name).is_some();
        assert_eq!(is_rounded, param.name.ends_with("weight"), "{}", param.name);
        if let Some(weights) = int8.weights(&param.name) {
            assert_eq!(values.to_vec1::<f32>().unwrap(), weights.values());
        }
    }
}

#[test]
fn gates_and_tokens_keep_their_precision() {
    let twin = network("lstm").int8_twin(&images(4)).unwrap();
    let int8 = twin.int8().unwrap();
    let is_kept = |param: &&Param| int8.weights(&param.name).is_none();
    let kept: Vec<_> = twin
        .params()
        .iter()
        .filter(is_kept)
        .map(|p| &p.name)
        .collect();
    assert!(
        kept.iter().any(|name| name.contains("weight_hh_l0")),
        "{kept:?}"
    );
    let vit = network("vit-tiny").int8_twin(&images(4)).unwrap();
    let layers = vit.spec().layers.iter().zip(vit.int8().unwrap().outputs());
    for (layer, grid) in layers {
        if matches!(
            layer,
            Layer::PatchEmbedding(_) | Layer::TransformerEncoder(_)
        ) {
            assert_eq!(*grid, None);
        }
    }
}

#[test]
fn a_network_that_diverged_has_no_twin() {
    let network = network("mlp");
    let weight = &network.params()[0];
    let values = weight.to_pytorch().unwrap();
    let nan = (values.zeros_like().unwrap() / 0.0).unwrap();
    weight.set_from_pytorch(&nan).unwrap();
    let error = network.int8_twin(&images(2)).unwrap_err().to_string();
    assert!(error.contains("not finite"), "{error}");
    let spec = ModelSpec {
        input: [3, 8, 8],
        ..network.spec().clone()
    };
    assert!(
        Network::new(&spec, Init::HeUniform, 1, &Device::Cpu)
            .unwrap()
            .int8_twin(&images(2))
            .is_err()
    );
}
