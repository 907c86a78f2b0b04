//! The file of an int8 twin computes what the twin does, in the form that runtimes fuse.

use candle_core::{DType, Device, Tensor};

use super::outputs::every_layer;
use super::run::run;
use super::*;
use crate::model::Mode;

fn pixels() -> Tensor {
    let pixels: Vec<u8> = (0..20 * 784_u32).map(|i| (i * i % 251) as u8).collect();
    Tensor::from_vec(pixels, (20, 1, 28, 28), &Device::Cpu).unwrap()
}

fn check(name: &str, spec: &ModelSpec) {
    let original = classifier(spec, None);
    let pixels = pixels();
    let images = (pixels.to_dtype(DType::F32).unwrap() / 255.0).unwrap();
    let train = Mode::Train { seed: 1, step: 0 };
    original.network.forward(&images, train).unwrap();
    let twin = original.int8_twin(&images).unwrap();
    let expected = twin.network.forward(&images, Mode::Eval).unwrap();
    for (opset, input, image) in [
        (Opset::V17, InputType::Uint8, &pixels),
        (Opset::V13, InputType::F32, &images),
    ] {
        let graph = decoded(&twin, OnnxOptions { opset, input }).graph.unwrap();
        check_order(&graph);
        let values = run(&graph, image);
        let errors = (&values[LOGITS] - &expected).unwrap().abs().unwrap();
        let errors: Vec<f32> = errors.flatten_all().unwrap().to_vec1().unwrap();
        let most = expected.abs().unwrap().max_all().unwrap();
        let most = most.to_scalar::<f32>().unwrap();
        // The order of a sum decides to which side a value in the middle is rounded.
        let largest = errors.iter().fold(0.0_f32, |max, &e| max.max(e));
        let mean = errors.iter().sum::<f32>() / errors.len() as f32;
        assert!(
            largest < 0.02 * most && mean < 0.005 * most,
            "{name}: {largest} and {mean} of {most}"
        );
    }
}

#[test]
fn the_file_of_a_twin_computes_what_the_twin_does() {
    for preset in PRESETS {
        check(preset.name, &preset.spec([1, 28, 28], 10));
    }
    for (name, layers) in every_layer() {
        let spec = ModelSpec {
            input: [1, 28, 28],
            classes: 10,
            layers,
        };
        check(&name, &spec);
    }
}

#[test]
fn every_product_of_a_plain_network_reads_and_gives_bytes() {
    let preset = PRESETS.iter().find(|p| p.name == "deep-cnn").unwrap();
    let images = (pixels().to_dtype(DType::F32).unwrap() / 255.0).unwrap();
    let original = classifier(&preset.spec([1, 28, 28], 10), None);
    let twin = original.int8_twin(&images).unwrap();
    let graph = decoded(&twin, OnnxOptions::default()).graph.unwrap();
    let made_by = |name: &String| {
        let node = graph.node.iter().find(|node| node.output.contains(name));
        node.map_or("", |node| node.op_type.as_deref().unwrap())
    };
    let is_product =
        |node: &&crate::onnx::NodeProto| matches!(node.op_type.as_deref(), Some("Conv" | "Gemm"));
    let mut n = 0;
    for node in graph.node.iter().filter(is_product) {
        let sources: Vec<&str> = node.input.iter().map(made_by).collect();
        // A pool between only moves them.
        assert!(
            ["DequantizeLinear", "MaxPool"].contains(&sources[0]),
            "{sources:?}"
        );
        assert_eq!(sources[1..], ["DequantizeLinear"; 2], "{:?}", node.name);
        n += 1;
    }
    assert!(n > 3);
    let is_float = |t: &&TensorProto| t.data_type == Some(data_type::FLOAT);
    let largest = graph
        .initializer
        .iter()
        .filter(is_float)
        .map(|t| t.raw_data.as_ref().unwrap().len());
    assert!(largest.max().unwrap() <= 4 * 1024);
    let props = decoded(&twin, OnnxOptions::default()).metadata_props;
    assert!(
        props
            .iter()
            .any(|p| p.key.as_deref() == Some("quantization"))
    );
}
