//! The GEMM micro-kernel that convolution and dense layers share: a matrix product whose left side
//! is gathered.
//!
//! `out[r][j] = init + Σ_t a[row(r) + step(t)] · b[t][j]`, for t in ascending order.
//!
//! A dense layer reads its rows at a fixed stride, a weight gradient reads columns, a convolution
//! reads through a table of tap offsets; everything else is the same. The sum is vectorized over j
//! (the lanes) and r (the rows of a register tile), never over t, so every element is one chain of
//! fused multiply-adds in the same order for every tile size, thread count and instruction set.

mod gather;
mod packed;
#[cfg(test)]
mod tests;

use super::buffers::scratch;
use super::simd::{self, InstructionSet, prefetch_line};
pub(super) use gather::{Contiguous, Rows, Steps, Table, Transposed};
use packed::Packed;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Steps of the last, partial columns that are loaded at a time.
// 4 kB of the widest vectors: all rows read them again from the first-level cache.
const DEPTH: usize = 64;

/// Contiguous steps at a time: one check of the bounds for all.
const UNROLLED: usize = 4;

/// Floats per cache line.
const LINE: usize = 16;

/// Columns in two registers of AVX2: what its register tiles have.
pub(super) const PAIR: usize = 16;

/// Columns that a right side with few rows should have next to each other, if it is read again and
/// again: a register tile's.
pub(super) fn panel_width() -> usize {
    match simd::instruction_set() {
        InstructionSet::Avx2 => PAIR,
        _ => 2 * PAIR,
    }
}

/// Whether a product packs the columns of its right side for so many rows.
pub(super) fn packs(rows: usize) -> bool {
    panel_width() == PAIR && rows >= packed::MANY_ROWS
}

/// The initial value of the sums.
#[derive(Clone, Copy)]
pub(super) enum Init<'a> {
    /// Zero.
    Zero,
    /// One value per column.
    Bias(&'a [f32]),
    /// The current output.
    Output,
}

/// Up to two slices to prefetch; most are empty.
pub(super) type Prefetch<'a> = [&'a [f32]; 2];

/// Nothing to prefetch.
pub(super) const NO_PREFETCH: Prefetch<'static> = [&[]; 2];

/// A product.
pub(super) struct Gemm<'a, S> {
    /// The left side's elements.
    pub a: &'a [f32],
    /// The starts of its rows in `a`.
    pub rows: Rows<'a>,
    /// The offsets of the elements of a row.
    pub steps: S,
    /// The right side, `[steps.len(), ldb]`: its last row is as long as the others.
    pub b: &'a [f32],
    pub ldb: usize,
    /// The columns of `b` to use, from 0.
    pub cols: usize,
    /// The result, `[rows, ldc]`.
    pub out: &'a mut [f32],
    pub ldc: usize,
    pub init: Init<'a>,
    /// Whether to clamp the result at zero.
    pub relu: bool,
    /// What will be read next, prefetched meanwhile: one cache line per step.
    pub prefetch: Prefetch<'a>,
}

impl<S: Steps> WithSimd for Gemm<'_, S> {
    type Output = ();

    #[inline(always)]
    fn with_simd<I: Simd>(mut self, simd: I) {
        let is_pair = 2 * I::F32_LANES == PAIR && self.ldb == PAIR && self.cols == PAIR;
        match is_pair {
            true => self.packed_panel(simd, 0, self.b),
            false => self.columns(simd, 0),
        }
    }
}

impl<'a, S: Steps> Gemm<'a, S> {
    /// Computes it.
    pub fn run(mut self) {
        debug_assert!(self.b.len() >= self.steps.len() * self.ldb);
        let is_pair = self.ldb == PAIR && self.cols == PAIR;
        if is_pair || !packs(self.rows.len()) {
            return simd::run(self);
        }
        self.take_padded();
        scratch(self.steps.len() * PAIR, |space| {
            simd::run(Packed { gemm: self, space });
        });
    }

    /// The columns from `col` on, by the largest tiles that fit the registers together with their
    /// factors.
    #[inline(always)]
    fn columns<I: Simd>(&mut self, simd: I, mut col: usize) {
        let lanes = I::F32_LANES;
        let wide = I::REGISTER_COUNT >= 32;
        while col < self.cols {
            let left = self.cols - col;
            if wide && left >= 4 * lanes {
                self.panel::<I, 6, 4>(simd, col);
                col += 4 * lanes;
            } else if wide && left >= 2 * lanes {
                self.panel::<I, 9, 2>(simd, col);
                col += 2 * lanes;
            } else if left >= 2 * lanes {
                self.panel::<I, 6, 2>(simd, col);
                col += 2 * lanes;
            } else if left >= lanes {
                self.panel::<I, 9, 1>(simd, col);
                col += lanes;
            } else {
                self.ragged::<I>(simd, col);
                col = self.cols;
            }
        }
    }

    /// Columns from `col` on, `V` registers wide, all rows, in tiles of at most `N` rows and nearly
    /// equal height: a low tile at the end would wait for its own additions.
    #[inline(always)]
    fn panel<I: Simd, const N: usize, const V: usize>(&mut self, simd: I, col: usize) {
        let rows = self.rows.len();
        let tiles = rows.div_ceil(N);
        let mut row = 0;
        for tile in 0..tiles {
            let end = rows * (tile + 1) / tiles;
            match end - row {
                9 if N >= 9 => self.block::<I, 9, V>(simd, row, col),
                8 if N >= 8 => self.block::<I, 8, V>(simd, row, col),
                7 if N >= 7 => self.block::<I, 7, V>(simd, row, col),
                6 => self.block::<I, 6, V>(simd, row, col),
                5 => self.block::<I, 5, V>(simd, row, col),
                4 => self.block::<I, 4, V>(simd, row, col),
                3 => self.block::<I, 3, V>(simd, row, col),
                2 => self.block::<I, 2, V>(simd, row, col),
                _ => self.block::<I, 1, V>(simd, row, col),
            }
            row = end;
        }
    }

    /// One register tile: `N` rows by `V` vectors.
    #[inline(always)]
    fn block<I: Simd, const N: usize, const V: usize>(&mut self, simd: I, row: usize, col: usize) {
        let width = V * I::F32_LANES;
        let mut acc = self.start::<I, N, V>(simd, row, col);
        let prefetch = self.take_prefetch();
        if S::ARE_TRANSPOSED {
            self.transposed(simd, self.rows.at(row), col, prefetch, &mut acc);
            return self.finish(simd, row, col, acc);
        }
        let a = self.left::<N>(row, 0..self.steps.span());
        let done = match S::ARE_CONTIGUOUS {
            true => self.contiguous(simd, a, col, prefetch, &mut acc),
            false => 0,
        };
        let b = self.b.chunks_exact(self.ldb).skip(done);
        for (t, b) in (done..self.steps.len()).zip(b) {
            let b = I::as_simd_f32s(&b[col..col + width]).0;
            let step = self.steps.at(t);
            if t * LINE < prefetch.len() {
                prefetch_line(&prefetch[t * LINE..]);
            }
            for n in 0..N {
                let a = simd.splat_f32s(a[n][step]);
                for v in 0..V {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
        self.finish(simd, row, col, acc);
    }

    /// What the sums of a tile begin with.
    #[inline(always)]
    fn start<I: Simd, const N: usize, const V: usize>(
        &self,
        simd: I,
        row: usize,
        col: usize,
    ) -> [[I::f32s; V]; N] {
        let width = V * I::F32_LANES;
        let mut acc = [[simd.splat_f32s(0.0); V]; N];
        for (n, acc) in acc.iter_mut().enumerate() {
            let from = match self.init {
                Init::Zero => continue,
                Init::Bias(bias) => &bias[col..col + width],
                Init::Output => &self.out[(row + n) * self.ldc + col..][..width],
            };
            acc.copy_from_slice(I::as_simd_f32s(from).0);
        }
        acc
    }

    /// Stores the sums of a tile.
    #[inline(always)]
    fn finish<I: Simd, const N: usize, const V: usize>(
        &mut self,
        simd: I,
        row: usize,
        col: usize,
        mut acc: [[I::f32s; V]; N],
    ) {
        let (width, zero) = (V * I::F32_LANES, simd.splat_f32s(0.0));
        for (n, acc) in acc.iter_mut().enumerate() {
            if self.relu {
                for v in acc.iter_mut() {
                    // In this order a NaN stays NaN on x86, so that divergence is detected.
                    *v = simd.max_f32s(zero, *v);
                }
            }
            let to = &mut self.out[(row + n) * self.ldc + col..][..width];
            I::as_mut_simd_f32s(to).0.copy_from_slice(acc);
        }
    }

    /// Adds the steps that are next to each other, but for the last few; returns how many.
    #[inline(always)]
    fn contiguous<I: Simd, const N: usize, const V: usize>(
        &self,
        simd: I,
        a: [&[f32]; N],
        col: usize,
        prefetch: &[f32],
        acc: &mut [[I::f32s; V]; N],
    ) -> usize {
        let (width, turns) = (V * I::F32_LANES, self.steps.len() / UNROLLED);
        let mut fours = [[].as_slice(); N];
        for (fours, a) in fours.iter_mut().zip(a) {
            *fours = &a.as_chunks::<UNROLLED>().0[..turns];
        }
        let b = self.b.chunks_exact(UNROLLED * self.ldb);
        for (turn, b) in (0..turns).zip(b) {
            let lines = turn * UNROLLED * LINE..(turn + 1) * UNROLLED * LINE;
            if let Some(lines) = prefetch.get(lines) {
                lines.chunks_exact(LINE).for_each(prefetch_line);
            }
            for t in 0..UNROLLED {
                let b = I::as_simd_f32s(&b[t * self.ldb + col..][..width]).0;
                for n in 0..N {
                    let a = simd.splat_f32s(fours[n][turn][t]);
                    for v in 0..V {
                        acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                    }
                }
            }
        }
        turns * UNROLLED
    }

    /// Adds all steps of rows that are next to each other, from one on.
    #[inline(always)]
    fn transposed<I: Simd, const N: usize, const V: usize>(
        &self,
        simd: I,
        start: usize,
        col: usize,
        prefetch: &[f32],
        acc: &mut [[I::f32s; V]; N],
    ) {
        let width = V * I::F32_LANES;
        for (t, b) in (0..self.steps.len()).zip(self.b.chunks_exact(self.ldb)) {
            let b = I::as_simd_f32s(&b[col..col + width]).0;
            let a = &self.a[start + self.steps.at(t)..][..N];
            if t * LINE < prefetch.len() {
                prefetch_line(&prefetch[t * LINE..]);
            }
            for n in 0..N {
                let a = simd.splat_f32s(a[n]);
                for v in 0..V {
                    acc[n][v] = simd.mul_add_e_f32s(a, b[v], acc[n][v]);
                }
            }
        }
    }

    /// Takes the cache lines to prefetch in the next block, one for each of its steps.
    #[inline(always)]
    fn take_prefetch(&mut self) -> &'a [f32] {
        let most = self.steps.len() * LINE;
        let Some(stretch) = self.prefetch.iter_mut().find(|stretch| !stretch.is_empty()) else {
            return &[];
        };
        let (now, later) = stretch.split_at(stretch.len().min(most));
        *stretch = later;
        now
    }

    /// The last columns, fewer than a register holds. A partial vector load costs ten times as much
    /// as a full one, so those of `b` are loaded once for all rows, some of them at a time.
    #[inline(always)]
    fn ragged<I: Simd>(&mut self, simd: I, col: usize) {
        let mut b = [simd.splat_f32s(0.0); DEPTH];
        let len = self.steps.len();
        for first in (0..len.max(1)).step_by(DEPTH) {
            let steps = first..len.min(first + DEPTH);
            let from = self.b.chunks_exact(self.ldb).skip(first);
            for (b, from) in b.iter_mut().zip(from).take(steps.len()) {
                *b = simd.partial_load_f32s(&from[col..self.cols]);
            }
            let mut row = 0;
            while I::REGISTER_COUNT >= 32 && row + 8 <= self.rows.len() {
                self.ragged_block::<I, 8>(simd, &b, steps.clone(), row, col);
                row += 8;
            }
            // Of eight rows the sums would not stay in sixteen registers.
            while row + 6 <= self.rows.len() {
                self.ragged_block::<I, 6>(simd, &b, steps.clone(), row, col);
                row += 6;
            }
            while row < self.rows.len() {
                self.ragged_block::<I, 1>(simd, &b, steps.clone(), row, col);
                row += 1;
            }
        }
    }

    #[inline(always)]
    fn ragged_block<I: Simd, const N: usize>(
        &mut self,
        simd: I,
        b: &[I::f32s; DEPTH],
        steps: Range<usize>,
        row: usize,
        col: usize,
    ) {
        let cols = self.cols;
        let mut acc = [simd.splat_f32s(0.0); N];
        for (n, acc) in acc.iter_mut().enumerate() {
            *acc = match self.init {
                Init::Zero if steps.start == 0 => continue,
                Init::Bias(bias) if steps.start == 0 => simd.partial_load_f32s(&bias[col..cols]),
                _ => simd.partial_load_f32s(&self.out[(row + n) * self.ldc..][col..cols]),
            };
        }
        let b = &b[..steps.len()];
        match (S::ARE_CONTIGUOUS, S::ARE_TRANSPOSED) {
            (true, _) => {
                let a = self.left::<N>(row, steps.clone());
                for (t, b) in b.iter().enumerate() {
                    for n in 0..N {
                        acc[n] = simd.mul_add_e_f32s(simd.splat_f32s(a[n][t]), *b, acc[n]);
                    }
                }
            }
            (_, true) => {
                let start = self.rows.at(row);
                for (t, b) in steps.clone().zip(b) {
                    let a = &self.a[start + self.steps.at(t)..][..N];
                    for n in 0..N {
                        acc[n] = simd.mul_add_e_f32s(simd.splat_f32s(a[n]), *b, acc[n]);
                    }
                }
            }
            _ => {
                let a = self.left::<N>(row, 0..self.steps.span());
                for (t, b) in steps.clone().zip(b) {
                    let step = self.steps.at(t);
                    for n in 0..N {
                        acc[n] = simd.mul_add_e_f32s(simd.splat_f32s(a[n][step]), *b, acc[n]);
                    }
                }
            }
        }
        let zero = simd.splat_f32s(0.0);
        for (n, acc) in acc.iter_mut().enumerate() {
            if self.relu && steps.end == self.steps.len() {
                *acc = simd.max_f32s(zero, *acc);
            }
            let to = &mut self.out[(row + n) * self.ldc..][col..cols];
            simd.partial_store_f32s(to, *acc);
        }
    }

    /// Some of the elements of the rows of the left side from `row` on.
    // Not `array::from_fn`: in large functions it is not inlined, and a call saves all registers.
    #[inline(always)]
    fn left<const N: usize>(&self, row: usize, elements: Range<usize>) -> [&[f32]; N] {
        let mut left = [[].as_slice(); N];
        for (n, left) in left.iter_mut().enumerate() {
            *left = &self.a[self.rows.at(row + n)..][elements.clone()];
        }
        left
    }
}
