//! The nearest neighbors of a vector.

use super::embeddings::Embeddings;
use crate::kernels::{closure_on_simd, for_parts, sum2};

/// Embeddings per chunk of work.
const CHUNK: usize = 1024;

/// An image near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// Its position among the embeddings.
    pub position: usize,
    /// The Euclidean distance between the two embeddings.
    pub distance: f32,
}

/// Returns the `n` of `among` that are nearest to `query`, the nearest first; of equals, the first
/// one.
pub fn nearest(among: &Embeddings, query: &[f32], n: usize) -> Vec<Neighbor> {
    let mut squares = vec![0.0f32; among.len()];
    let rows = among.values().chunks(CHUNK * among.n_dims().max(1));
    for_parts(rows.zip(squares.chunks_mut(CHUNK)), |_, (rows, squares)| {
        closure_on_simd(
            #[inline(always)]
            || square_distances(rows, query, squares),
        );
    });
    let mut found: Vec<(f32, usize)> = squares.into_iter().zip(0..).collect();
    let order = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if n < found.len() {
        found.select_nth_unstable_by(n, order);
        found.truncate(n);
    }
    found.sort_unstable_by(order);
    let neighbor = |(square, position): (f32, usize)| Neighbor {
        position,
        distance: square.sqrt(),
    };
    found.into_iter().map(neighbor).collect()
}

/// The square of the distance of each of `rows` from `query`.
#[inline(always)]
pub(super) fn square_distances(rows: &[f32], query: &[f32], squares: &mut [f32]) {
    let rows = rows.chunks_exact(query.len().max(1));
    for (row, square) in rows.zip(squares) {
        *square = sum2(row, query, |a, b| (a - b) * (a - b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_equals_in_their_order() {
        let among = Embeddings::new(2, vec![3.0, 4.0, 0.0, 1.0, 9.0, 9.0, 0.0, -1.0, 1.0, 0.0]);
        let found = nearest(&among, &[0.0, 0.0], 4);
        let found: Vec<_> = found.iter().map(|n| (n.position, n.distance)).collect();
        assert_eq!(found, [(1, 1.0), (3, 1.0), (4, 1.0), (0, 5.0)]);
        assert_eq!(nearest(&among, &[0.0, 0.0], 99).len(), 5);
        assert!(nearest(&Embeddings::default(), &[], 3).is_empty());
    }
}
