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
                    self.gate_product(h, w, b, z, |panel| self.next_inputs(a, n, step, panel));
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

    /// z = h · W + b, with W in panels; `prefetch` returns what a panel's product should prefetch.
    fn gate_product<'a>(
        &self,
        h: &[f32],
        w: &[f32],
        b: &[f32],
        z: &mut [f32],
        prefetch: impl Fn(usize) -> &'a [f32],
    ) {
        let (units, width) = (self.units, self.width());
        for (panel, w) in w.chunks(self.panel * units).enumerate() {
            let start = panel * self.panel;
            let columns = start..start + w.len() / units;
            Gemm {
                init: Init::Bias(&b[columns.clone()]),
                prefetch: [prefetch(panel), &[]],
                ..product(h, units, w, (&mut z[columns.start..], width))
            }
            .run();
        }
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
                    let rows = Rows::Strided {
                        n,
                        start: place * width,
                        stride: self.steps * width,
                    };
                    Gemm {
                        init: Init::Output,
                        rows,
                        ..product(dz, width, wt, (&mut dh_now[panel * self.panel..], units))
                    }
                    .run();
                }
            }
        });
    }
}

/// a · b for one panel `b` of `len` rows.
fn product<'a>(
    a: &'a [f32],
    len: usize,
    b: &'a [f32],
    (out, ldc): (&'a mut [f32], usize),
) -> Gemm<'a, Contiguous> {
    let cols = b.len() / len;
    Gemm {
        a,
        rows: Rows::Strided {
            n: a.len() / len,
            start: 0,
            stride: len,
        },
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
