//! Layers that are several nodes: GELU and SiLU, which read their input more than once.

use super::graph::Graph;
use crate::model::Layer;

/// The layer that begins at `value`, and the value it gives.
pub(super) fn activation<'g>(graph: &Graph<'g>, value: &'g str) -> Option<(Layer, &'g str)> {
    silu(graph, value).or_else(|| gelu(graph, value))
}

/// x · σ(x)
fn silu<'g>(graph: &Graph<'g>, value: &'g str) -> Option<(Layer, &'g str)> {
    let readers = graph.consumers(value);
    let sigmoid = readers
        .iter()
        .copied()
        .find(|&idx| graph.op(idx) == "Sigmoid")?;
    let product = readers
        .iter()
        .copied()
        .find(|&idx| graph.op(idx) == "Mul")?;
    let is_whole = readers.len() == 2
        && graph.other(product, value) == Some(graph.output(sigmoid, 0))
        && graph.consumer(graph.output(sigmoid, 0)) == Some(product);
    is_whole.then(|| (Layer::Silu, graph.output(product, 0)))
}

/// x · (1 + erf(x / √2)) / 2, its three factors in any order.
fn gelu<'g>(graph: &Graph<'g>, value: &'g str) -> Option<(Layer, &'g str)> {
    let readers = graph.consumers(value);
    if readers.len() != 2 {
        return None;
    }
    let scaled = |idx: usize| {
        let by = number(graph, graph.other(idx, value)?)?;
        let root = match graph.op(idx) {
            "Div" => by,
            "Mul" => 1.0 / by,
            _ => return None,
        };
        let is_root = (root - std::f32::consts::SQRT_2).abs() < 1e-4;
        let erf = graph.consumer(graph.output(idx, 0))?;
        (is_root && graph.op(erf) == "Erf").then_some(erf)
    };
    let erf = readers.iter().find_map(|&idx| scaled(idx))?;
    let sum = graph.consumer(graph.output(erf, 0))?;
    let is_one = |name| number(graph, name) == Some(1.0);
    if graph.op(sum) != "Add" || !is_one(graph.other(sum, graph.output(erf, 0))?) {
        return None;
    }
    // The products that follow: with x, with ½, or with ½ · x.
    let mut product = graph.output(sum, 0);
    let (mut has_x, mut has_half) = (false, false);
    for _ in 0..2 {
        if has_x && has_half {
            break;
        }
        let idx = graph.consumer(product)?;
        let other = graph.other(idx, product)?;
        match graph.op(idx) {
            "Mul" if other == value => has_x = true,
            "Mul" if number(graph, other) == Some(0.5) => has_half = true,
            "Mul" if is_half_of(graph, other, value) => (has_x, has_half) = (true, true),
            _ => return None,
        }
        product = graph.output(idx, 0);
    }
    (has_x && has_half).then_some((Layer::Gelu, product))
}

fn is_half_of(graph: &Graph<'_>, name: &str, value: &str) -> bool {
    let half = || {
        let idx = graph.producer(name)?;
        let by = number(graph, graph.other(idx, value)?)?;
        Some(graph.op(idx) == "Mul" && by == 0.5)
    };
    half().unwrap_or(false)
}

/// A constant of one value.
pub(super) fn number(graph: &Graph<'_>, name: &str) -> Option<f32> {
    let weight = graph.weight(name)?.ok()?;
    match *weight.values {
        [value] => Some(value),
        _ => None,
    }
}
