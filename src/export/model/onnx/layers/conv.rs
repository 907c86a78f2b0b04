//! Convolution and pooling. ONNX keeps filters as PyTorch does: `[out, in / groups, h, w]`.

use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::attribute::{Attribute, Value};
use crate::export::model::onnx::graph::{Graph, Place};
use crate::model::Conv2d;

/// `[n, c, h, w]` → `[n, channels, h', w']`.
pub(super) fn conv(
    graph: &mut Graph<'_>,
    place: &Place,
    layer: &Conv2d,
    x: &str,
) -> Result<String, OnnxError> {
    let weight = graph.weight(place, "weight")?;
    let bias = graph.bias(place, ["weight", "bias"], x)?;
    let mut attributes = window(layer.kernel, layer.stride);
    attributes.push(("pads", Value::Ints(vec![layer.padding as i64; 4])));
    attributes.push(("group", Value::Int(layer.groups as i64)));
    Ok(graph.node(place, "Conv", &[x, &weight, &bias], attributes))
}

/// `MaxPool` or `AveragePool`, without padding.
pub(super) fn pool(
    graph: &mut Graph<'_>,
    place: &Place,
    op: &str,
    [kernel, stride]: [usize; 2],
    x: &str,
) -> String {
    graph.node(place, op, &[x], window(kernel, stride))
}

/// `[n, c, h, w]` → `[n, c]`.
pub(super) fn global_pool(graph: &mut Graph<'_>, place: &Place, x: &str) -> String {
    let means = graph.node(place, "GlobalAveragePool", &[x], Vec::new());
    super::dense::flatten(graph, place, &means)
}

/// The attributes of a square window.
pub(super) fn window(kernel: usize, stride: usize) -> Vec<Attribute> {
    vec![
        ("kernel_shape", Value::square(kernel)),
        ("strides", Value::square(stride)),
    ]
}
