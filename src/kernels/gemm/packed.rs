//! Two registers of columns, packed: what machines with sixteen registers need.
//!
//! Their tiles are so small that the checks of bounds at every step, and the rows of `b` that meet in
//! the same sets of the first-level cache, took up to a third of the time. Columns that lie next to each
//! other need no checks, and meet nowhere.

use super::{Gemm, Init, LINE, NO_PREFETCH, PAIR, Steps, prefetch_line};
use crate::kernels::buffers::scratch;
use crate::kernels::simd;
use pulp::{Simd, WithSimd};

/// Rows from which on packing is worth it.
pub(super) const MANY_ROWS: usize = 20;

/// Rows of a tile at most.
const TILE: usize = 6;

/// A product with many rows.
pub(super) struct Packed<'a, 's, S> {
    pub gemm: Gemm<'a, S>,
    /// Room for `[steps.len(), PAIR]`.
    // Not taken in the kernel: there, closures are not inlined.
    pub space: &'s mut [f32],
}

impl<S: Steps> WithSimd for Packed<'_, '_, S> {
    type Output = ();

    #[inline(always)]
    fn with_simd<I: Simd>(self, simd: I) {
        let Packed { mut gemm, space } = self;
        // Another set of instructions may have been chosen meanwhile.
        let panels = match 2 * I::F32_LANES {
            PAIR => gemm.cols / PAIR,
            _ => 0,
        };
        for col in (0..panels).map(|panel| panel * PAIR) {
            let rows = space.chunks_exact_mut(PAIR);
            for (to, from) in rows.zip(gemm.b.chunks_exact(gemm.ldb)) {
                to.copy_from_slice(&from[col..col + PAIR]);
            }
            gemm.packed_panel(simd, col, &*space);
        }
        gemm.columns(simd, panels * PAIR);
    }
}

/// Copies `n` columns of `from` from `col` on, padded with zeros: other values might be slow.
fn pad(from: &[f32], stride: usize, col: usize, n: usize, to: &mut [f32]) {
    for (to, from) in to.chunks_exact_mut(PAIR).zip(from.chunks(stride)) {
        to[..n].copy_from_slice(&from[col..][..n]);
        to[n..].fill(0.0);
    }
}

impl<S: Steps> Gemm<'_, S> {
    /// Computes the last columns, if they fill more than one register, as two whole ones. What comes
    /// of the rest of the second is not read.
    pub(super) fn take_padded(&mut self) {
        let n = self.cols % PAIR;
        if n <= PAIR / 2 {
            return;
        }
        self.cols -= n;
        let (col, len) = (self.cols, self.steps.len() * PAIR);
        scratch(len + PAIR + self.rows.len() * PAIR, |space| {
            let (b, space) = space.split_at_mut(len);
            let (bias, out) = space.split_at_mut(PAIR);
            pad(self.b, self.ldb, col, n, b);
            let init = match self.init {
                Init::Zero => Init::Zero,
                Init::Bias(all) => {
                    pad(all, all.len(), col, n, bias);
                    Init::Bias(bias)
                }
                Init::Output => {
                    pad(self.out, self.ldc, col, n, out);
                    Init::Output
                }
            };
            simd::run(Gemm {
                a: self.a,
                rows: self.rows,
                steps: self.steps,
                b,
                ldb: PAIR,
                cols: PAIR,
                out,
                ldc: PAIR,
                init,
                relu: self.relu,
                prefetch: NO_PREFETCH,
            });
            let rows = self.out.chunks_mut(self.ldc);
            for (to, from) in rows.zip(out.chunks_exact(PAIR)) {
                to[col..][..n].copy_from_slice(&from[..n]);
            }
        });
    }

    /// Two registers of columns of all rows, in tiles of nearly equal height.
    #[inline(always)]
    pub(super) fn packed_panel<I: Simd>(&mut self, simd: I, col: usize, packed: &[f32]) {
        let b = &I::as_simd_f32s(packed).0.as_chunks().0[..self.steps.len()];
        let rows = self.rows.len();
        let tiles = rows.div_ceil(TILE);
        let mut row = 0;
        for tile in 0..tiles {
            let end = rows * (tile + 1) / tiles;
            match end - row {
                TILE => self.packed_block::<I, TILE>(simd, row, col, b),
                5 => self.packed_block::<I, 5>(simd, row, col, b),
                4 => self.packed_block::<I, 4>(simd, row, col, b),
                3 => self.packed_block::<I, 3>(simd, row, col, b),
                2 => self.packed_block::<I, 2>(simd, row, col, b),
                _ => self.packed_block::<I, 1>(simd, row, col, b),
            }
            row = end;
        }
    }

    #[inline(always)]
    fn packed_block<I: Simd, const N: usize>(
        &mut self,
        simd: I,
        row: usize,
        col: usize,
        b: &[[I::f32s; 2]],
    ) {
        let mut acc = self.start::<I, N, 2>(simd, row, col);
        let prefetch = self.take_prefetch();
        match (S::ARE_CONTIGUOUS, S::ARE_TRANSPOSED) {
            (true, _) => self.packed_contiguous::<I, N>(simd, row, b, prefetch, &mut acc),
            (_, true) => self.packed_transposed::<I, N>(simd, row, b, prefetch, &mut acc),
            _ => self.packed_gathered::<I, N>(simd, row, b, &mut acc),
        }
        self.finish(simd, row, col, acc);
    }

    /// Adds all steps that are next to each other.
    #[inline(always)]
    fn packed_contiguous<I: Simd, const N: usize>(
        &self,
        simd: I,
        row: usize,
        b: &[[I::f32s; 2]],
        prefetch: &[f32],
        acc: &mut [[I::f32s; 2]; N],
    ) {
        let a = self.left::<N>(row, 0..b.len());
        let lines = prefetch.as_chunks::<LINE>().0;
        let (first, last) = b.split_at(lines.len().min(b.len()));
        for (t, (b, line)) in first.iter().zip(lines).enumerate() {
            prefetch_line(line);
            for n in 0..N {
                let a = simd.splat_f32s(a[n][t]);
                for v in 0..2 {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
        for (t, b) in (first.len()..).zip(last) {
            for n in 0..N {
                let a = simd.splat_f32s(a[n][t]);
                for v in 0..2 {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
    }

    /// Adds all steps of rows that are next to each other.
    #[inline(always)]
    fn packed_transposed<I: Simd, const N: usize>(
        &self,
        simd: I,
        row: usize,
        b: &[[I::f32s; 2]],
        prefetch: &[f32],
        acc: &mut [[I::f32s; 2]; N],
    ) {
        let start = self.rows.at(row);
        let mut lines = prefetch.as_chunks::<LINE>().0.iter();
        for (t, b) in b.iter().enumerate() {
            let a = &self.a[start + self.steps.at(t)..][..N];
            if let Some(line) = lines.next() {
                prefetch_line(line);
            }
            for n in 0..N {
                let a = simd.splat_f32s(a[n]);
                for v in 0..2 {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
    }

    /// Adds all steps wherever they are.
    #[inline(always)]
    fn packed_gathered<I: Simd, const N: usize>(
        &self,
        simd: I,
        row: usize,
        b: &[[I::f32s; 2]],
        acc: &mut [[I::f32s; 2]; N],
    ) {
        let a = self.left::<N>(row, 0..self.steps.span());
        for (t, b) in b.iter().enumerate() {
            let step = self.steps.at(t);
            for n in 0..N {
                let a = simd.splat_f32s(a[n][step]);
                for v in 0..2 {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
    }
}
