//! What a file computes, run with candle's own operators, against the network.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};

use super::run::run;
use super::{classifier, decoded};
use crate::export::model::onnx::{InputType, LOGITS, OnnxOptions, Opset, PROBABILITIES};
use crate::model::{Layer, Mode, ModelSpec, PRESETS, probabilities};

/// Networks of every kind of layer, which `.ci/exported.py` reads, too.
pub(super) fn every_layer() -> BTreeMap<String, Vec<Layer>> {
    let json = include_str!("../../../../../tests/fixtures/every_layer.json");
    serde_json::from_str(json).unwrap()
}

fn kinds(layers: &[Layer]) -> Vec<&'static str> {
    let inside = |layer: &Layer| [vec![layer.label()], kinds(layer.inside())].concat();
    layers.iter().flat_map(inside).collect()
}

#[test]
fn the_networks_of_the_checks_use_every_kind_of_layer() {
    let networks = every_layer();
    let used: Vec<&str> = networks.values().flat_map(|layers| kinds(layers)).collect();
    for layer in Layer::kinds() {
        assert!(used.contains(&layer.label()), "{layer:?}");
    }
}

/// Runs a model of `spec` as ONNX, with every opset and input, and compares.
fn check_outputs(name: &str, spec: &ModelSpec) {
    let classifier = classifier(spec, Some(1.7));
    let pixels: Vec<u8> = (0..3 * 784_u32).map(|i| (i * i % 251) as u8).collect();
    let pixels = Tensor::from_vec(pixels, (3, 1, 28, 28), &Device::Cpu).unwrap();
    let images = (pixels.to_dtype(DType::F32).unwrap() / 255.0).unwrap();
    // So that running estimates are of images.
    let train = Mode::Train { seed: 1, step: 0 };
    classifier.network.forward(&images, train).unwrap();
    let logits = classifier.network.forward(&images, Mode::Eval).unwrap();
    let expected = [
        (LOGITS, logits.clone()),
        (PROBABILITIES, probabilities(&logits, Some(1.7)).unwrap()),
    ];
    for (opset, input) in [
        (Opset::V17, InputType::Uint8),
        (Opset::V17, InputType::F32),
        (Opset::V13, InputType::Uint8),
    ] {
        let graph = decoded(&classifier, OnnxOptions { opset, input })
            .graph
            .unwrap();
        let image = match input {
            InputType::Uint8 => &pixels,
            InputType::F32 => &images,
        };
        let values = run(&graph, image);
        for (output, expected) in &expected {
            let most = expected.abs().unwrap().max_all().unwrap();
            let most = most.to_scalar::<f32>().unwrap().max(1.0);
            let error = (&values[*output] - expected).unwrap().abs().unwrap();
            let error = error.max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(
                error <= 1e-5 * most,
                "{name}, {opset:?}, {input:?}: {output} off by {error}"
            );
        }
    }
}

#[test]
fn a_file_computes_what_the_network_does() {
    for preset in PRESETS {
        check_outputs(preset.name, &preset.spec([1, 28, 28], 10));
    }
    for (name, layers) in every_layer() {
        let spec = ModelSpec {
            input: [1, 28, 28],
            classes: 10,
            layers,
        };
        check_outputs(&name, &spec);
    }
}
