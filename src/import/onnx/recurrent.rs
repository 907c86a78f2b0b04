//! The weights of recurrent layers. ONNX keeps all gates of both directions in one tensor each: `W`,
//! `R` and `B`, with the gates in another order than PyTorch.

use crate::import::chain::Weight;

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
