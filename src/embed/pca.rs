//! Principal component analysis: the directions in which embeddings vary most.
//!
//! The covariance matrix is never made: a block of directions is multiplied by it again and again,
//! and turned to its eigenvectors within the block (Rayleigh–Ritz), until they no longer change.

use rand::Rng as _;

use super::embeddings::Embeddings;
use super::jacobi::eigen;
use crate::kernels::{closure_on_simd, for_parts};
use crate::random::{Stream, rng};

/// Directions in the block. More than are wanted: the error then shrinks by λ₁₇ / λ₂ each time.
const BLOCK: usize = 16;

/// Parts of a product over all images: a constant, because they are summed in order.
const PARTS: usize = 16;

/// Most products with the covariance.
const MAX_PRODUCTS: usize = 300;

/// What remains of C·v − λ·v, as a share of λ₁, when a direction is good enough.
const TOLERANCE: f64 = 1e-9;

type Row = [f64; BLOCK];

/// The two principal components of embeddings, as `sklearn.decomposition.PCA`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    components: [Vec<f64>; 2],
    /// The share of the whole variance along each component.
    pub explained: [f64; 2],
}

impl Pca {
    /// Finds the components. The largest entry of each is positive.
    pub fn fit(of: &Embeddings) -> Pca {
        let mean = mean(of);
        let mut block = start(of.n_dims());
        orthonormalize(&mut block);
        let mut values = [0.0; BLOCK];
        for _ in 0..MAX_PRODUCTS {
            let product = multiply(of, &mean, &block);
            let vectors;
            (values, vectors) = eigen(gram(&block, &product));
            turn(&mut block, &vectors);
            let mut next = product;
            turn(&mut next, &vectors);
            let rest = (0..2).map(|j| residual(&next, &block, values[j], j));
            if rest.fold(0.0, f64::max) <= TOLERANCE * values[0] {
                break;
            }
            block = next;
            orthonormalize(&mut block);
        }
        let all = variance(of, &mean);
        let share = |value: f64| if all > 0.0 { value.max(0.0) / all } else { 0.0 };
        Pca {
            components: [0, 1].map(|j| component(&block, j)),
            explained: [share(values[0]), share(values[1])],
            mean,
        }
    }

    /// The coordinates of an embedding along the components.
    pub fn project(&self, row: &[f32]) -> [f32; 2] {
        let centered = || row.iter().zip(&self.mean).map(|(x, m)| f64::from(*x) - m);
        let along = |axis: &Vec<f64>| centered().zip(axis).map(|(x, a)| x * a).sum::<f64>() as f32;
        [along(&self.components[0]), along(&self.components[1])]
    }

    /// The coordinates of all embeddings.
    pub fn project_all(&self, of: &Embeddings) -> Vec<[f32; 2]> {
        of.rows().map(|row| self.project(row)).collect()
    }
}

fn mean(of: &Embeddings) -> Vec<f64> {
    let mut sum = vec![0.0; of.n_dims()];
    for row in of.rows() {
        let all = sum.iter_mut().zip(row);
        all.for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let n = of.len().max(1) as f64;
    sum.iter_mut().for_each(|sum| *sum /= n);
    sum
}

/// The variance of all values together.
fn variance(of: &Embeddings, mean: &[f64]) -> f64 {
    let mut sum = 0.0;
    for row in of.rows() {
        let squares = row
            .iter()
            .zip(mean)
            .map(|(x, m)| (f64::from(*x) - m).powi(2));
        sum += squares.sum::<f64>();
    }
    sum / (of.len().max(2) - 1) as f64
}

/// Random directions, `[n_dims, BLOCK]`; no more than there are dimensions.
fn start(n_dims: usize) -> Vec<Row> {
    let mut rng = rng(0, Stream::Pca, 0, 0);
    let row = |_| {
        let mut draw = |j| {
            if j < n_dims {
                rng.random_range(-1.0..1.0)
            } else {
                0.0
            }
        };
        std::array::from_fn(&mut draw)
    };
    (0..n_dims).map(row).collect()
}

/// Returns C·V, where C is the covariance of the embeddings.
fn multiply(of: &Embeddings, mean: &[f64], block: &[Row]) -> Vec<Row> {
    let n_rows = of.len().div_ceil(PARTS).max(1);
    let mut parts = vec![Vec::new(); PARTS];
    let rows = of.values().chunks(n_rows * of.n_dims().max(1));
    for_parts(rows.zip(&mut parts), |_, (rows, part)| {
        *part = vec![[0.0; BLOCK]; block.len()];
        closure_on_simd(
            #[inline(always)]
            || add_rows(rows, mean, block, part),
        );
    });
    let mut sum = vec![[0.0; BLOCK]; block.len()];
    for part in &parts {
        for (sum, part) in sum.iter_mut().zip(part) {
            (0..BLOCK).for_each(|j| sum[j] += part[j]);
        }
    }
    let n = (of.len().max(2) - 1) as f64;
    sum.iter_mut().flatten().for_each(|sum| *sum /= n);
    sum
}

/// Adds (x − m)·((x − m)ᵀ·V) of each row x.
#[inline(always)]
fn add_rows(rows: &[f32], mean: &[f64], block: &[Row], sum: &mut [Row]) {
    for row in rows.chunks_exact(mean.len().max(1)) {
        let mut along = [0.0; BLOCK];
        for ((x, m), directions) in row.iter().zip(mean).zip(block) {
            let x = f64::from(*x) - m;
            (0..BLOCK).for_each(|j| along[j] += x * directions[j]);
        }
        for ((x, m), sum) in row.iter().zip(mean).zip(sum.iter_mut()) {
            let x = f64::from(*x) - m;
            (0..BLOCK).for_each(|j| sum[j] += x * along[j]);
        }
    }
}

/// Returns VᵀW, made symmetric.
fn gram(v: &[Row], w: &[Row]) -> [Row; BLOCK] {
    let mut product = [[0.0; BLOCK]; BLOCK];
    for (v, w) in v.iter().zip(w) {
        for (v, product) in v.iter().zip(&mut product) {
            (0..BLOCK).for_each(|j| product[j] += v * w[j]);
        }
    }
    std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (product[i][j] + product[j][i])))
}

/// Replaces V by V·U.
fn turn(v: &mut [Row], u: &[Row; BLOCK]) {
    for row in v {
        let old = *row;
        *row = [0.0; BLOCK];
        for (old, u) in old.iter().zip(u) {
            (0..BLOCK).for_each(|j| row[j] += old * u[j]);
        }
    }
}

/// The length of column `j` of C·V − λ·V.
fn residual(product: &[Row], block: &[Row], value: f64, j: usize) -> f64 {
    let squares = product
        .iter()
        .zip(block)
        .map(|(w, v)| (w[j] - value * v[j]).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Makes the columns orthonormal (Gram–Schmidt, twice); one that depends on those before it becomes
/// zero.
fn orthonormalize(v: &mut [Row]) {
    for j in 0..BLOCK {
        let before = dot(v, j, j).sqrt();
        for _ in 0..2 {
            for i in 0..j {
                let along = dot(v, i, j);
                v.iter_mut().for_each(|row| row[j] -= along * row[i]);
            }
        }
        let length = dot(v, j, j).sqrt();
        let is_new = length > 1e-12 * before;
        let scale = if is_new { 1.0 / length } else { 0.0 };
        v.iter_mut().for_each(|row| row[j] *= scale);
    }
}

fn dot(v: &[Row], i: usize, j: usize) -> f64 {
    v.iter().map(|row| row[i] * row[j]).sum()
}

/// Column `j`, its largest entry positive.
fn component(block: &[Row], j: usize) -> Vec<f64> {
    let mut column: Vec<f64> = block.iter().map(|row| row[j]).collect();
    let largest =
        column.iter().copied().fold(
            0.0,
            |largest: f64, x| {
                if x.abs() > largest.abs() { x } else { largest }
            },
        );
    if largest < 0.0 {
        column.iter_mut().for_each(|x| *x = -*x);
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_dimensions_and_equal_images_have_a_map_too() {
        let line = Embeddings::new(1, vec![1.0, 2.0, 6.0]);
        let pca = Pca::fit(&line);
        assert_eq!(
            pca.project_all(&line),
            [[-2.0, 0.0], [-1.0, 0.0], [3.0, 0.0]]
        );
        assert!((pca.explained[0] - 1.0).abs() < 1e-12);
        for same in [Embeddings::new(3, vec![2.0; 9]), Embeddings::default()] {
            let pca = Pca::fit(&same);
            assert!(pca.project_all(&same).iter().all(|at| *at == [0.0, 0.0]));
            assert_eq!(pca.explained, [0.0, 0.0]);
        }
    }
}
