//! Recurrent layers: `nn.RNN`, `nn.LSTM` and `nn.GRU` of one layer that read an image row by row.

use candle_core::{Result, Tensor};

use super::super::{Layer, Shape};
use super::Blueprint;
use super::blueprint::{InitRule, ParamPlan, positive, product};
use super::plan::Pass;
use crate::kernels::{self, Activation, Cell};

/// Parameters of one direction: input weight, state weight, and a bias for each.
const N_PARAMS: usize = 4;

/// Cell, units, and whether it is bidirectional.
fn parts(layer: &Layer) -> Option<(Cell, usize, bool)> {
    match *layer {
        Layer::Rnn {
            units,
            bidirectional,
        } => Some((Cell::Rnn, units, bidirectional)),
        Layer::Lstm {
            units,
            bidirectional,
        } => Some((Cell::Lstm, units, bidirectional)),
        Layer::Gru {
            units,
            bidirectional,
        } => Some((Cell::Gru, units, bidirectional)),
        _ => None,
    }
}

pub(super) fn blueprint(layer: &Layer, input: Shape) -> std::result::Result<Blueprint, String> {
    let Some((cell, units, bidirectional)) = parts(layer) else {
        return Err(format!("{} is not recurrent", layer.label()));
    };
    positive(units, "units")?;
    let [steps, inputs] = match input {
        Shape::Image([c, h, w]) => [h, c * w],
        Shape::Sequence([tokens, width]) => [tokens, width],
        Shape::Vector(_) => {
            return Err(format!(
                "{} reads an image row by row but gets a list of {input} values: put it before \
                 flatten",
                layer.label()
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

/// `[n, c, rows, w]` or `[n, tokens, width]` → `[n, units]`, or `[n, 2 units]` if bidirectional.
#[derive(Clone, Debug)]
pub(in crate::model) struct Recurrent {
    cell: Cell,
    bidirectional: bool,
    /// Index of the first parameter.
    first: usize,
}

impl Recurrent {
    pub fn new(layer: &Layer, first: usize) -> Recurrent {
        let (cell, _, bidirectional) = parts(layer).unwrap_or((Cell::Rnn, 0, false));
        Recurrent {
            cell,
            bidirectional,
            first,
        }
    }

    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let steps = x.dim(x.rank() - 2)?;
        let rows = match x.rank() {
            4 if x.dim(1)? > 1 => x.transpose(1, 2)?.contiguous()?,
            _ => x.clone(),
        };
        let rows = rows.reshape((x.dim(0)? * steps, ()))?;
        let last = |is_reverse: bool| {
            let first = self.first + N_PARAMS * usize::from(is_reverse);
            let [wi, wh, bi, bh] = [0, 1, 2, 3].map(|i| pass.tensor(first + i));
            let gates = kernels::dense(&rows, &wi, &bi, Activation::Identity)?;
            kernels::recurrent(&gates, &wh, &bh, self.cell, steps, is_reverse)
        };
        match self.bidirectional {
            true => Tensor::cat(&[last(false)?, last(true)?], 1),
            false => last(false),
        }
    }
}
