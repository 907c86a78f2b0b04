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

use super::buffers::scratch;
use super::gemm::{Gemm, Init, NO_PREFETCH, Rows, Strided};
use super::slice_op::{Context, SliceOp};
use super::support::{padded, per_chunk, wants_gradient};
use super::{simd, tape, threads};
use candle_core::{Result, Shape, Tensor, bail};

pub use cell::Cell;

/// The samples are cut into at most this many chunks, of at least [`SAMPLES`].
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;
const SAMPLES: usize = 8;

/// Rows of the weight gradient per chunk.
const ROWS: usize = 16;

struct Recurrent {
    cell: Cell,
    n: usize,
    steps: usize,
    units: usize,
    /// Whether the sequence is read from its end.
    is_reverse: bool,
    wants_gradient: bool,
}

/// What the backward pass needs, chunk by chunk, step by step: the activated gates and what else
/// the cell saves, and the states before each step.
struct SavedActivations {
    /// `[n · steps, cell.n_saved() · units]`
    gates: Vec<f32>,
    /// `[n · steps, units]`
    states: Vec<f32>,
}

impl Recurrent {
    /// Values of the gates per sample.
    fn width(&self) -> usize {
        self.cell.n_gates() * self.units
    }

    /// Samples per chunk: a function of the shape alone.
    fn samples(&self) -> usize {
        per_chunk(self.n, CHUNKS).max(SAMPLES)
    }

    /// The position in the sequence that is read at a step.
    fn place(&self, step: usize) -> usize {
        match self.is_reverse {
            true => self.steps - 1 - step,
            false => step,
        }
    }

    /// Takes some samples through all steps; `gates` and `states` are empty when nothing is saved.
    fn forward_chunk(
        &self,
        a: &[f32],
        w: &[f32],
        b: &[f32],
        h: &mut [f32],
        [gates, states]: [&mut [f32]; 2],
    ) {
        let (units, width) = (self.units, self.width());
        let n = h.len() / units;
        let n_saved = self.cell.n_saved() * units;
        scratch(n * width, |z| {
            scratch(n * (units + n_saved), |own| {
                let (c, own) = own.split_at_mut(n * units);
                c.fill(0.0);
                h.fill(0.0);
                for step in 0..self.steps {
                    if !states.is_empty() {
                        states[step * n * units..][..n * units].copy_from_slice(h);
                    }
                    simd::run(self.gate_product(h, w, b, z));
                    let kept = match gates.is_empty() {
                        true => &mut *own,
                        false => &mut gates[step * n * n_saved..][..n * n_saved],
                    };
                    let place = self.place(step);
                    simd::run(|| {
                        for sample in 0..n {
                            let a = &a[(sample * self.steps + place) * width..][..width];
                            self.cell.forward(
                                a,
                                &z[sample * width..][..width],
                                &mut c[sample * units..][..units],
                                &mut h[sample * units..][..units],
                                &mut kept[sample * n_saved..][..n_saved],
                            );
                        }
                    });
                }
            });
        });
    }

    /// z = h · W + b.
    fn gate_product<'a>(
        &self,
        h: &'a [f32],
        w: &'a [f32],
        b: &'a [f32],
        z: &'a mut [f32],
    ) -> Gemm<'a, Strided> {
        let (units, width) = (self.units, self.width());
        Gemm {
            a: h,
            rows: Rows::Strided {
                n: h.len() / units,
                start: 0,
                stride: units,
            },
            steps: Strided {
                len: units,
                stride: 1,
            },
            b: w,
            ldb: width,
            cols: width,
            out: z,
            ldc: width,
            init: Init::Bias(b),
            relu: false,
            prefetch: NO_PREFETCH,
        }
    }

    /// Takes some samples back through all steps: `da` receives the gradient of the input's
    /// contribution, `dz` that of the state's, step by step. `wt` is W transposed, its rows padded.
    fn backward_chunk(
        &self,
        dh: &[f32],
        wt: &[f32],
        kept: [&[f32]; 2],
        da: &mut [f32],
        dz: &mut [f32],
    ) {
        let (units, width) = (self.units, self.width());
        let n = dh.len() / units;
        let n_saved = self.cell.n_saved() * units;
        let [gates, states] = kept;
        scratch(2 * n * units, |work| {
            let (dc, dh_now) = work.split_at_mut(n * units);
            dc.fill(0.0);
            dh_now.copy_from_slice(dh);
            for step in (0..self.steps).rev() {
                let place = self.place(step);
                let dz = &mut dz[step * n * width..][..n * width];
                simd::run(|| {
                    for sample in 0..n {
                        let at = step * n + sample;
                        self.cell.backward(
                            &gates[at * n_saved..][..n_saved],
                            &states[at * units..][..units],
                            &mut dc[sample * units..][..units],
                            &mut dh_now[sample * units..][..units],
                            &mut da[(sample * self.steps + place) * width..][..width],
                            &mut dz[sample * width..][..width],
                        );
                    }
                });
                // The cell adds the direct part of the previous state's gradient; the rest comes
                // through W.
                simd::run(Gemm {
                    a: dz,
                    rows: Rows::Strided {
                        n,
                        start: 0,
                        stride: width,
                    },
                    steps: Strided {
                        len: width,
                        stride: 1,
                    },
                    b: wt,
                    ldb: padded(units),
                    cols: units,
                    out: dh_now,
                    ldc: units,
                    init: Init::Output,
                    relu: false,
                    prefetch: NO_PREFETCH,
                });
            }
        });
    }

    /// statesᵀ · dz, a product over samples and steps.
    fn weight_gradient(&self, states: &[f32], dz: &[f32]) -> Vec<f32> {
        let (units, width) = (self.units, self.width());
        let mut dw = vec![0.0; units * width];
        threads::for_parts(dw.chunks_mut(ROWS * width), |chunk, dw| {
            simd::run(Gemm {
                a: states,
                rows: Rows::Strided {
                    n: dw.len() / width,
                    start: chunk * ROWS,
                    stride: 1,
                },
                steps: Strided {
                    len: self.n * self.steps,
                    stride: units,
                },
                b: dz,
                ldb: width,
                cols: width,
                out: dw,
                ldc: width,
                init: Init::Zero,
                relu: false,
                prefetch: NO_PREFETCH,
            });
        });
        dw
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
            gates: vec![0.0; rows * n_saved],
            states: vec![0.0; rows * units],
        };
        let samples = self.samples();
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
        threads::for_parts(parts, |_, (a, h, kept)| {
            self.forward_chunk(a, w, b, h, kept)
        });
        (h, kept)
    }

    fn backward(&self, context: Context<'_, 3, SavedActivations>) -> [Vec<f32>; 3] {
        let ([_, w, _], dh, kept) = (context.arguments, context.gradient, context.saved);
        let (units, width) = (self.units, self.width());
        let mut wt = vec![0.0; width * padded(units)];
        for (row, w) in w.chunks_exact(width).enumerate() {
            for (col, w) in w.iter().enumerate() {
                wt[col * padded(units) + row] = *w;
            }
        }
        let samples = self.samples();
        let n_saved = self.cell.n_saved() * units;
        let mut da = vec![0.0; self.n * self.steps * width];
        let mut dz = vec![0.0; da.len()];
        let inputs = dh
            .chunks(samples * units)
            .zip(kept.gates.chunks(samples * self.steps * n_saved))
            .zip(kept.states.chunks(samples * self.steps * units));
        let outputs = da
            .chunks_mut(samples * self.steps * width)
            .zip(dz.chunks_mut(samples * self.steps * width));
        threads::for_parts(
            inputs.zip(outputs),
            |_, (((dh, gates), states), (da, dz))| {
                self.backward_chunk(dh, &wt, [gates, states], da, dz);
            },
        );
        let dw = self.weight_gradient(&kept.states, &dz);
        let mut db = vec![0.0; width];
        for dz in dz.chunks_exact(width) {
            db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
        }
        [da, dw, db]
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
        cell,
        n: rows / steps,
        steps,
        units,
        is_reverse,
        wants_gradient: [gates, weight, bias].into_iter().any(wants_gradient),
    };
    tape::apply3([gates, weight, bias], op)
}
