//! Matrix transposition, one register block at a time: between channels first, which candle's
//! tensors use, and channels last, which the convolutions use inside.

use pulp::{Simd, WithSimd};
use std::any::Any;

/// The destination of the result's rows.
trait Destination {
    fn row(&mut self, index: usize) -> &mut [f32];
}

/// One slice, with rows `ld` apart.
struct Strided<'a> {
    data: &'a mut [f32],
    ld: usize,
}

impl Destination for Strided<'_> {
    #[inline(always)]
    fn row(&mut self, index: usize) -> &mut [f32] {
        &mut self.data[index * self.ld..]
    }
}

/// One slice per row.
impl Destination for &mut [&mut [f32]] {
    #[inline(always)]
    fn row(&mut self, index: usize) -> &mut [f32] {
        self[index]
    }
}

/// The arguments of [`transpose`].
struct Transpose<'a, D> {
    /// `rows` rows of which `cols` columns are used, `ld` apart.
    src: &'a [f32],
    rows: usize,
    cols: usize,
    ld: usize,
    /// `cols` rows of `rows` elements.
    dst: D,
}

/// `dst[c][r] = src[r][c]` for `rows` rows of `src`, `ld` apart, of which `cols` columns are used.
pub(super) fn transpose(
    src: &[f32],
    (rows, cols, ld): (usize, usize, usize),
    dst: &mut [f32],
    dst_ld: usize,
) {
    let dst = Strided {
        data: dst,
        ld: dst_ld,
    };
    super::simd::run(Transpose {
        src,
        rows,
        cols,
        ld,
        dst,
    });
}

/// The same, with a separate slice for each row of the result.
pub(super) fn transpose_rows(
    src: &[f32],
    (rows, cols, ld): (usize, usize, usize),
    dst: &mut [&mut [f32]],
) {
    super::simd::run(Transpose {
        src,
        rows,
        cols,
        ld,
        dst,
    });
}

impl<D: Destination> WithSimd for Transpose<'_, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.blocks::<S, 16>(simd),
            8 => self.blocks::<S, 8>(simd),
            _ => self.elements(),
        }
    }
}

impl<D: Destination> Transpose<'_, D> {
    /// Blocks of L × L, where L is the number of lanes. The last ones are shifted back to be full,
    /// because a partial vector costs ten times as much as a full one: some elements are copied
    /// twice.
    #[inline(always)]
    fn blocks<S: Simd, const L: usize>(mut self, simd: S) {
        for row in (0..self.rows).step_by(L) {
            let row = row.min(self.rows.saturating_sub(L));
            let rows = L.min(self.rows - row);
            for col in (0..self.cols).step_by(L) {
                let col = col.min(self.cols.saturating_sub(L));
                let cols = L.min(self.cols - col);
                if rows == L && cols == L {
                    self.whole::<S, L>(simd, row, col);
                    continue;
                }
                // Few columns are loaded with what follows them, except those of the last rows.
                if rows == L && (row + L - 1) * self.ld + col + L <= self.src.len() {
                    self.narrow::<S, L>(simd, row, col, cols);
                    continue;
                }
                let mut block = [simd.splat_f32s(0.0); L];
                for (r, block) in block.iter_mut().enumerate().take(rows) {
                    let from = &self.src[(row + r) * self.ld + col..][..cols];
                    *block = simd.partial_load_f32s(from);
                }
                let block = turn(simd, block);
                for (c, block) in block.into_iter().enumerate().take(cols) {
                    let to = &mut self.dst.row(col + c)[row..][..rows];
                    simd.partial_store_f32s(to, block);
                }
            }
        }
    }

    /// A full block of L × L, without checks per row, so that it never leaves the registers.
    #[inline(always)]
    fn whole<S: Simd, const L: usize>(&mut self, simd: S, row: usize, col: usize) {
        let src = &self.src[row * self.ld + col..][..(L - 1) * self.ld + L];
        let block = std::array::from_fn(|r| S::as_simd_f32s(&src[r * self.ld..][..L]).0[0]);
        let block = turn::<S, L>(simd, block);
        for (c, block) in block.into_iter().enumerate() {
            let to = &mut self.dst.row(col + c)[row..][..L];
            S::as_mut_simd_f32s(to).0[0] = block;
        }
    }

    /// The first `cols` columns of a full block.
    #[inline(always)]
    fn narrow<S: Simd, const L: usize>(&mut self, simd: S, row: usize, col: usize, cols: usize) {
        let src = &self.src[row * self.ld + col..][..(L - 1) * self.ld + L];
        let block = std::array::from_fn(|r| S::as_simd_f32s(&src[r * self.ld..][..L]).0[0]);
        let block = turn::<S, L>(simd, block);
        for (c, block) in block.iter().enumerate().take(cols) {
            let to = &mut self.dst.row(col + c)[row..][..L];
            S::as_mut_simd_f32s(to).0[0] = *block;
        }
    }

    fn elements(mut self) {
        for row in 0..self.rows {
            for col in 0..self.cols {
                self.dst.row(col)[row] = self.src[row * self.ld + col];
            }
        }
    }
}

/// Transposes L vectors of L lanes.
///
/// Write the address of an element as the bits of its row, then those of its lane. Interleaving
/// row i with row i + L/2 moves the top bit of the row to the bottom of the lane: a rotation of the
/// address by one bit. After log₂ L rotations, row and lane are swapped.
#[inline(always)]
fn turn<S: Simd, const L: usize>(simd: S, mut rows: [S::f32s; L]) -> [S::f32s; L] {
    let mut turned = rows;
    for _ in 0..L.trailing_zeros() {
        for i in 0..L / 2 {
            [turned[2 * i], turned[2 * i + 1]] = interleave(simd, rows[i], rows[i + L / 2]);
        }
        rows = turned;
    }
    rows
}

/// a₀ b₀ a₁ b₁ …, in two vectors.
///
/// The portable interface has no such instruction, so each set gets its own; the type checks are
/// resolved at compile time.
#[inline(always)]
fn interleave<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::bytemuck::cast;
        use pulp::x86::{V3, V4};
        let simd: &dyn Any = &simd;
        if let Some(simd) = simd.downcast_ref::<V4>() {
            let low: [u32; 16] = std::array::from_fn(|i| (i / 2 + i % 2 * 16) as u32);
            let high = low.map(|i| i + 8);
            let pick = |pattern: [u32; 16]| {
                let mixed = simd
                    .avx512f
                    ._mm512_permutex2var_ps(cast(a), cast(pattern), cast(b));
                cast(mixed)
            };
            return [pick(low), pick(high)];
        }
        if let Some(simd) = simd.downcast_ref::<V3>() {
            let low = simd.avx._mm256_unpacklo_ps(cast(a), cast(b));
            let high = simd.avx._mm256_unpackhi_ps(cast(a), cast(b));
            let first = simd.avx._mm256_permute2f128_ps::<0x20>(low, high);
            let second = simd.avx._mm256_permute2f128_ps::<0x31>(low, high);
            return [cast(first), cast(second)];
        }
    }
    let _ = simd;
    unreachable!("only instruction sets of 8 and 16 lanes get here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_changes_places() {
        for (rows, cols) in [(1, 1), (16, 16), (8, 24), (17, 3), (33, 50), (5, 64)] {
            let (ld, dst_ld) = (cols + 3, rows + 1);
            let src: Vec<f32> = (0..rows * ld).map(|i| i as f32).collect();
            let mut dst = vec![0.0; cols * dst_ld];
            transpose(&src, (rows, cols, ld), &mut dst, dst_ld);
            let mut again = vec![0.0; cols * rows];
            let mut slices: Vec<&mut [f32]> = again.chunks_mut(rows).collect();
            transpose_rows(&src, (rows, cols, ld), &mut slices);
            for (row, col) in (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c))) {
                assert_eq!(
                    dst[col * dst_ld + row],
                    src[row * ld + col],
                    "{rows}x{cols}"
                );
                assert_eq!(again[col * rows + row], src[row * ld + col]);
            }
        }
    }
}
