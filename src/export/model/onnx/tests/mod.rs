//! What is in the files, under which names, and what they compute. `.ci/onnx` runs them elsewhere.

mod int8;
mod outputs;
mod run;

use candle_core::Device;
use prost::Message;

use super::*;
use crate::model::{
    Conv2d, Dense, Gru, Init, Layer, Lstm, ModelSpec, Network, PRESETS, ParamKind, PatchEmbedding,
    Provenance, Residual, TokenChoice, TokenPool, TransformerEncoder,
};
use crate::onnx::{ModelProto, TensorProto, ValueInfoProto};

fn classifier(spec: &ModelSpec, temperature: Option<f64>) -> Classifier {
    Classifier {
        network: Network::new(spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: (0..spec.classes).map(|c| format!("class {c}")).collect(),
        provenance: Provenance {
            dataset: "bars".to_owned(),
            temperature,
            ..Provenance::default()
        },
    }
}

fn decoded(classifier: &Classifier, options: OnnxOptions) -> ModelProto {
    let bytes = onnx(classifier, options, Some("f1")).unwrap();
    ModelProto::decode(bytes.as_slice()).unwrap()
}

fn ops(graph: &GraphProto) -> Vec<&str> {
    graph
        .node
        .iter()
        .map(|n| n.op_type.as_deref().unwrap())
        .collect()
}

fn tensor<'g>(graph: &'g GraphProto, name: &str) -> &'g TensorProto {
    let found = graph
        .initializer
        .iter()
        .find(|t| t.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("there is no tensor {name}"))
}

fn floats(tensor: &TensorProto) -> Vec<f32> {
    let (words, rest) = tensor.raw_data.as_ref().unwrap().as_chunks();
    assert!(rest.is_empty());
    words.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

fn small(layers: Vec<Layer>) -> ModelSpec {
    ModelSpec {
        input: [2, 8, 8],
        classes: 3,
        layers,
    }
}

/// Each tensor is made once, before it is read, and every value comes from somewhere.
fn check_order(graph: &GraphProto) {
    let names = graph.initializer.iter().map(|t| t.name.clone().unwrap());
    let mut known: Vec<String> = names.chain([INPUT.to_owned()]).collect();
    for node in &graph.node {
        for input in &node.input {
            assert!(
                known.contains(input),
                "{input} of {:?} is not there yet",
                node.name
            );
        }
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            assert!(!known.contains(output), "{output} is there twice");
            known.push(output.clone());
        }
    }
    assert!(known.contains(&LOGITS.to_owned()) && known.contains(&PROBABILITIES.to_owned()));
    let mut names: Vec<_> = graph.node.iter().map(|n| n.name.clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), graph.node.len(), "two nodes have one name");
}

#[test]
fn every_preset_is_a_graph_in_order_with_all_weights_of_the_model_file() {
    for preset in PRESETS {
        let classifier = classifier(&preset.spec([1, 28, 28], 10), None);
        for opset in Opset::ALL {
            let options = OnnxOptions {
                opset,
                ..OnnxOptions::default()
            };
            let model = decoded(&classifier, options);
            let graph = model.graph.unwrap();
            check_order(&graph);
            let is_old = opset == Opset::V13;
            assert_eq!(
                model.opset_import[0].version,
                Some(i64::from(opset.number()))
            );
            assert!(
                !is_old || !ops(&graph).contains(&"LayerNormalization"),
                "{}",
                preset.name
            );
            for param in classifier.network.params() {
                let is_gate = ["lstm", "gru"].contains(&preset.name) && param.name.contains("_l0");
                if is_gate || param.kind == ParamKind::Count {
                    continue;
                }
                let tensor = tensor(&graph, &param.name);
                let dims: Vec<i64> = param.pytorch_dims().iter().map(|&n| n as i64).collect();
                assert_eq!(tensor.dims, dims, "{}", param.name);
                let values = param.to_pytorch().unwrap().flatten_all().unwrap();
                let values: Vec<f32> = values.to_vec1().unwrap();
                assert_eq!(floats(tensor), values, "{}: {}", preset.name, param.name);
            }
        }
    }
}

#[test]
fn input_and_outputs_have_types_and_an_open_batch() {
    let spec = small(vec![Layer::Flatten, Layer::Dense(Dense { units: 3 })]);
    let shape = |value: &ValueInfoProto| {
        let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
        let dims = &tensor.shape.as_ref().unwrap().dim;
        assert_eq!(dims[0].dim_param.as_deref(), Some("batch"));
        let fixed: Vec<i64> = dims[1..].iter().map(|d| d.dim_value.unwrap()).collect();
        (
            value.name.clone().unwrap(),
            tensor.elem_type.unwrap(),
            fixed,
        )
    };
    for (input, elem_type, first) in [
        (InputType::Uint8, data_type::UINT8, "Cast"),
        (InputType::F32, data_type::FLOAT, "Flatten"),
    ] {
        let options = OnnxOptions {
            input,
            ..OnnxOptions::default()
        };
        let graph = decoded(&classifier(&spec, None), options).graph.unwrap();
        assert_eq!(
            shape(&graph.input[0]),
            (INPUT.to_owned(), elem_type, vec![2, 8, 8])
        );
        for (output, name) in graph.output.iter().zip([LOGITS, PROBABILITIES]) {
            assert_eq!(shape(output), (name.to_owned(), data_type::FLOAT, vec![3]));
        }
        assert_eq!(ops(&graph)[0], first);
    }
}

#[test]
fn the_temperature_divides_the_logits_and_the_metadata_tells_the_model() {
    let spec = small(vec![Layer::Flatten, Layer::Dense(Dense { units: 3 })]);
    let model = decoded(&classifier(&spec, Some(1.5)), OnnxOptions::default());
    let graph = model.graph.as_ref().unwrap();
    let [.., division, softmax] = graph.node.as_slice() else {
        panic!("{:?}", ops(graph));
    };
    assert_eq!(division.input, [LOGITS, "temperature"]);
    assert_eq!(floats(tensor(graph, "temperature")), [1.5]);
    assert_eq!(softmax.input, division.output);
    let entry = |key: &str| {
        let found = model
            .metadata_props
            .iter()
            .find(|e| e.key.as_deref() == Some(key));
        found.map(|e| e.value.clone().unwrap())
    };
    let read: ModelSpec = serde_json::from_str(&entry("spec").unwrap()).unwrap();
    assert_eq!(read, spec);
    assert_eq!(
        entry("classes").unwrap(),
        r#"["class 0","class 1","class 2"]"#
    );
    assert_eq!(entry("dataset").as_deref(), Some("bars"));
    assert_eq!(entry("fingerprint").as_deref(), Some("f1"));
    assert_eq!(entry("temperature").as_deref(), Some("1.5"));
    assert_eq!(entry("test_accuracy"), None);
}

#[test]
fn gates_are_in_onnx_order_and_both_directions_are_there() {
    let units = 2;
    let mut lstm = Lstm::new(units);
    lstm.bidirectional = true;
    let spec = |layer| small(vec![layer, Layer::Dense(Dense { units: 3 })]);
    for (layer, gates, n_directions) in [
        (Layer::Lstm(lstm), &[0, 3, 1, 2][..], 2),
        (Layer::Gru(Gru::new(units)), &[1, 0, 2], 1),
    ] {
        let classifier = classifier(&spec(layer), None);
        let graph = decoded(&classifier, OnnxOptions::default()).graph.unwrap();
        check_order(&graph);
        let w = tensor(&graph, "0.W");
        let n_rows = (gates.len() * units) as i64;
        assert_eq!(w.dims, [n_directions, n_rows, 16]);
        let pytorch = classifier.network.params()[0].to_pytorch().unwrap();
        for (at, &gate) in gates.iter().enumerate() {
            let rows = pytorch.narrow(0, gate * units, units).unwrap();
            let rows: Vec<f32> = rows.flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(
                floats(w)[at * units * 16..][..units * 16],
                rows,
                "gate {gate}"
            );
        }
        let b = tensor(&graph, "0.B");
        assert_eq!(b.dims, [n_directions, 2 * n_rows]);
    }
}

#[test]
fn blocks_and_tokens_have_pytorchs_names() {
    let conv = |channels, stride| {
        Layer::Conv2d(Conv2d {
            stride,
            ..Conv2d::new(channels, 3, 1)
        })
    };
    let spec = small(vec![
        Layer::Residual(Residual {
            layers: vec![conv(4, 2), Layer::Gelu],
        }),
        Layer::PatchEmbedding(PatchEmbedding {
            patch: 2,
            width: 8,
            class_token: true,
        }),
        Layer::TransformerEncoder(TransformerEncoder {
            depth: 2,
            heads: 2,
            mlp_ratio: 2,
        }),
        Layer::TokenPool(TokenPool {
            take: TokenChoice::First,
        }),
        Layer::Dense(Dense { units: 3 }),
    ]);
    let graph = decoded(&classifier(&spec, None), OnnxOptions::default())
        .graph
        .unwrap();
    check_order(&graph);
    let node = |name: &str| {
        let found = graph.node.iter().find(|n| n.name.as_deref() == Some(name));
        found.unwrap_or_else(|| panic!("there is no node {name}"))
    };
    let conv = node("/0/body/0/Conv");
    assert_eq!(conv.input[1..], ["0.body.0.weight", "0.body.0.bias"]);
    assert_eq!(conv.doc_string.as_deref(), Some("residual1.conv1"));
    let shortcut = node("/0/shortcut/Conv");
    let strides = shortcut
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some("strides"));
    assert_eq!(strides.unwrap().ints, [2, 2]);
    let last = node("/2/layers/1/self_attn/out_proj/Gemm");
    assert_eq!(last.input[1], "2.layers.1.self_attn.out_proj.weight");
    assert_eq!(node("/4/Gemm").output, [LOGITS]);
}
