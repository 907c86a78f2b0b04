//! The gates of a recurrent layer, row by row.

use candle_core::{Result, Tensor};

use super::param;
use crate::kernels::{self, Activation};
use crate::model::{Layer, LayerName, Network};

/// What one direction of a recurrent layer computes at each row of the image.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    /// Whether it reads the rows from the bottom.
    pub is_reverse: bool,
    /// Number of rows.
    pub rows: usize,
    /// Number of units.
    pub units: usize,
    /// PyTorch's, in its order: i, f, g, o, c, h of an LSTM; r, z, n, h of a GRU; h of an RNN.
    pub gates: Vec<Gate>,
}

/// One gate or state.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its symbol in PyTorch's documentation.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// `[rows, units]`, from the top row whichever way the rows are read.
    pub values: Vec<f32>,
}

/// Symbol and meaning of each gate and state.
type Names = &'static [(&'static str, &'static str)];

const RNN: Names = &[("h", "state")];

const LSTM: Names = &[
    ("i", "input gate: how much of the row is let in"),
    ("f", "forget gate: how much of the cell is kept"),
    ("g", "cell gate: what the row would add to the cell"),
    ("o", "output gate: how much of the cell is shown"),
    ("c", "cell: f · c + i · g"),
    ("h", "state: o · tanh c"),
];

const GRU: Names = &[
    ("r", "reset gate: how much of the state the new state reads"),
    ("z", "update gate: how much of the state is kept"),
    ("n", "new state: what the row would make of it"),
    ("h", "state: (1 − z) · n + z · h"),
];

impl Gates {
    /// The gate or state with this symbol.
    pub fn gate(&self, name: &str) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.name == name)
    }

    /// The row that is read last.
    pub fn last_row(&self) -> usize {
        match self.is_reverse {
            true => 0,
            false => self.rows.saturating_sub(1),
        }
    }
}

/// The gates of each direction; `contributions` are those of the rows, `[rows, gates · units]`.
pub(super) fn gates(
    network: &Network,
    name: &LayerName,
    layer: &Layer,
    contributions: &[Tensor],
) -> Result<Vec<Gates>> {
    let names = match layer {
        Layer::Rnn(_) => RNN,
        Layer::Lstm(_) => LSTM,
        Layer::Gru(_) => GRU,
        _ => return Ok(Vec::new()),
    };
    let mut directions = Vec::new();
    for (idx, rows) in contributions.iter().enumerate() {
        let suffix = if idx == 0 { "" } else { "_reverse" };
        let find = |part: &str| param(network, &name.path, &format!("{part}_l0{suffix}"));
        if let (Some(weight), Some(bias)) = (find("weight_hh"), find("bias_hh")) {
            let state = [weight, bias].map(|p| p.var.as_detached_tensor());
            directions.push(direction(names, rows, &state, idx == 1)?);
        }
    }
    Ok(directions)
}

fn direction(
    names: Names,
    contributions: &Tensor,
    [weight, bias]: &[Tensor; 2],
    is_reverse: bool,
) -> Result<Gates> {
    let (rows, width) = contributions.dims2()?;
    let units = weight.dim(0)?;
    let contributions: Vec<f32> = contributions.flatten_all()?.to_vec1()?;
    let mut values = vec![vec![0.0; rows * units]; names.len()];
    let (mut cell, mut state) = (vec![0.0f32; units], vec![0.0f32; units]);
    for step in 0..rows {
        let row = if is_reverse { rows - 1 - step } else { step };
        let read = Tensor::from_slice(&state, (1, units), weight.device())?;
        let of_state = kernels::dense(&read, weight, bias, Activation::Identity)?;
        let of_state: Vec<f32> = of_state.flatten_all()?.to_vec1()?;
        let of_row = &contributions[row * width..][..width];
        for unit in 0..units {
            let part = |gate: usize| {
                let at = gate * units + unit;
                [of_row[at], of_state[at]]
            };
            let step = match names.len() {
                1 => rnn(part),
                4 => gru(part, state[unit]),
                _ => lstm(part, cell[unit]),
            };
            let all = values.iter_mut().zip(&step);
            all.for_each(|(gate, value)| gate[row * units + unit] = *value);
            state[unit] = step[names.len() - 1];
            cell[unit] = step[4];
        }
    }
    let gates = names.iter().zip(values);
    let gates = gates.map(|(&(name, about), values)| Gate {
        name,
        about,
        values,
    });
    Ok(Gates {
        is_reverse,
        rows,
        units,
        gates: gates.collect(),
    })
}

fn sigmoid([a, b]: [f32; 2]) -> f32 {
    1.0 / (1.0 + (-(a + b)).exp())
}

/// One unit at one row; `part` returns the contributions of row and state to a gate.
fn rnn(part: impl Fn(usize) -> [f32; 2]) -> [f32; 6] {
    let [a, b] = part(0);
    [(a + b).tanh(), 0.0, 0.0, 0.0, 0.0, 0.0]
}

fn lstm(part: impl Fn(usize) -> [f32; 2], cell: f32) -> [f32; 6] {
    let [i, f, o] = [0, 1, 3].map(|gate| sigmoid(part(gate)));
    let [a, b] = part(2);
    let g = (a + b).tanh();
    let cell = f * cell + i * g;
    [i, f, g, o, cell, o * cell.tanh()]
}

fn gru(part: impl Fn(usize) -> [f32; 2], state: f32) -> [f32; 6] {
    let [r, z] = [0, 1].map(|gate| sigmoid(part(gate)));
    let [a, b] = part(2);
    let n = (a + r * b).tanh();
    [r, z, n, (1.0 - z) * n + z * state, 0.0, 0.0]
}
