//! Recurrent layers. PyTorch and ONNX stack the gates of a weight in different orders: LSTM
//! i f g o and i o f c, GRU r z n and z r h.

use super::Step;
use crate::export::model::onnx::OnnxError;
use crate::export::model::onnx::attribute::{Attribute, Value};
use crate::export::model::onnx::graph::Graph;
use crate::model::Shape;

/// A kind of cell, and how large it is.
pub(super) struct Options {
    op: &'static str,
    /// PyTorch's gates in ONNX's order.
    gates: &'static [usize],
    units: usize,
    bidirectional: bool,
}

impl Options {
    pub fn rnn(units: usize, bidirectional: bool) -> Options {
        Options {
            op: "RNN",
            gates: &[0],
            units,
            bidirectional,
        }
    }

    pub fn lstm(units: usize, bidirectional: bool) -> Options {
        Options {
            op: "LSTM",
            gates: &[0, 3, 1, 2],
            units,
            bidirectional,
        }
    }

    pub fn gru(units: usize, bidirectional: bool) -> Options {
        Options {
            op: "GRU",
            gates: &[1, 0, 2],
            units,
            bidirectional,
        }
    }

    /// The endings of PyTorch's names, one per direction.
    fn directions(&self) -> &'static [&'static str] {
        match self.bidirectional {
            true => &["_l0", "_l0_reverse"],
            false => &["_l0"],
        }
    }

    /// The rows of a weight or the values of a bias, gate by gate in ONNX's order.
    fn reordered(&self, values: &[f32]) -> Vec<f32> {
        let n = values.len() / self.gates.len();
        let gate = |&gate: &usize| &values[gate * n..(gate + 1) * n];
        self.gates.iter().flat_map(gate).copied().collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let direction = match self.bidirectional {
            true => "bidirectional",
            false => "forward",
        };
        let mut attributes = vec![
            ("hidden_size", Value::Int(self.units as i64)),
            ("direction", Value::Text(direction)),
        ];
        if self.op == "GRU" {
            // As PyTorch: the reset gate applies after the product with the state.
            attributes.push(("linear_before_reset", Value::Int(1)));
        }
        attributes
    }
}

/// `[n, c, rows, w]` or `[n, tokens, width]` → the last states, `[n, directions · units]`.
pub(super) fn recurrent(
    graph: &mut Graph<'_>,
    step: &Step<'_>,
    options: &Options,
    x: &str,
) -> Result<String, OnnxError> {
    let place = &step.place;
    let rows = rows(graph, step, x);
    let [w, r, b] = weights(graph, step, options)?;
    let inputs = [rows.as_str(), &w, &r, &b];
    // The second output has the last state of each direction: [directions, n, units].
    let last = graph.node_with_outputs(place, options.op, &inputs, options.attributes(), 1);
    let by_image = vec![("perm", Value::Ints(vec![1, 0, 2]))];
    let last = graph.node(place, "Transpose", &[&last], by_image);
    let n_outputs = options.directions().len() * options.units;
    let flat = graph.ints(place, "flat", &[-1, n_outputs as i64]);
    Ok(graph.node(place, "Reshape", &[&last, &flat], Vec::new()))
}

/// The image as a sequence of rows, or the tokens: `[steps, n, inputs]`.
fn rows(graph: &mut Graph<'_>, step: &Step<'_>, x: &str) -> String {
    let place = &step.place;
    let Shape::Image([channels, height, width]) = step.input else {
        let by_step = vec![("perm", Value::Ints(vec![1, 0, 2]))];
        return graph.node(place, "Transpose", &[x], by_step);
    };
    let by_row = vec![("perm", Value::Ints(vec![2, 0, 1, 3]))];
    let by_row = graph.node(place, "Transpose", &[x], by_row);
    let sequence = [height as i64, -1, (channels * width) as i64];
    let sequence = graph.ints(place, "rows", &sequence);
    graph.node(place, "Reshape", &[&by_row, &sequence], Vec::new())
}

/// ONNX's `W`, `R` and `B`, with a row of blocks per direction.
fn weights(
    graph: &mut Graph<'_>,
    step: &Step<'_>,
    options: &Options,
) -> Result<[String; 3], OnnxError> {
    let place = &step.place;
    let (mut w, mut r, mut b) = (Vec::new(), Vec::new(), Vec::new());
    let mut n_inputs = 0;
    for direction in options.directions() {
        let of = |name: &str| graph.values(place, &format!("{name}{direction}"));
        let (dims, input) = of("weight_ih")?;
        n_inputs = dims.last().copied().unwrap_or(0);
        w.extend(options.reordered(&input));
        r.extend(options.reordered(&of("weight_hh")?.1));
        for bias in ["bias_ih", "bias_hh"] {
            b.extend(options.reordered(&of(bias)?.1));
        }
    }
    let n_directions = options.directions().len();
    let n_rows = options.gates.len() * options.units;
    Ok([
        graph.floats(place, "W", &[n_directions, n_rows, n_inputs], &w),
        graph.floats(place, "R", &[n_directions, n_rows, options.units], &r),
        graph.floats(place, "B", &[n_directions, 2 * n_rows], &b),
    ])
}
