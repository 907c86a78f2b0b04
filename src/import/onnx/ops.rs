//! One node as one layer, or as another view of the same values.

use super::chain::{View, Walk};
use super::graph::{Graph, attribute, float, int, ints, word};
use super::{constant, recurrent, view, window};
use crate::import::weight::{NormWeights, PointConv, Weight};
use crate::model::{Layer, LeakyRelu, NORM_EPSILON, Shape};

/// Takes the node at `idx`, which alone reads the value of the walk.
///
/// # Errors
/// One sentence with the node and its operator.
pub(super) fn node(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let graph = walk.graph;
    let named = |reason: String| match reason.starts_with("its node") {
        true => reason,
        false => graph.wrong(idx, &reason),
    };
    if walk.pixels.is_some() && scaled(walk, idx).map_err(named)? {
        walk.value = graph.output(idx, 0);
        return Ok(());
    }
    taken(walk, idx).map_err(named)
}

fn taken(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    if node.input.first().map(String::as_str) != Some(walk.value) {
        return Err("reads the images, or a layer's output, as its weights".to_owned());
    }
    let mut value = graph.output(idx, 0);
    match graph.op(idx) {
        "Identity" | "Dropout" | "Cast" => {}
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" | "Transpose" | "Gather" => {
            view::viewed(walk, idx)?;
        }
        "GlobalAveragePool" | "ReduceMean" => view::averaged(walk, idx)?,
        op => {
            walk.begin()?;
            match op {
                "Conv" => value = window::conv(walk, idx)?,
                "MaxPool" | "AveragePool" => window::pool(walk, idx)?,
                "Gemm" | "MatMul" => value = dense(walk, idx)?,
                "BatchNormalization" => batch_norm(walk, idx)?,
                "LayerNormalization" => layer_norm(walk, idx)?,
                "RNN" | "LSTM" | "GRU" => value = recurrent::layer(walk, idx)?,
                _ => walk.chain.plain(activation(graph, idx)?)?,
            }
        }
    }
    walk.value = value;
    Ok(())
}

/// The activation that a node is.
fn activation(graph: &Graph<'_>, idx: usize) -> Result<Layer, String> {
    let node = graph.node(idx);
    Ok(match graph.op(idx) {
        "Relu" => Layer::Relu,
        "Sigmoid" => Layer::Sigmoid,
        "Tanh" => Layer::Tanh,
        "LeakyRelu" => Layer::LeakyRelu(LeakyRelu {
            slope: float(node, "alpha", 0.01),
        }),
        "Gelu" if word(node, "approximate") != "tanh" => Layer::Gelu,
        "QuantizeLinear" | "DequantizeLinear" => {
            return Err(
                "belongs to an int8 model: open the f32 file that it was made from".to_owned(),
            );
        }
        _ => return Err("is no layer that this program has".to_owned()),
    })
}

/// Whether the node at `idx` prepares the pixels: a type, a factor, a sum.
fn scaled(walk: &mut Walk<'_>, idx: usize) -> Result<bool, String> {
    let graph = walk.graph;
    let op = graph.op(idx);
    if op == "Cast" {
        return Ok(true);
    }
    let (true, Some(other)) = (
        ["Div", "Mul", "Sub", "Add"].contains(&op),
        graph.other(idx, walk.value),
    ) else {
        return Ok(false);
    };
    let values = graph
        .weight(other)
        .ok_or("reads two values that are computed")??;
    let is_first = graph.node(idx).input.first().map(String::as_str) == Some(walk.value);
    if !is_first && ["Div", "Sub"].contains(&op) {
        return Err("divides by the pixels or subtracts them".to_owned());
    }
    let values: Vec<f64> = values.values.iter().map(|&v| v.into()).collect();
    let each = |f: fn(f64) -> f64| values.iter().map(|&v| f(v)).collect::<Vec<f64>>();
    let (scale, shift) = match op {
        "Div" => (each(|v| 1.0 / v), vec![0.0]),
        "Mul" => (values, vec![0.0]),
        "Sub" => (vec![1.0], each(|v| -v)),
        _ => (vec![1.0], values),
    };
    match &mut walk.pixels {
        Some(pixels) => pixels.apply(&scale, &shift).map(|()| true),
        None => Ok(false),
    }
}

/// A constant input of a node as floats.
pub(super) fn weight(graph: &Graph<'_>, idx: usize, input: usize) -> Result<Weight, String> {
    let name = graph
        .node(idx)
        .input
        .get(input)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| format!("lacks its input {input}"))?;
    let found = graph.weight(name);
    found
        .ok_or_else(|| format!("computes its weight `{name}`"))?
        .map_err(|reason| format!("has a weight `{name}` with {reason}"))
}

/// A constant input that may be left out.
pub(super) fn optional(
    graph: &Graph<'_>,
    idx: usize,
    input: usize,
) -> Result<Option<Vec<f32>>, String> {
    match graph.node(idx).input.get(input) {
        Some(name) if !name.is_empty() => Ok(Some(weight(graph, idx, input)?.values)),
        _ => Ok(None),
    }
}

/// The bias that the node after `idx` adds, of `n` values, and the value it gives.
pub(super) fn added<'g>(graph: &Graph<'g>, idx: usize, n: usize) -> (Option<Vec<f32>>, &'g str) {
    let value = graph.output(idx, 0);
    let bias = || {
        let sum = graph.consumer(value)?;
        let weight = graph.weight(graph.other(sum, value)?)?.ok()?;
        let is_bias = graph.op(sum) == "Add" && weight.values.len() == n;
        is_bias.then(|| (weight.values, graph.output(sum, 0)))
    };
    match bias() {
        Some((bias, value)) => (Some(bias), value),
        None => (None, value),
    }
}

/// `Gemm`, or `MatMul` with the sum after it. Returns the value it gives.
fn dense<'g>(walk: &mut Walk<'g>, idx: usize) -> Result<&'g str, String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    if walk.view == View::Flat {
        walk.chain.flatten(false)?;
        walk.view = View::Same;
    }
    if walk.view != View::Same {
        return Err("multiplies an image, not a list of values".to_owned());
    }
    let weight = weight(graph, idx, 1)?;
    let is_gemm = graph.op(idx) == "Gemm";
    let is_plain = float(node, "alpha", 1.0) == 1.0
        && float(node, "beta", 1.0) == 1.0
        && int(node, "transA", 0) == 0;
    if !is_plain {
        return Err("has factors or transposes its input".to_owned());
    }
    let is_transposed = is_gemm && int(node, "transB", 0) == 1;
    let weight = if is_transposed {
        weight
    } else {
        weight.transposed()?
    };
    let units = weight.dims.first().copied().unwrap_or(0);
    let (bias, value) = match is_gemm {
        true => (optional(graph, idx, 2)?, graph.output(idx, 0)),
        false => added(graph, idx, units),
    };
    // One number for all.
    let bias = bias.map(|bias| match *bias {
        [one] => vec![one; units],
        _ => bias,
    });
    walk.chain.dense(weight, bias)?;
    Ok(value)
}

/// The numbers of a batch norm.
fn norm(graph: &Graph<'_>, idx: usize) -> Result<NormWeights, String> {
    let values = |input| Ok::<_, String>(weight(graph, idx, input)?.values);
    Ok(NormWeights {
        weight: values(1)?,
        bias: values(2)?,
        mean: values(3)?,
        variance: values(4)?,
        epsilon: float(graph.node(idx), "epsilon", 1e-5).into(),
    })
}

fn batch_norm(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    if walk.view != View::Same {
        return Err("normalizes the columns of channels-last images".to_owned());
    }
    walk.chain.batch_norm(norm(walk.graph, idx)?)
}

fn layer_norm(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    let epsilon = float(node, "epsilon", 1e-5);
    if (epsilon / NORM_EPSILON - 1.0).abs() > 1e-3 {
        return Err(format!(
            "has an epsilon of {epsilon}, that of layer norm here is 1e-5"
        ));
    }
    let weight = weight(graph, idx, 1)?;
    let dims = match walk.chain.output() {
        Shape::Image(chw) => chw.to_vec(),
        Shape::Sequence([_, width]) => vec![width],
        Shape::Vector(n) => vec![n],
    };
    if walk.view != View::Same || weight.dims != dims {
        return Err(format!(
            "normalizes over {:?}, layer norm here over {dims:?}",
            weight.dims
        ));
    }
    let bias = optional(graph, idx, 2)?;
    let bias = bias.unwrap_or_else(|| vec![0.0; weight.values.len()]);
    let bias = Weight { dims, values: bias };
    walk.chain
        .push(Layer::LayerNorm, vec![("weight", weight), ("bias", bias)])
}

/// The 1×1 convolution around a block, with a batch norm folded in: its weight, bias and stride; and
/// the value it gives.
pub(super) fn shortcut_conv<'g>(graph: &Graph<'g>, idx: usize) -> Option<(PointConv, &'g str)> {
    let node = graph.node(idx);
    let stride = ints(node, "strides")
        .and_then(|s| s.first().copied())
        .unwrap_or(1);
    let is_even = ints(node, "strides").is_none_or(|s| s.iter().all(|&n| n == stride));
    let is_bare = ints(node, "pads").is_none_or(|pads| pads.iter().all(|&pad| pad == 0))
        && int(node, "group", 1) == 1;
    if graph.op(idx) != "Conv" || !is_even || !is_bare {
        return None;
    }
    let mut kernel = weight(graph, idx, 1).ok()?;
    let &[channels, _, 1, 1] = kernel.dims.as_slice() else {
        return None;
    };
    let bias = optional(graph, idx, 2).ok()?;
    let mut bias = bias.unwrap_or_else(|| vec![0.0; channels]);
    let mut value = graph.output(idx, 0);
    let next = graph.consumer(value)?;
    if graph.op(next) == "BatchNormalization" {
        norm(graph, next).ok()?.fold_into(&mut kernel, &mut bias)?;
        value = graph.output(next, 0);
    }
    Some(((kernel, bias, usize::try_from(stride).ok()?), value))
}

/// Whether a value is zeros: an initial state, which is made for as many images as there are.
pub(super) fn is_zero(graph: &Graph<'_>, name: &str) -> bool {
    const MAX_MADE: usize = 4;
    let all_zero = |weight: Weight| weight.values.iter().all(|&v| v == 0.0);
    let mut name = name;
    for _ in 0..MAX_MADE {
        if let Some(weight) = graph.weight(name) {
            return weight.is_ok_and(all_zero);
        }
        let Some(idx) = graph.producer(name) else {
            return false;
        };
        let node = graph.node(idx);
        match (graph.op(idx), node.input.first()) {
            // Without a value it is zeros.
            ("ConstantOfShape", _) => {
                let value = attribute(node, "value").and_then(|a| a.t.as_ref());
                return value.is_none_or(|t| constant::weight(t).is_ok_and(all_zero));
            }
            ("Expand" | "Slice", Some(of)) => name = of,
            _ => return false,
        }
    }
    false
}
