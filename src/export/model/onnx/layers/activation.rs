//! Activations that are no single operator, or have a number.

use crate::export::model::onnx::attribute::Value;
use crate::export::model::onnx::graph::{Graph, Place};

/// x above 0, `slope` · x below.
pub(super) fn leaky_relu(graph: &mut Graph<'_>, place: &Place, slope: f32, x: &str) -> String {
    let alpha = vec![("alpha", Value::Float(slope))];
    graph.node(place, "LeakyRelu", &[x], alpha)
}

/// x · (1 + erf(x / √2)) / 2, the exact form; an operator of its own only from opset 20 on.
pub(super) fn gelu(graph: &mut Graph<'_>, place: &Place, x: &str) -> String {
    let root = graph.number(place, "sqrt_2", std::f32::consts::SQRT_2);
    let one = graph.number(place, "one", 1.0);
    let half = graph.number(place, "half", 0.5);
    let scaled = graph.node(place, "Div", &[x, &root], Vec::new());
    let erf = graph.node(place, "Erf", &[&scaled], Vec::new());
    let share = graph.node(place, "Add", &[&erf, &one], Vec::new());
    let twice = graph.node(place, "Mul", &[x, &share], Vec::new());
    graph.node(place, "Mul", &[&twice, &half], Vec::new())
}

/// x · σ(x)
pub(super) fn silu(graph: &mut Graph<'_>, place: &Place, x: &str) -> String {
    let sigmoid = graph.node(place, "Sigmoid", &[x], Vec::new());
    graph.node(place, "Mul", &[x, &sigmoid], Vec::new())
}
