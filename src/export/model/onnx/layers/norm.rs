//! Normalization. Batch norm stays a node of its own: folded into the layer before it, names and
//! weights would no longer be PyTorch's.

use crate::export::model::onnx::attribute::Value;
use crate::export::model::onnx::graph::{Graph, Place};
use crate::export::model::onnx::{OnnxError, Opset};
use crate::model::{NORM_EPSILON, Shape};

/// `[n, c, h, w]` or `[n, c]` → the same, by the running estimates.
pub(super) fn batch_norm(
    graph: &mut Graph<'_>,
    place: &Place,
    x: &str,
) -> Result<String, OnnxError> {
    let mut inputs = vec![x.to_owned()];
    for name in ["weight", "bias", "running_mean", "running_var"] {
        inputs.push(graph.weight(place, name)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let epsilon = vec![("epsilon", Value::Float(NORM_EPSILON))];
    Ok(graph.node(place, "BatchNormalization", &inputs, epsilon))
}

/// Any shape → the same: each sample, or each token of a sequence, by its own mean and variance.
///
/// * `input`: the shape of one sample; a token is a [`Shape::Vector`]
pub(super) fn layer_norm(
    graph: &mut Graph<'_>,
    place: &Place,
    input: Shape,
    x: &str,
) -> Result<String, OnnxError> {
    let weight = graph.weight(place, "weight")?;
    let bias = graph.weight(place, "bias")?;
    let axes = match input {
        Shape::Image(_) => vec![-3, -2, -1],
        Shape::Sequence(_) | Shape::Vector(_) => vec![-1],
    };
    if graph.opset() == Opset::V13 {
        let normalized = standardized(graph, place, axes, x);
        let scaled = graph.node(place, "Mul", &[&normalized, &weight], Vec::new());
        return Ok(graph.node(place, "Add", &[&scaled, &bias], Vec::new()));
    }
    let attributes = vec![
        ("axis", Value::Int(axes[0])),
        ("epsilon", Value::Float(NORM_EPSILON)),
    ];
    let inputs = [x, &weight, &bias];
    Ok(graph.node(place, "LayerNormalization", &inputs, attributes))
}

/// (x − mean) / √(variance + ε) over `axes`, in operators that opset 13 has.
fn standardized(graph: &mut Graph<'_>, place: &Place, axes: Vec<i64>, x: &str) -> String {
    let mean = |graph: &mut Graph<'_>, x: &str| {
        let attributes = vec![
            ("axes", Value::Ints(axes.clone())),
            ("keepdims", Value::Int(1)),
        ];
        graph.node(place, "ReduceMean", &[x], attributes)
    };
    let center = mean(graph, x);
    let centered = graph.node(place, "Sub", &[x, &center], Vec::new());
    let squares = graph.node(place, "Mul", &[&centered, &centered], Vec::new());
    let variance = mean(graph, &squares);
    let epsilon = graph.number(place, "epsilon", NORM_EPSILON);
    let variance = graph.node(place, "Add", &[&variance, &epsilon], Vec::new());
    let deviation = graph.node(place, "Sqrt", &[&variance], Vec::new());
    graph.node(place, "Div", &[&centered, &deviation], Vec::new())
}
