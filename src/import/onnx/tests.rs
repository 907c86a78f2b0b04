//! Graphs that claim, repeat or go in circles. Files of real exporters are in `tests/it/import.rs`.

use prost::Message as _;

use super::{Refusal, read};
use crate::model::Layer;
use crate::onnx::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, data_type,
};

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.to_owned()],
        name: Some(format!("{op} of {output}")),
        op_type: Some(op.to_owned()),
        ..NodeProto::default()
    }
}

fn file(nodes: Vec<NodeProto>, tensors: Vec<TensorProto>) -> Vec<u8> {
    let value =
        |name: &str, dims: &[usize]| ValueInfoProto::batch_of(name, data_type::FLOAT, dims, "");
    let graph = GraphProto {
        node: nodes,
        name: None,
        initializer: tensors,
        input: vec![value("x", &[1, 4, 4])],
        output: vec![value("y", &[3])],
    };
    let model = ModelProto {
        ir_version: Some(8),
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(Refusal::File(reason)) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Flatten and a dense layer, in the words of Gemm or of MatMul.
fn dense(op: &str, weight: &TensorProto) -> Vec<u8> {
    let nodes = vec![
        node("Flatten", &["x"], "flat"),
        node(op, &["flat", "w"], "y"),
    ];
    file(nodes, vec![weight.clone()])
}

#[test]
fn a_dense_layer_is_read_in_every_form_of_its_numbers() {
    let values: Vec<f32> = (0..48).map(|n| n as f32 / 8.0).collect();
    let raw = TensorProto::floats("w", &[16, 3], &values);
    let list = TensorProto {
        raw_data: None,
        float_data: values.clone(),
        ..raw.clone()
    };
    let doubles = TensorProto {
        data_type: Some(data_type::DOUBLE),
        raw_data: None,
        double_data: values.iter().map(|&v| v.into()).collect(),
        ..raw.clone()
    };
    for weight in [raw, list, doubles] {
        for op in ["Gemm", "MatMul"] {
            let opened = read(&dense(op, &weight)).unwrap();
            let network = opened.classifier.network;
            let found = network.params()[0].to_pytorch().unwrap().t().unwrap();
            let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
            assert_eq!(found, values, "{op}");
        }
    }
}

#[test]
fn what_is_hostile_is_refused_in_time() {
    let circle = vec![
        node("Relu", &["x"], "a"),
        node("Identity", &["a"], "b"),
        node("Relu", &["b"], "a"),
    ];
    let reason = refusal(&file(circle, Vec::new()));
    assert!(reason.contains("circle"), "{reason}");
    let deep = (0..6).flat_map(|n| {
        let [from, inside, to] = [
            format!("v{n}"),
            format!("w{}", n + 1),
            format!("v{}", n + 1),
        ];
        [
            node("Relu", &[&from], &to),
            node("Add", &[&from, &inside], &format!("w{n}")),
        ]
    });
    let reason = refusal(&file(
        [node("Relu", &["x"], "v0")]
            .into_iter()
            .chain(deep)
            .collect(),
        Vec::new(),
    ));
    assert!(reason.contains("its node "), "{reason}");
    let many = file(
        (0..10_001)
            .map(|n| node("Relu", &["x"], &n.to_string()))
            .collect(),
        Vec::new(),
    );
    assert!(refusal(&many).contains("10001 nodes"));
    let empty = [
        &[8, 8, 0x3a, 0x80, 0x89, 0x7a][..],
        &[10, 0].repeat(1_000_000),
    ]
    .concat();
    assert!(
        refusal(&empty).contains("more than 400000 entries"),
        "{}",
        refusal(&empty)
    );
}

#[test]
fn tensors_that_claim_or_are_cut_are_refused() {
    let weight = TensorProto::floats("w", &[16, 3], &[0.5; 48]);
    let claims = TensorProto {
        dims: vec![1 << 40, 1 << 40],
        ..weight.clone()
    };
    assert!(
        refusal(&dense("Gemm", &claims)).contains("its node `Gemm of y` (Gemm) has a weight `w`")
    );
    let elsewhere = TensorProto {
        raw_data: None,
        data_location: Some(1),
        ..weight.clone()
    };
    assert!(refusal(&dense("Gemm", &elsewhere)).contains("its tensor `w` are in another file"));
    let whole = dense("Gemm", &weight);
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn an_int8_file_is_refused_with_the_file_to_open() {
    let nodes = vec![
        node("DequantizeLinear", &["x", "scale"], "whole"),
        node("Flatten", &["whole"], "y"),
    ];
    let scale = TensorProto::floats("scale", &[1], &[0.5]);
    assert_eq!(
        refusal(&file(nodes, vec![scale])),
        "its node `DequantizeLinear of whole` (DequantizeLinear) belongs to an int8 model: open the \
         f32 file that it was made from"
    );
}

/// An RNN of two units over the rows of an image, as PyTorch's exporter writes it.
fn rows(activations: &[&str]) -> Vec<u8> {
    let attribute = |name: &str, value: AttributeProto| AttributeProto {
        name: Some(name.to_owned()),
        ..value
    };
    let ints = |name, ints: &[i64]| {
        let value = AttributeProto {
            ints: ints.to_vec(),
            ..AttributeProto::default()
        };
        attribute(name, value)
    };
    let strings = AttributeProto {
        strings: activations.iter().map(|a| a.as_bytes().to_vec()).collect(),
        ..AttributeProto::default()
    };
    let with = |node: NodeProto, attribute| NodeProto {
        attribute: vec![attribute],
        ..node
    };
    let mut cell = node("RNN", &["rows", "w", "r"], "all");
    cell.output.push("last".to_owned());
    let nodes = vec![
        with(
            node("Transpose", &["x"], "byrow"),
            ints("perm", &[2, 0, 1, 3]),
        ),
        node("Reshape", &["byrow", "dims"], "rows"),
        with(cell, attribute("activations", strings)),
        with(node("Squeeze", &["last"], "y"), ints("axes", &[0])),
    ];
    let dims = TensorProto {
        name: Some("dims".to_owned()),
        dims: vec![3],
        data_type: Some(data_type::INT64),
        int64_data: vec![4, -1, 4],
        ..TensorProto::default()
    };
    let tensors = vec![
        dims,
        TensorProto::floats("w", &[1, 3, 4], &[0.5; 12]),
        TensorProto::floats("r", &[1, 3, 3], &[0.25; 9]),
    ];
    file(nodes, tensors)
}

#[test]
fn activations_that_are_the_cells_own_are_read() {
    let opened = read(&rows(&["Tanh"])).unwrap();
    assert!(matches!(
        opened.classifier.network.spec().layers[..],
        [Layer::Rnn(_)]
    ));
    let reason = refusal(&rows(&["Relu"]));
    assert!(
        reason.ends_with("(RNN) has the activations Relu, which no layer here has"),
        "{reason}"
    );
}
