//! Recurrent layers: `nn.RNN`, `nn.LSTM` and `nn.GRU` of one layer that read an image row by row.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, InitRule, ParamPlan, positive, product};
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::{Pass, Planner};
use crate::kernels::{self, Activation, Cell};
use crate::model::shape::Shape;

/// Parameters of one direction: input weight, state weight, and a bias for each.
const N_PARAMS: usize = 4;

/// A recurrent layer: the three differ only in their cell.
macro_rules! recurrent {
    ($(#[$doc:meta])* $Kind:ident, $name:literal, $label:literal, $explanation:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Kind {
            /// Size of the state.
            pub units: usize,
            /// Whether a second state reads from the bottom.
            #[serde(default)]
            pub bidirectional: bool,
        }

        impl $Kind {
            /// One that reads from the top.
            pub const fn new(units: usize) -> $Kind {
                $Kind {
                    units,
                    bidirectional: false,
                }
            }
        }

        impl LayerKind for $Kind {
            fn about(&self) -> About {
                About {
                    name: $name,
                    label: $label,
                    explanation: $explanation,
                }
            }

            fn detail(&self) -> String {
                let both = if self.bidirectional { ", bidirectional" } else { "" };
                format!("{}{both}", self.units)
            }

            fn short_detail(&self) -> String {
                let both = if self.bidirectional { "↑↓" } else { "" };
                format!("{}{both}", self.units)
            }

            fn fields(&mut self) -> Vec<LayerField<'_>> {
                vec![
                    LayerValue::Count(&mut self.units).field(
                        "Units",
                        "Size of the state that reads the rows: too small, it cannot remember \
                         enough.",
                    ),
                    LayerValue::Switch(&mut self.bidirectional).field(
                        "Bidirectional",
                        "A second state reads the rows from the bottom: twice the cost, and twice \
                         the outputs.",
                    ),
                ]
            }

            fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
                blueprint(Cell::$Kind, self.units, self.bidirectional, $label, input)
            }

            fn plan(&self, planner: &mut Planner<'_>) {
                let (first, bidirectional) = (planner.first_param, self.bidirectional);
                planner.add(move |x, pass| forward(x, Cell::$Kind, bidirectional, first, pass));
            }
        }
    };
}

recurrent!(
    /// A state that reads the rows of an image from the top: h = tanh(W x + U h + b).
    /// `[c, rows, w]` → `[units]`, or `[2 · units]` with both directions.
    Rnn,
    "rnn",
    "RNN",
    "Reads the image row by row into one state; what it saw early fades quickly."
);

recurrent!(
    /// An RNN with a memory that gates open and close (long short-term memory).
    Lstm,
    "lstm",
    "LSTM",
    "Reads the image row by row with a memory that gates open and close, so that early rows are \
     not forgotten."
);

recurrent!(
    /// An RNN with two gates and no memory beside the state (gated recurrent unit).
    Gru,
    "gru",
    "GRU",
    "Reads the image row by row with two gates: nearly an LSTM, with a quarter less to compute."
);

fn blueprint(
    cell: Cell,
    units: usize,
    bidirectional: bool,
    label: &str,
    input: Shape,
) -> std::result::Result<Blueprint, String> {
    positive(units, "units")?;
    let [steps, inputs] = match input {
        Shape::Image([c, h, w]) => [h, c * w],
        Shape::Sequence([tokens, width]) => [tokens, width],
        Shape::Vector(_) => {
            return Err(format!(
                "{label} reads an image row by row but gets a list of {input} values: put it \
                 before flatten"
            ));
        }
    };
    let width = product(&[cell.n_gates(), units])? as usize;
    let n_directions = 1 + usize::from(bidirectional);
    let products = product(&[inputs, width])?.saturating_add(product(&[units, width])?);
    let one = direction(cell, inputs, units, "");
    let other = direction(cell, inputs, units, "_reverse");
    let params = one.into_iter().chain(other);
    // Both parts of the gates and their gradients, what the cell saves of them, and each step's
    // previous state with its gradient.
    let n_saved = product(&[n_directions, steps, 5 * width + 2 * units])?;
    Ok(Blueprint {
        multiply_adds: products.saturating_mul((steps * n_directions) as u64),
        n_saved,
        params: params.take(n_directions * N_PARAMS).collect(),
        ..Blueprint::plain(Shape::Vector(n_directions * units))
    })
}

fn direction(cell: Cell, inputs: usize, units: usize, suffix: &str) -> Vec<ParamPlan> {
    let width = cell.n_gates() * units;
    let name = |part: &str| format!("{part}_l0{suffix}");
    let mut input = ParamPlan::matrix(&name("weight_ih"), inputs, width);
    // Each gate is a matrix of its own.
    input.init = InitRule::Drawn {
        fan_in: inputs,
        fan_out: units,
    };
    let mut state = ParamPlan::matrix(&name("weight_hh"), units, width);
    // PyTorch's default.
    state.init = InitRule::Uniform(1.0 / (units as f32).sqrt());
    let mut bias = ParamPlan::bias(&name("bias_ih"), width);
    if cell == Cell::Lstm {
        // The forget gate starts open, so that early rows are remembered at first (Jozefowicz,
        // Zaremba and Sutskever 2015).
        bias.init = InitRule::Ones(units, 2 * units);
    }
    let other_bias = ParamPlan::bias(&name("bias_hh"), width);
    vec![input, state, bias, other_bias]
}

/// `[n, c, rows, w]` or `[n, tokens, width]` → `[n, units]`, or `[n, 2 units]` if bidirectional;
/// `first` is the index of the first parameter.
fn forward(
    x: &Tensor,
    cell: Cell,
    bidirectional: bool,
    first: usize,
    pass: &Pass<'_>,
) -> Result<Tensor> {
    let steps = x.dim(x.rank() - 2)?;
    let rows = match x.rank() {
        4 if x.dim(1)? > 1 => x.transpose(1, 2)?.contiguous()?,
        _ => x.clone(),
    };
    let rows = rows.reshape((x.dim(0)? * steps, ()))?;
    let last = |is_reverse: bool| {
        let [wi, wh, bi, bh] = pass.tensors(first + N_PARAMS * usize::from(is_reverse));
        if pass.only_output_counts(&rows) {
            let (input, state) = ([&wi, &bi], [&wh, &bh]);
            return kernels::recurrent_of_inputs(&rows, input, state, cell, steps, is_reverse);
        }
        let gates = kernels::dense(&rows, &wi, &bi, Activation::Identity)?;
        pass.show(&gates)?;
        let last = kernels::recurrent(&gates, &wh, &bh, cell, steps, is_reverse)?;
        pass.done_with(&gates, &[&last]);
        Ok::<_, candle_core::Error>(last)
    };
    match bidirectional {
        true => Tensor::cat(&[last(false)?, last(true)?], 1),
        false => last(false),
    }
}
