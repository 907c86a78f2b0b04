//! Some samples through all steps of their sequences, forward and back.

use super::cell::Cell;
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Contiguous, Gemm, Init, NO_PREFETCH, Rows};
use crate::kernels::simd;
use crate::kernels::transpose::transpose;

/// The layer with the sizes of one call.
#[derive(Clone, Copy)]
pub(super) struct Recurrent {
    pub cell: Cell,
    pub n: usize,
    /// Samples per chunk.
    pub samples: usize,
    pub steps: usize,
    pub units: usize,
    /// Whether the sequence is read from its end.
    pub is_reverse: bool,
    pub wants_gradient: bool,
    /// Columns per panel of a weight: as many as a register tile has.
    pub panel: usize,
}

impl Recurrent {
    /// Values of the gates per sample.
    pub fn width(&self) -> usize {
        self.cell.n_gates() * self.units
    }

    /// The position in the sequence that is read at a step.
    fn place(&self, step: usize) -> usize {
        match self.is_reverse {
            true => self.steps - 1 - step,
            false => step,
        }
    }

    /// Takes some samples through all steps, with W in panels; `gates` and `states` are empty when
    /// nothing is saved.
    pub fn forward_chunk(
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
                    let place = self.place(step);
                    if !states.is_empty() {
                        let rows = states.chunks_exact_mut(self.steps * units);
                        for (rows, h) in rows.zip(h.chunks_exact(units)) {
                            rows[place * units..][..units].copy_from_slice(h);
                        }
                    }
                    let rows = strided(n, 0, units);
                    self.gate_product((h, rows), w, b, z, |panel| {
                        self.next_inputs(a, n, step, panel)
                    });
                    let kept = match gates.is_empty() {
                        true => &mut *own,
                        false => &mut gates[step * n * n_saved..][..n * n_saved],
                    };
                    simd::run_closure(
                        #[inline(always)]
                        || {
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
                        },
                    );
                }
            });
        });
    }

    /// The share of a panel's product in prefetching the input's contribution to the next step, which
    /// lies apart for each of `n` samples.
    fn next_inputs<'a>(&self, a: &'a [f32], n: usize, step: usize, panel: usize) -> &'a [f32] {
        if step + 1 == self.steps {
            return &[];
        }
        let (width, share) = (self.width(), n * self.panel);
        let (sample, start) = (panel * share / width, panel * share % width);
        let row = (sample * self.steps + self.place(step + 1)) * width;
        &a[row + start..row + width.min(start + share)]
    }

    /// out = left · W + b, with W in panels; `prefetch` returns what a panel's product should prefetch.
    fn gate_product<'a>(
        &self,
        left: (&[f32], Rows<'_>),
        w: &[f32],
        b: &[f32],
        out: &mut [f32],
        prefetch: impl Fn(usize) -> &'a [f32],
    ) {
        let width = self.width();
        let len = w.len() / width;
        for (panel, w) in w.chunks(self.panel * len).enumerate() {
            let start = panel * self.panel;
            let columns = start..start + w.len() / len;
            Gemm {
                init: Init::Bias(&b[columns.clone()]),
                prefetch: [prefetch(panel), &[]],
                ..product(left, len, w, (&mut out[columns.start..], width))
            }
            .run();
        }
    }

    /// Takes some samples through all steps when nothing is saved. The inputs' contributions to the
    /// gates are computed step by step: those of all steps would go to memory and back.
    ///
    /// `x` are the samples' inputs, and the weights are in panels.
    pub fn evaluate_chunk(&self, x: &[f32], input: Side<'_>, state: Side<'_>, h: &mut [f32]) {
        let (units, width) = (self.units, self.width());
        let n = h.len() / units;
        let inputs = input.weight.len() / width;
        let n_saved = self.cell.n_saved() * units;
        scratch(n * (2 * width + units) + n_saved, |work| {
            let (a, rest) = work.split_at_mut(n * width);
            let (z, rest) = rest.split_at_mut(n * width);
            let (c, unused) = rest.split_at_mut(n * units);
            c.fill(0.0);
            h.fill(0.0);
            for step in 0..self.steps {
                let rows = strided(n, self.place(step) * inputs, self.steps * inputs);
                self.gate_product((x, rows), input.weight, input.bias, a, |_| &[]);
                let rows = strided(n, 0, units);
                self.gate_product((h, rows), state.weight, state.bias, z, |_| &[]);
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for sample in 0..n {
                            self.cell.forward(
                                &a[sample * width..][..width],
                                &z[sample * width..][..width],
                                &mut c[sample * units..][..units],
                                &mut h[sample * units..][..units],
                                unused,
                            );
                        }
                    },
                );
            }
        });
    }

    /// Takes some samples back through all steps: `da` receives the gradient of the input's
    /// contribution, `dz` that of the state's if it is another one. `wt` is W transposed, in panels.
    pub fn backward_chunk(
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
                simd::run_closure(
                    #[inline(always)]
                    || {
                        for sample in 0..n {
                            let (at, row) = (step * n + sample, sample * self.steps + place);
                            let dz: &mut [f32] = match dz.is_empty() {
                                true => &mut [],
                                false => &mut dz[row * width..][..width],
                            };
                            self.cell.backward(
                                &gates[at * n_saved..][..n_saved],
                                &states[row * units..][..units],
                                &mut dc[sample * units..][..units],
                                &mut dh_now[sample * units..][..units],
                                &mut da[row * width..][..width],
                                dz,
                            );
                        }
                    },
                );
                // The cell adds the direct part of the previous state's gradient; the rest comes
                // through W.
                let dz = if dz.is_empty() { &*da } else { &*dz };
                for (panel, wt) in wt.chunks(self.panel * width).enumerate() {
                    let rows = strided(n, place * width, self.steps * width);
                    let out = (&mut dh_now[panel * self.panel..], units);
                    Gemm {
                        init: Init::Output,
                        ..product((dz, rows), width, wt, out)
                    }
                    .run();
                }
            }
        });
    }
}

/// A weight in panels, `[inputs or units, G units]`, and its bias.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
}

/// `n` rows at a stride.
fn strided(n: usize, start: usize, stride: usize) -> Rows<'static> {
    Rows::Strided { n, start, stride }
}

/// a · b for one panel `b` of `len` rows.
fn product<'a>(
    (a, rows): (&'a [f32], Rows<'a>),
    len: usize,
    b: &'a [f32],
    (out, ldc): (&'a mut [f32], usize),
) -> Gemm<'a, Contiguous> {
    let cols = b.len() / len;
    Gemm {
        a,
        rows,
        steps: Contiguous(len),
        b,
        ldb: cols,
        cols,
        out,
        ldc,
        init: Init::Zero,
        relu: false,
        prefetch: NO_PREFETCH,
    }
}

/// A matrix of rows of `width` values in panels of `panel` columns, one after the other: a product
/// with few rows reads each once, in memory order.
pub(super) fn panels(matrix: &[f32], width: usize, panel: usize, panels: &mut [f32]) {
    let rows = matrix.len() / width;
    for (start, to) in (0..width)
        .step_by(panel)
        .zip(panels.chunks_mut(panel * rows))
    {
        let columns = to.len() / rows;
        let from = matrix.chunks_exact(width);
        for (from, to) in from.zip(to.chunks_exact_mut(columns)) {
            to.copy_from_slice(&from[start..][..columns]);
        }
    }
}

/// The same for the transpose of the matrix.
pub(super) fn transposed_panels(matrix: &[f32], width: usize, panel: usize, panels: &mut [f32]) {
    let from = matrix.chunks(panel * width);
    for (from, to) in from.zip(panels.chunks_mut(panel * width)) {
        let rows = from.len() / width;
        transpose(from, (rows, width, width), to, rows);
    }
}
