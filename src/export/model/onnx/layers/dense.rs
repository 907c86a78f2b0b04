//! Flatten and the dense layer, which reads PyTorch's `[out, in]`.

use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::attribute::Value;
use crate::export::model::onnx::graph::{Graph, Place};

/// `[n, …]` → `[n, values]`, channels first.
pub(super) fn flatten(graph: &mut Graph<'_>, place: &Place, x: &str) -> String {
    graph.node(place, "Flatten", &[x], vec![("axis", Value::Int(1))])
}

/// `[n, in]` → `[n, out]`, by a weight and a bias of these names.
pub(super) fn dense(
    graph: &mut Graph<'_>,
    place: &Place,
    [weight, bias]: [&str; 2],
    x: &str,
) -> Result<String, OnnxError> {
    let bias = graph.bias(place, [weight, bias], x)?;
    let weight = graph.weight(place, weight)?;
    let transposed = vec![("transB", Value::Int(1))];
    Ok(graph.node(place, "Gemm", &[x, &weight, &bias], transposed))
}
