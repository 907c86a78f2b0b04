//! A model as an ONNX file: preprocessing, network, temperature and softmax in one graph.
//!
//! * input `image`: `[batch, channels, height, width]`, pixels from 0 to 255, or f32 from 0 to 1
//! * outputs `logits` and `probabilities`: `[batch, classes]`
//!
//! Weights have PyTorch's names and layouts wherever the operator reads those, and nodes the names
//! that PyTorch's exporter would give them; our name of the layer is in their `doc_string`.

mod attribute;
mod graph;
mod int8;
mod layers;
mod metadata;
#[cfg(test)]
mod tests;

use prost::Message;

use crate::model::{Classifier, Shape};
pub(super) use crate::onnx::TensorProto;
use crate::onnx::{GraphProto, ModelProto, OperatorSetIdProto, ValueInfoProto, data_type};
use attribute::Value;
use graph::{Graph, Place};

/// The name of the input.
pub(super) const INPUT: &str = "image";

/// The name of the first output.
pub(super) const LOGITS: &str = "logits";

/// The name of the second output.
pub(super) const PROBABILITIES: &str = "probabilities";

/// Why a model could not become an ONNX file.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The network lacks a parameter of one of its layers.
    #[error("the network has no parameter `{0}`")]
    Missing(String),
    /// A layer does not fit its input.
    #[error("the layer {0} does not fit the one before it")]
    Misfit(String),
    /// Candle cannot copy the weights.
    #[error("the weights could not be copied: {0}")]
    Candle(#[from] candle_core::Error),
}

/// The version of ONNX's operators that a file uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opset {
    /// Of 2020, for old runtimes: layer norm is spelled out.
    V13,
    /// Of 2022.
    #[default]
    V17,
}

impl Opset {
    /// Both.
    pub const ALL: [Opset; 2] = [Opset::V17, Opset::V13];

    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Opset::V13 => 13,
            Opset::V17 => 17,
        }
    }

    /// Its number on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Opset::V13 => "13",
            Opset::V17 => "17",
        }
    }

    /// The version of the file format that came with it.
    fn ir_version(self) -> i64 {
        match self {
            Opset::V13 => 7,
            Opset::V17 => 8,
        }
    }
}

/// What the input of a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputType {
    /// Pixels from 0 to 255; the graph divides them.
    #[default]
    Uint8,
    /// Values from 0 to 1.
    F32,
}

impl InputType {
    /// Both.
    pub const ALL: [InputType; 2] = [InputType::Uint8, InputType::F32];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            InputType::Uint8 => "uint8",
            InputType::F32 => "f32",
        }
    }

    /// ONNX's number of the type.
    pub(super) fn data_type(self) -> i32 {
        match self {
            InputType::Uint8 => data_type::UINT8,
            InputType::F32 => data_type::FLOAT,
        }
    }

    fn about(self) -> &'static str {
        match self {
            InputType::Uint8 => "pixels from 0 to 255, bright ink on black",
            InputType::F32 => "pixels divided by 255, bright ink on black",
        }
    }
}

/// How an ONNX file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnnxOptions {
    /// The version of the operators.
    pub opset: Opset,
    /// What the input holds.
    pub input: InputType,
}

/// Returns the bytes of an ONNX file.
///
/// * `fingerprint`: that of the training data, if it is known
///
/// # Errors
/// When candle cannot copy the weights.
pub fn onnx(
    classifier: &Classifier,
    options: OnnxOptions,
    fingerprint: Option<&str>,
) -> Result<Vec<u8>, OnnxError> {
    let opset = OperatorSetIdProto {
        domain: Some(String::new()),
        version: Some(options.opset.number().into()),
    };
    let model = ModelProto {
        ir_version: Some(options.opset.ir_version()),
        producer_name: Some("Candle Studio".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(metadata::summary(classifier)),
        graph: Some(whole_graph(classifier, options)?),
        opset_import: vec![opset],
        metadata_props: metadata::entries(classifier, options, fingerprint),
    };
    Ok(model.encode_to_vec())
}

fn whole_graph(classifier: &Classifier, options: OnnxOptions) -> Result<GraphProto, OnnxError> {
    let spec = classifier.network.spec();
    let around = Place {
        module: String::new(),
        layer: String::new(),
    };
    let mut graph = Graph::new(&classifier.network, options.opset);
    let image = match (graph.int8, options.input) {
        (Some(_), input) => graph.byte_image(&around, input),
        (None, InputType::F32) => INPUT.to_owned(),
        (None, InputType::Uint8) => unit_values(&mut graph, &around),
    };
    let input = Shape::Image(spec.input);
    let logits = layers::sequence(
        &mut graph,
        &spec.layers,
        &layers::Block::whole(input),
        image,
    )?;
    graph.rename(&logits, LOGITS);
    let scaled = match classifier.provenance.temperature {
        None => LOGITS.to_owned(),
        Some(temperature) => {
            let t = graph.number(&around, "temperature", temperature as f32);
            graph.node(&around, "Div", &[LOGITS, &t], Vec::new())
        }
    };
    let axis = vec![("axis", Value::Int(-1))];
    let probabilities = graph.node(&around, "Softmax", &[&scaled], axis);
    graph.rename(&probabilities, PROBABILITIES);
    let output = |name: &str, about: &str| {
        ValueInfoProto::batch_of(name, data_type::FLOAT, &[spec.classes], about)
    };
    let (node, initializer) = graph.into_parts();
    Ok(GraphProto {
        node,
        name: Some("candle_studio".to_owned()),
        initializer,
        input: vec![ValueInfoProto::batch_of(
            INPUT,
            options.input.data_type(),
            &spec.input,
            options.input.about(),
        )],
        output: vec![
            output(LOGITS, "one per class, in the order of `classes`"),
            output(
                PROBABILITIES,
                "the softmax of the logits at the temperature, if there is one",
            ),
        ],
    })
}

/// The pixels as values from 0 to 1.
fn unit_values(graph: &mut Graph<'_>, around: &Place) -> String {
    let to = vec![("to", Value::Int(data_type::FLOAT.into()))];
    let pixels = graph.node(around, "Cast", &[INPUT], to);
    let divisor = graph.number(around, "divide_by", 255.0);
    graph.node(around, "Div", &[&pixels, &divisor], Vec::new())
}
