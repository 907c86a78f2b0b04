//! Recurrent layers: a state that reads a sequence step by step (Elman 1990; Hochreiter and
//! Schmidhuber 1997; Cho et al. 2014), in PyTorch's form.
//!
//! Shapes, with G = 1, 4 or 3 gates of u units: the input's contribution to the gates
//! a `[n · steps, G u]` (a = x · W_ih + b_ih, one product over all steps), weight W `[u, G u]`,
//! bias b `[G u]` → the last state h `[n, u]`. Each step computes z = h · W + b, then the state:
//! * RNN: h = tanh(a + z)
//! * LSTM, gates i, f, g, o of a + z: c = σ(f) c + σ(i) tanh(g), h = σ(o) tanh c
//! * GRU, gates r, z, n: r, z = σ(a + z), m = tanh(aₙ + r zₙ), h = (1 − z) m + z h
//!
//! Samples are independent, so each thread takes some of them through all steps. The backward pass
//! does the same from the last step to the first; the gradient of W is one product over samples and
//! steps at the end.

mod cell;
mod sequence;

use super::activation::Activation;
use super::buffers::{Saved, buffer, scratch};
use super::dense::{Dense, dense, weight_gradients};
use super::gemm::panel_width;
use super::slice_op::{Context, SliceOp};
use super::support::{per_chunk, read, tensor, wants_gradient};
use super::tape::PerSample;
use super::{tape, threads};
use candle_core::{Result, Shape, Tensor, bail};
use sequence::{Recurrent, Side, panels, transposed_panels};

pub use cell::Cell;

/// The least and the most samples that a thread takes through all steps together. Each reads all
/// weights once per step: few samples wait for them, and the gates of many leave the cache.
const SAMPLES: [usize; 2] = [8, 32];

/// What the backward pass needs: the activated gates and what else the cell saves, chunk by chunk, step
/// by step; and the states before each step, sample by sample.
struct SavedActivations {
    /// `[n · steps, cell.n_saved() · units]`
    gates: Saved<f32>,
    /// `[n · steps, units]`
    states: Saved<f32>,
}

/// Samples per chunk of `n`: nothing is summed over them, so the number of threads may decide.
fn per_thread(n: usize) -> usize {
    let [least, most] = SAMPLES;
    per_chunk(n, n.div_ceil(most).next_multiple_of(threads::threads())).max(least)
}

impl Recurrent {
    /// A layer without gradients.
    fn new(cell: Cell, [n, steps, units]: [usize; 3], is_reverse: bool) -> Self {
        Recurrent {
            cell,
            n,
            samples: per_thread(n),
            steps,
            units,
            is_reverse,
            wants_gradient: false,
            panel: panel_width(),
        }
    }

    /// Computes the last states from inputs, and the weights and biases of the inputs and the state.
    fn evaluate(&self, x: &[f32], weights: [&[f32]; 2], biases: &[Vec<f32>; 2], h: &mut [f32]) {
        let samples = self.samples;
        let [wi, wh] = weights;
        scratch(wi.len() + wh.len(), |packed| {
            let (input, state) = packed.split_at_mut(wi.len());
            panels(wi, self.width(), self.panel, input);
            panels(wh, self.width(), self.panel, state);
            let side = |weight, bias| Side { weight, bias };
            let (input, state) = (side(&*input, &*biases[0]), side(&*state, &*biases[1]));
            let parts = x
                .chunks(samples * x.len() / self.n)
                .zip(h.chunks_mut(samples * self.units));
            threads::for_parts(parts, |_, (x, h)| self.evaluate_chunk(x, input, state, h));
        });
    }
}

impl SliceOp<3> for Recurrent {
    const NAME: &'static str = "recurrent";
    type Saved = SavedActivations;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from((self.n, self.units))
    }

    fn forward(&self, [a, w, b]: [&[f32]; 3]) -> (Vec<f32>, SavedActivations) {
        let (units, steps) = (self.units, self.steps);
        let mut h = vec![0.0; self.n * units];
        let rows = match self.wants_gradient {
            true => self.n * steps,
            false => 0,
        };
        let n_saved = self.cell.n_saved() * units;
        let mut kept = SavedActivations {
            gates: Saved::new(rows * n_saved),
            states: Saved::new(rows * units),
        };
        let samples = self.samples;
        let mut gates = kept.gates.chunks_mut(samples * steps * n_saved);
        let mut states = kept.states.chunks_mut(samples * steps * units);
        let parts: Vec<_> = a
            .chunks(samples * steps * self.width())
            .zip(h.chunks_mut(samples * units))
            .map(|(a, h)| {
                let kept = [&mut gates, &mut states].map(|k| k.next().unwrap_or_default());
                (a, h, kept)
            })
            .collect();
        scratch(w.len(), |packed| {
            panels(w, self.width(), self.panel, packed);
            threads::for_parts(parts, |_, (a, h, kept)| {
                self.forward_chunk(a, packed, b, h, kept)
            });
        });
        (h, kept)
    }

    fn backward(&self, context: Context<'_, 3, SavedActivations>) -> [Vec<f32>; 3] {
        let ([_, w, _], dh, kept) = (context.arguments, context.gradient, context.saved);
        let (units, width) = (self.units, self.width());
        let samples = self.samples;
        let n_saved = self.cell.n_saved() * units;
        let mut da = buffer(self.n * self.steps * width);
        let mut dz = Saved::new(if self.cell.has_two_gradients() {
            da.len()
        } else {
            0
        });
        let inputs = dh
            .chunks(samples * units)
            .zip(kept.gates.chunks(samples * self.steps * n_saved))
            .zip(kept.states.chunks(samples * self.steps * units));
        let mut dz_parts = dz.chunks_mut(samples * self.steps * width);
        let outputs = da
            .chunks_mut(samples * self.steps * width)
            .map(|da| (da, dz_parts.next().unwrap_or_default()));
        scratch(w.len(), |wt| {
            transposed_panels(w, width, self.panel, wt);
            threads::for_parts(
                inputs.zip(outputs),
                |_, (((dh, gates), states), (da, dz))| {
                    self.backward_chunk(dh, wt, [gates, states], da, dz);
                },
            );
        });
        let dz = if dz.is_empty() { &da } else { &*dz };
        let (dw, db) = weight_gradients(&kept.states, units, dz, width);
        [da, dw, db]
    }
}

impl PerSample for Recurrent {
    fn of_one(self, n: usize) -> Option<Self> {
        (self.n == n).then_some(Recurrent {
            n: 1,
            samples: 1,
            ..self
        })
    }
}

/// The last state of a recurrent layer that starts from zeros.
///
/// * `gates`: the input's contribution to the gates, with its bias, `[n · steps, G units]`
/// * `weight`: `[units, G units]`, the transpose of PyTorch's
/// * `bias`: `[G units]`
/// * `is_reverse`: whether the sequence is read from its end
///
/// Returns `[n, units]`.
pub fn recurrent(
    gates: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    cell: Cell,
    steps: usize,
    is_reverse: bool,
) -> Result<Tensor> {
    let (rows, width) = gates.dims2()?;
    let (units, weight_width) = weight.dims2()?;
    let fits = width == weight_width && width == cell.n_gates() * units && bias.dims() == [width];
    if !fits || rows * steps * units == 0 || rows % steps != 0 {
        bail!(
            "recurrent: gates {:?} do not fit weight {:?} and bias {:?}",
            gates.dims(),
            weight.dims(),
            bias.dims()
        );
    }
    let op = Recurrent {
        wants_gradient: [gates, weight, bias].into_iter().any(wants_gradient),
        ..Recurrent::new(cell, [rows / steps, steps, units], is_reverse)
    };
    tape::apply3_per_sample([gates, weight, bias], op)
}

/// The same from the inputs `[n · steps, inputs]`, for evaluation: without gradients, and without the
/// inputs' contributions to the gates in memory. The bits are those of a [`dense()`] layer and
/// [`recurrent()`].
///
/// * `input`, `state`: weight `[inputs or units, G units]` and bias `[G units]` of each
///
/// Returns `[n, units]`.
pub fn recurrent_of_inputs(
    x: &Tensor,
    input: [&Tensor; 2],
    state: [&Tensor; 2],
    cell: Cell,
    steps: usize,
    is_reverse: bool,
) -> Result<Tensor> {
    let (rows, inputs) = x.dims2()?;
    let (units, width) = state[0].dims2()?;
    let fits = width == cell.n_gates() * units
        && input[0].dims() == [inputs, width]
        && [input[1], state[1]]
            .iter()
            .all(|bias| bias.dims() == [width]);
    if !fits || rows * steps * units * inputs == 0 || rows % steps != 0 {
        bail!(
            "recurrent: inputs {:?} do not fit weights {:?} and {:?}",
            x.dims(),
            input[0].dims(),
            state[0].dims()
        );
    }
    let as_dense = Dense {
        activation: Activation::Identity,
        n: rows,
        inputs,
        outputs: width,
    };
    if !as_dense.sums_in_order() {
        let gates = dense(x, input[0], input[1], Activation::Identity)?;
        return recurrent(&gates, state[0], state[1], cell, steps, is_reverse);
    }
    let op = Recurrent::new(cell, [rows / steps, steps, units], is_reverse);
    let biases = [input[1].to_vec1()?, state[1].to_vec1()?];
    let mut h = vec![0.0; op.n * units];
    read(x, |x| {
        read(input[0], |wi| {
            read(state[0], |wh| {
                op.evaluate(x, [wi, wh], &biases, &mut h);
                Ok(())
            })
        })
    })?;
    tensor(h, (op.n, units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::fixture::var;
    use crate::kernels::{Activation, dense};

    #[test]
    fn from_inputs_the_last_state_is_that_from_gates() {
        let cells = [Cell::Rnn, Cell::Lstm, Cell::Gru];
        // So few images that the inputs' products are partial sums, and many.
        for ([n, steps, inputs, units], cell) in [[2, 9, 45, 67], [37, 5, 19, 13]]
            .into_iter()
            .flat_map(|sizes| cells.map(|cell| (sizes, cell)))
        {
            let width = cell.n_gates() * units;
            let x = var(&[n * steps, inputs], 0.0);
            let input = [var(&[inputs, width], 1.0), var(&[width], 2.0)];
            let state = [var(&[units, width], 3.0), var(&[width], 4.0)];
            let ([wi, bi], [wh, bh]) = (&input, &state);
            for is_reverse in [false, true] {
                let gates = dense(&x, wi, bi, Activation::Identity).unwrap();
                let expected = recurrent(&gates, wh, bh, cell, steps, is_reverse).unwrap();
                let sides = ([&**wi, &**bi], [&**wh, &**bh]);
                let found = recurrent_of_inputs(&x, sides.0, sides.1, cell, steps, is_reverse);
                let [found, expected] =
                    [found.unwrap(), expected].map(|states| states.to_vec2::<f32>().unwrap());
                assert_eq!(found, expected, "{cell:?}, reverse: {is_reverse}");
            }
        }
    }

    #[test]
    fn inputs_that_do_not_fit_are_refused() {
        let [wi, wh, b] = [var(&[3, 8], 1.0), var(&[2, 8], 2.0), var(&[8], 3.0)];
        let x = var(&[6, 4], 0.0);
        let found = recurrent_of_inputs(&x, [&wi, &b], [&wh, &b], Cell::Lstm, 3, false);
        assert!(found.is_err());
    }
}
