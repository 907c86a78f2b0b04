//! The gradient of the Kullback–Leibler divergence at the points.

use pulp::{Simd, WithSimd};

use super::affinities::Affinities;
use crate::kernels::{LANES, for_parts, on_simd};

/// Vectors of points per chunk of work.
const PANELS: usize = 4;

/// Points per chunk of work.
const CHUNK: usize = 64;

/// Terms that are summed before their sum is added to the others: so that little is rounded away.
const BLOCK: usize = 256;

/// Where padding is: it is never read as another point, and its square is finite.
const FAR: f32 = 1e18;

/// Two numbers per point.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    axes: [Vec<f32>; 2],
}

impl Plane {
    pub fn filled(n: usize, value: f32) -> Plane {
        Plane {
            axes: [vec![value; n], vec![value; n]],
        }
    }

    pub fn of_points(points: impl Iterator<Item = [f32; 2]>) -> Plane {
        let (x, y) = points.map(|[x, y]| (x, y)).unzip();
        Plane { axes: [x, y] }
    }

    pub fn len(&self) -> usize {
        self.axes[0].len()
    }

    pub fn axis(&self, axis: usize) -> &[f32] {
        &self.axes[axis]
    }

    pub fn axis_mut(&mut self, axis: usize) -> &mut [f32] {
        &mut self.axes[axis]
    }

    /// The coordinates along both axes, followed by some that are far away, so that vectors are
    /// full.
    fn padded(&self) -> [Vec<f32>; 2] {
        self.axes.clone().map(|mut axis| {
            axis.resize(axis.len().next_multiple_of(LANES), FAR);
            axis
        })
    }
}

/// What other points do to some: two attractive forces, two repulsive ones, and Σ 1 / (1 + d²).
type Forces = [[f32; LANES]; 5];

/// The gradient, with the affinities times `exaggeration`.
pub(super) fn gradient(points: &Plane, affinities: &Affinities, exaggeration: f32) -> Plane {
    let n = points.len();
    if n < 2 || affinities.len() != n {
        return Plane::filled(n, 0.0);
    }
    let [x, y] = points.padded();
    let mut forces: Vec<Forces> = vec![[[0.0; LANES]; 5]; n.div_ceil(LANES)];
    for_parts(forces.chunks_mut(PANELS), |chunk, forces| {
        for (forces, panel) in forces.iter_mut().zip(chunk * PANELS..) {
            on_simd(Pair {
                n,
                x: &x,
                y: &y,
                first: panel * LANES,
                panel: affinities.panel(panel),
                forces,
            });
        }
    });
    let of = |kind: usize| forces.iter().flat_map(move |f| f[kind]).take(n);
    // Each point is no neighbor of itself, but was counted as one.
    let sum: f64 = of(4).map(|near| f64::from(near) - 1.0).sum();
    let repulsion = (1.0 / sum.max(f64::MIN_POSITIVE)) as f32;
    let along = |axis: usize| {
        let both = of(axis).zip(of(2 + axis));
        both.map(|(pull, push)| 4.0 * (exaggeration * pull - repulsion * push))
    };
    Plane::of_points(along(0).zip(along(1)).map(|(x, y)| [x, y]))
}

/// The forces on `LANES` points, each in a lane of its own: so the order of a point's sums is the
/// same for every width of vectors.
struct Pair<'a> {
    n: usize,
    x: &'a [f32],
    y: &'a [f32],
    /// The first of the points.
    first: usize,
    panel: &'a [[f32; LANES]],
    forces: &'a mut Forces,
}

impl WithSimd for Pair<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        for part in (0..LANES).step_by(lanes) {
            let sums = self.sums(simd, part);
            for (sum, to) in sums.iter().zip(self.forces.iter_mut()) {
                S::as_mut_simd_f32s(&mut to[part..part + lanes]).0[0] = *sum;
            }
        }
    }
}

impl Pair<'_> {
    /// The forces on the points of one vector, which begins at lane `part`.
    #[inline(always)]
    fn sums<S: Simd>(&self, simd: S, part: usize) -> [S::f32s; 5] {
        let lanes = S::F32_LANES;
        let load = |from: &[f32]| S::as_simd_f32s(&from[..lanes]).0[0];
        let (x, y) = (
            load(&self.x[self.first + part..]),
            load(&self.y[self.first + part..]),
        );
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let mut sums = [zero; 5];
        for first in (0..self.n).step_by(BLOCK) {
            let mut block = [zero; 5];
            let others = first..self.n.min(first + BLOCK);
            let panel = &self.panel[others.clone()];
            let others = self.x[others.clone()].iter().zip(&self.y[others]);
            for ((other_x, other_y), row) in others.zip(panel) {
                let dx = simd.sub_f32s(x, simd.splat_f32s(*other_x));
                let dy = simd.sub_f32s(y, simd.splat_f32s(*other_y));
                let square = simd.mul_add_f32s(dx, dx, simd.mul_add_f32s(dy, dy, one));
                let near = simd.div_f32s(one, square);
                let pull = simd.mul_f32s(load(&row[part..]), near);
                let push = simd.mul_f32s(near, near);
                block[0] = simd.mul_add_f32s(pull, dx, block[0]);
                block[1] = simd.mul_add_f32s(pull, dy, block[1]);
                block[2] = simd.mul_add_f32s(push, dx, block[2]);
                block[3] = simd.mul_add_f32s(push, dy, block[3]);
                block[4] = simd.add_f32s(block[4], near);
            }
            for (sum, block) in sums.iter_mut().zip(block) {
                *sum = simd.add_f32s(*sum, block);
            }
        }
        sums
    }
}

/// Σ p · ln(p / q), in nats.
pub(super) fn divergence(points: &Plane, affinities: &Affinities) -> f64 {
    let n = points.len();
    if n < 2 || affinities.len() != n {
        return 0.0;
    }
    let [x, y] = [points.axis(0), points.axis(1)].map(|axis| axis.to_vec());
    let near = |i: usize, j: usize| {
        let (dx, dy) = (
            f64::from(x[i]) - f64::from(x[j]),
            f64::from(y[i]) - f64::from(y[j]),
        );
        1.0 / (1.0 + dx * dx + dy * dy)
    };
    // Of each row: Σ p ln p − p ln near, Σ p, Σ near.
    let mut rows = vec![[0.0f64; 3]; n];
    for_parts(rows.chunks_mut(CHUNK), |chunk, rows| {
        for (sums, i) in rows.iter_mut().zip(chunk * CHUNK..) {
            for j in (0..n).filter(|&j| j != i) {
                let (p, near) = (f64::from(affinities.at(i, j)), near(i, j));
                if p > 0.0 {
                    sums[0] += p * (p / near).ln();
                }
                sums[1] += p;
                sums[2] += near;
            }
        }
    });
    let [own, mass, near] = [0, 1, 2].map(|k| rows.iter().map(|row| row[k]).sum::<f64>());
    own + mass * near.ln()
}
