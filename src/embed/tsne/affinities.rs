//! How much each image is a neighbor of each other one.

use super::distances::Transposed;
use crate::embed::embeddings::Embeddings;
use crate::kernels::{LANES, closure_on_simd, exp, for_parts, sum2};

/// Images per chunk of work: few enough that their embeddings stay in the cache.
const CHUNK: usize = 32;

/// Halvings of the interval in which the width of a Gaussian lies.
const N_HALVINGS: usize = 60;

/// The narrowest Gaussian: images that are equal cannot be told apart by a narrower one either.
const MAX_BETA: f32 = 1e30;

/// How far the logarithm of the perplexity may be off, as in scikit-learn.
const TOLERANCE: f32 = 1e-5;

/// A symmetric matrix of probabilities: they sum to 1, and the diagonal is zero.
#[derive(Clone, Debug)]
pub(super) struct Affinities {
    n: usize,
    /// Panels of `LANES` columns, `[n / LANES, n, LANES]`, padded with zeros.
    panels: Vec<f32>,
}

impl Affinities {
    /// Affinities of embeddings: a Gaussian around each, so wide that it has about `perplexity`
    /// neighbors.
    pub fn new(of: &Embeddings, perplexity: f64) -> Affinities {
        let n = of.len();
        let perplexity = perplexity.min(n.saturating_sub(1) as f64 / 3.0).max(1.0);
        let entropy = perplexity.ln() as f32;
        let across = Transposed::new(of);
        let mut one_way = vec![0.0; n * n];
        for_parts(one_way.chunks_mut(CHUNK * n.max(1)), |chunk, rows| {
            across.distances(of, chunk * CHUNK, rows);
            closure_on_simd(
                #[inline(always)]
                || {
                    for (row, at) in rows.chunks_exact_mut(n).zip(chunk * CHUNK..) {
                        gaussian(row, at, entropy);
                    }
                },
            );
        });
        Affinities {
            n,
            panels: symmetric(&one_way, n),
        }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.n
    }

    /// The columns from `LANES · panel` on, row by row.
    pub fn panel(&self, panel: usize) -> &[[f32; LANES]] {
        let all = self.panels.as_chunks().0;
        &all[panel * self.n..(panel + 1) * self.n]
    }

    /// The probability of two images.
    pub fn at(&self, i: usize, j: usize) -> f32 {
        self.panel(j / LANES)[i][j % LANES]
    }
}

/// Replaces the squares of the distances from the image at `at` by the conditional probabilities of
/// its neighbors, with this entropy in nats.
#[inline(always)]
fn gaussian(row: &mut [f32], at: usize, entropy: f32) {
    let mut others = row.to_vec();
    others.remove(at);
    let nearest = others.iter().copied().fold(f32::INFINITY, f32::min);
    others.iter_mut().for_each(|square| *square -= nearest);
    let mut weights = vec![0.0; others.len()];
    let mean = sum2(&others, &others, |d, _| d) / others.len().max(1) as f32;
    // 1 / (2 σ²), in units that fit the data.
    let (mut beta, mut low, mut high) = (1.0 / mean.max(1.0 / MAX_BETA), 0.0, f32::INFINITY);
    let mut sum = 0.0;
    for _ in 0..N_HALVINGS {
        let each = weights.iter_mut().zip(&others);
        each.for_each(|(weight, square)| *weight = exp(-beta * square));
        sum = sum2(&weights, &weights, |w, _| w);
        let found = sum.ln() + beta * sum2(&weights, &others, |w, d| w * d) / sum;
        if (found - entropy).abs() <= TOLERANCE {
            break;
        }
        match found > entropy {
            true => low = beta,
            false => high = beta,
        }
        beta = match high.is_finite() {
            true => 0.5 * (low + high),
            false => (2.0 * beta).min(MAX_BETA),
        };
    }
    weights.insert(at, 0.0);
    let each = row.iter_mut().zip(&weights);
    each.for_each(|(p, weight)| *p = weight / sum);
}

/// (p_j|i + p_i|j) / 2n, in panels.
fn symmetric(one_way: &[f32], n: usize) -> Vec<f32> {
    let scale = 0.5 / n.max(1) as f32;
    let mut panels = vec![0.0; n.next_multiple_of(LANES) * n];
    for_parts(panels.chunks_mut(n.max(1) * LANES), |panel, rows| {
        let columns = panel * LANES..n.min((panel + 1) * LANES);
        for (row, i) in rows.chunks_exact_mut(LANES).zip(0..) {
            for (p, j) in row.iter_mut().zip(columns.clone()) {
                *p = (one_way[i * n + j] + one_way[j * n + i]) * scale;
            }
        }
    });
    panels
}
