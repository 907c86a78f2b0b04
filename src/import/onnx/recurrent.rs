//! Recurrent layers, and their weights: ONNX keeps all gates of both directions in one tensor each: `W`,
//! `R` and `B`, with the gates in another order than PyTorch.

use super::chain::{View, Walk};
use super::graph::{Graph, attribute, int, word};
use super::ops::{is_zero, optional, weight};
use crate::import::weight::Weight;
use crate::model::{Gru, Layer, Lstm, Rnn, Shape};
use crate::onnx::NodeProto;

/// A kind of cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rnn,
    Lstm,
    Gru,
}

impl Kind {
    /// That of a tensor `R` `[directions, gates · units, units]`.
    pub fn of_rows(state: &Weight) -> Option<Kind> {
        let &[_, rows, units] = state.dims.as_slice() else {
            return None;
        };
        [Kind::Rnn, Kind::Gru, Kind::Lstm]
            .into_iter()
            .find(|kind| units.checked_mul(kind.gates().len()) == Some(rows))
    }

    /// For each gate in PyTorch's order, its place in ONNX's.
    ///
    /// LSTM: i f g o and i o f c; GRU: r z n and z r h.
    fn gates(self) -> &'static [usize] {
        match self {
            Kind::Rnn => &[0],
            Kind::Lstm => &[0, 2, 3, 1],
            Kind::Gru => &[1, 0, 2],
        }
    }

    /// The activations of a node, separated by commas, if they are not those of the cell. Exporters
    /// that write them at all repeat ONNX's defaults, for each direction.
    fn other_activations(self, node: &NodeProto, is_both: bool) -> Option<String> {
        let own: &[&str] = match self {
            Kind::Rnn => &["Tanh"],
            Kind::Lstm => &["Sigmoid", "Tanh", "Tanh"],
            Kind::Gru => &["Sigmoid", "Tanh"],
        };
        let found = attribute(node, "activations")?.strings.iter();
        let found: Vec<_> = found.map(|name| String::from_utf8_lossy(name)).collect();
        let is_own = found.is_empty() || found == own.repeat(1 + usize::from(is_both));
        (!is_own).then(|| found.join(", "))
    }

    /// Rows, gate by gate, in PyTorch's order.
    fn pytorch(self, values: &[f32]) -> Vec<f32> {
        let n = values.len() / self.gates().len();
        let gate = |&gate: &usize| &values[gate * n..(gate + 1) * n];
        self.gates().iter().flat_map(gate).copied().collect()
    }
}

/// A parameter of one direction in PyTorch's names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    tensor: &'static str,
    is_reverse: bool,
    /// Whether it is the second half of `B`.
    is_second: bool,
}

impl Part {
    /// All parameters of one direction, with PyTorch's names.
    pub fn all(is_reverse: bool) -> Vec<(&'static str, Part)> {
        let names = match is_reverse {
            false => ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
            true => [
                "weight_ih_l0_reverse",
                "weight_hh_l0_reverse",
                "bias_ih_l0_reverse",
                "bias_hh_l0_reverse",
            ],
        };
        let parts = [("W", false), ("R", false), ("B", false), ("B", true)];
        let part = |(tensor, is_second)| Part {
            tensor,
            is_reverse,
            is_second,
        };
        names.into_iter().zip(parts.map(part)).collect()
    }

    /// The parameter that PyTorch calls `name`.
    pub fn named(name: &str) -> Option<Part> {
        let all = Part::all(false).into_iter().chain(Part::all(true));
        all.into_iter()
            .find(|(own, _)| *own == name)
            .map(|(_, part)| part)
    }

    /// The name of the tensor it is in.
    pub fn tensor(self) -> &'static str {
        self.tensor
    }

    /// Its values in PyTorch's order, of the tensor it is in.
    pub fn of(self, kind: Kind, tensor: &Weight) -> Option<Vec<f32>> {
        let n_directions = *tensor.dims.first()?;
        let n = tensor.values.len().checked_div(n_directions)?;
        let start = n * usize::from(self.is_reverse);
        let own = tensor.values.get(start..start + n)?;
        let own = match self.tensor {
            "B" => own
                .chunks(n.div_ceil(2).max(1))
                .nth(usize::from(self.is_second))?,
            _ => own,
        };
        (own.len() % kind.gates().len() == 0).then(|| kind.pytorch(own))
    }
}

/// Takes a recurrent layer, up to its last state; returns the value of that.
///
/// # Errors
/// When it does something else than ours.
pub(super) fn layer<'g>(walk: &mut Walk<'g>, idx: usize) -> Result<&'g str, String> {
    if walk.view != View::RowsFirst {
        return Err("does not read the rows of an image".to_owned());
    }
    let kind = match walk.graph.op(idx) {
        "RNN" => Kind::Rnn,
        "LSTM" => Kind::Lstm,
        _ => Kind::Gru,
    };
    let bidirectional = check(walk.graph, idx, kind)?;
    let (units, weights) = weights(walk.graph, idx, kind, bidirectional)?;
    let layer = match kind {
        Kind::Rnn => Layer::Rnn(Rnn {
            units,
            bidirectional,
        }),
        Kind::Lstm => Layer::Lstm(Lstm {
            units,
            bidirectional,
        }),
        Kind::Gru => Layer::Gru(Gru {
            units,
            bidirectional,
        }),
    };
    let value = last_state(walk, idx, bidirectional)?;
    walk.chain.push(layer, weights)?;
    walk.view = View::Same;
    Ok(value)
}

/// Checks that a node computes what our layer does; returns whether it has both directions.
fn check(graph: &Graph<'_>, idx: usize, kind: Kind) -> Result<bool, String> {
    let node = graph.node(idx);
    if kind == Kind::Gru && int(node, "linear_before_reset", 0) != 1 {
        return Err(
            "applies its reset gate before the product (linear_before_reset = 0)".to_owned(),
        );
    }
    let is_both = match word(node, "direction").as_str() {
        "" | "forward" => false,
        "bidirectional" => true,
        other => return Err(format!("reads in the direction {other}")),
    };
    if let Some(other) = kind.other_activations(node, is_both) {
        return Err(format!(
            "has the activations {other}, which no layer here has"
        ));
    }
    let odd = ["activation_alpha", "activation_beta", "clip"];
    let odd = odd.iter().find(|name| attribute(node, name).is_some());
    let set = ["layout", "input_forget"];
    let set = set.iter().find(|name| int(node, name, 0) != 0);
    if let Some(odd) = odd.or(set) {
        return Err(format!("has {odd}, which no layer here has"));
    }
    let mut states = node.input.iter().skip(4).filter(|name| !name.is_empty());
    if !states.all(|name| is_zero(graph, name)) {
        return Err("begins with a state that is not zero".to_owned());
    }
    Ok(is_both)
}

/// Weights with PyTorch's names.
type Named = Vec<(&'static str, Weight)>;

/// The units of a layer, and its weights by PyTorch's names.
fn weights(
    graph: &Graph<'_>,
    idx: usize,
    kind: Kind,
    is_both: bool,
) -> Result<(usize, Named), String> {
    let (input, state) = (weight(graph, idx, 1)?, weight(graph, idx, 2)?);
    let units = state.dims.get(2).copied().unwrap_or(0);
    if Kind::of_rows(&state) != Some(kind) {
        return Err(format!("has a weight of shape {:?}", state.dims));
    }
    let n_directions = 1 + usize::from(is_both);
    let bias = optional(graph, idx, 3)?;
    let bias = Weight {
        dims: vec![n_directions],
        values: bias.unwrap_or_else(|| vec![0.0; 2 * state.values.len() / units.max(1)]),
    };
    let directions = [false, true].into_iter().take(n_directions);
    let found = directions.flat_map(Part::all).map(|(name, part)| {
        let (tensor, columns) = match part.tensor() {
            "W" => (&input, input.dims.last().copied()),
            "R" => (&state, state.dims.last().copied()),
            _ => (&bias, None),
        };
        let values = part.of(kind, tensor).ok_or("has weights of odd sizes")?;
        let dims = match columns {
            Some(columns) => vec![values.len() / columns.max(1), columns],
            None => vec![values.len()],
        };
        Ok((name, Weight { dims, values }))
    });
    Ok((units, found.collect::<Result<_, String>>()?))
}

/// The value that is the last state, as a list per image.
fn last_state<'g>(walk: &Walk<'g>, idx: usize, is_both: bool) -> Result<&'g str, String> {
    let graph = walk.graph;
    let all = || "passes on more than its last state".to_owned();
    let (states, last) = (graph.output(idx, 0), graph.output(idx, 1));
    let has_readers = |value: &str| !value.is_empty() && !graph.consumers(value).is_empty();
    let is_last = has_readers(last);
    if is_last == has_readers(states) {
        return Err(all());
    }
    let n_steps = match walk.chain.output() {
        Shape::Image([_, height, _]) => height as i64,
        _ => 0,
    };
    let mut value = if is_last { last } else { states };
    let mut is_taken = is_last;
    let mut is_turned = false;
    while let Some(next) = graph.consumer(value) {
        let node = graph.node(next);
        match graph.op(next) {
            "Squeeze" | "Reshape" | "Flatten" | "Identity" => {}
            "Transpose" => is_turned = true,
            "Gather" => {
                let at = node.input.get(1).and_then(|name| graph.ints(name));
                let at = at.and_then(|at| at.first().copied()).ok_or_else(all)?;
                if !is_last && at != -1 && at != n_steps - 1 {
                    return Err(all());
                }
                is_taken = true;
            }
            _ => break,
        }
        graph.step()?;
        value = graph.output(next, 0);
    }
    // Both directions have to lie side by side for each image, which only the last states do.
    match is_taken && (!is_both || is_last && is_turned) {
        true => Ok(value),
        false => Err(all()),
    }
}
