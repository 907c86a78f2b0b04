//! The distances of all embeddings from each other.

use pulp::{Simd, WithSimd};

use crate::embed::embeddings::Embeddings;
use crate::kernels::{LANES, on_simd};

/// Embeddings whose distances are computed together: each value of a panel is loaded once for all.
const TOGETHER: usize = 4;

/// Embeddings in panels of `LANES`, `[n / LANES, n_dims, LANES]`: a vector has one value of each.
pub(super) struct Transposed {
    n: usize,
    panels: Vec<Vec<[f32; LANES]>>,
}

impl Transposed {
    pub fn new(of: &Embeddings) -> Transposed {
        let n = of.len();
        let panel = |first: usize| {
            let mut panel = vec![[0.0; LANES]; of.n_dims()];
            for (lane, at) in (first..n.min(first + LANES)).enumerate() {
                for (lanes, value) in panel.iter_mut().zip(of.row(at)) {
                    lanes[lane] = *value;
                }
            }
            panel
        };
        Transposed {
            n,
            panels: (0..n).step_by(LANES).map(panel).collect(),
        }
    }

    /// Writes the squares of the distances from some of the embeddings, a row of all for each from
    /// `first` on.
    pub fn distances(&self, of: &Embeddings, first: usize, rows: &mut [f32]) {
        let all: Vec<usize> = (first..first + rows.len() / self.n.max(1)).collect();
        for (number, panel) in self.panels.iter().enumerate() {
            let columns = number * LANES..self.n.min((number + 1) * LANES);
            for some in all.chunks(TOGETHER) {
                // Some may be repeated at the end.
                let of = std::array::from_fn(|i| of.row(some[i.min(some.len() - 1)]));
                let found = on_simd(Squares { panel, of });
                for (at, found) in some.iter().zip(&found) {
                    let row = &mut rows[(at - first) * self.n..][..self.n];
                    row[columns.clone()].copy_from_slice(&found[..columns.len()]);
                }
            }
        }
    }
}

/// The squares of the distances of a panel's embeddings from some others, each in a lane of its own.
struct Squares<'a> {
    panel: &'a [[f32; LANES]],
    of: [&'a [f32]; TOGETHER],
}

impl WithSimd for Squares<'_> {
    type Output = [[f32; LANES]; TOGETHER];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let lanes = S::F32_LANES;
        let mut found = [[0.0; LANES]; TOGETHER];
        let of = self.of.map(|row| &row[..self.panel.len()]);
        for part in (0..LANES).step_by(lanes) {
            let mut sums = [simd.splat_f32s(0.0); TOGETHER];
            for (dim, values) in self.panel.iter().enumerate() {
                let values = S::as_simd_f32s(&values[part..part + lanes]).0[0];
                for (sum, of) in sums.iter_mut().zip(&of) {
                    let difference = simd.sub_f32s(values, simd.splat_f32s(of[dim]));
                    *sum = simd.mul_add_f32s(difference, difference, *sum);
                }
            }
            for (sum, found) in sums.iter().zip(&mut found) {
                S::as_mut_simd_f32s(&mut found[part..part + lanes]).0[0] = *sum;
            }
        }
        found
    }
}
