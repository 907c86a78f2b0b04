//! Some samples through all steps of their sequences, forward and back.

use super::cell::Cell;
use crate::kernels::buffers::{buffer, scratch};
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Strided};
use crate::kernels::support::padded;
use crate::kernels::{simd, threads};

/// Rows of the weight gradient per chunk.
const ROWS: usize = 16;

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

    /// Takes some samples through all steps; `gates` and `states` are empty when nothing is saved.
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
                    if !states.is_empty() {
                        states[step * n * units..][..n * units].copy_from_slice(h);
                    }
                    simd::run(self.gate_product(h, w, b, z));
                    let kept = match gates.is_empty() {
                        true => &mut *own,
                        false => &mut gates[step * n * n_saved..][..n * n_saved],
                    };
                    let place = self.place(step);
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
                let dz = &mut dz[step * n * width..][..n * width];
                simd::run_closure(
                    #[inline(always)]
                    || {
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
                    },
                );
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
    pub fn weight_gradient(&self, states: &[f32], dz: &[f32]) -> Vec<f32> {
        let (units, width) = (self.units, self.width());
        let mut dw = buffer(units * width);
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
