//! Odd ones out: images that are far from their class in the space of a trained model.

use super::embeddings::Embeddings;
use super::neighbors::square_distances;
use crate::kernels::{closure_on_simd, for_parts};

/// An image and how odd it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OddOne {
    /// Its position among the embeddings.
    pub position: usize,
    /// Its Euclidean distance from the mean of its class, divided by the root mean square of that of
    /// all images of the class: 1 is usual, whatever the class.
    pub distance: f64,
}

/// Returns all images, those farthest from the mean of their class first; of equals, the first one. A
/// class of a single image has no mean to be far from: its distance is 0.
///
/// * `labels`: the class of each embedding
pub fn odd_ones(embeddings: &Embeddings, labels: &[u32]) -> Vec<OddOne> {
    let n_classes = labels.iter().max().map_or(0, |&most| most as usize + 1);
    let means = means(embeddings, labels, n_classes);
    let mut squares = vec![0.0f32; embeddings.len()];
    let rows = embeddings.rows().zip(labels).zip(&mut squares);
    for_parts(rows, |_, ((row, &label), square)| {
        let mean = &means[label as usize];
        closure_on_simd(
            #[inline(always)]
            || square_distances(row, mean, std::slice::from_mut(square)),
        );
    });
    let mut sums = vec![(0.0f64, 0usize); n_classes];
    for (&label, &square) in labels.iter().zip(&squares) {
        let (sum, n) = &mut sums[label as usize];
        *sum += f64::from(square);
        *n += 1;
    }
    let distance = |(&square, &label): (&f32, &u32)| {
        let (sum, n) = sums[label as usize];
        match sum > 0.0 {
            true => (f64::from(square) * n as f64 / sum).sqrt(),
            false => 0.0,
        }
    };
    let distances = squares.iter().zip(labels).map(distance);
    let mut all: Vec<OddOne> = distances
        .enumerate()
        .map(|(position, distance)| OddOne { position, distance })
        .collect();
    all.sort_by(|a, b| {
        let farther = b.distance.total_cmp(&a.distance);
        farther.then(a.position.cmp(&b.position))
    });
    all
}

/// The mean embedding of each class; summed in the order of the images.
fn means(embeddings: &Embeddings, labels: &[u32], n_classes: usize) -> Vec<Vec<f32>> {
    let mut sums = vec![(vec![0.0f64; embeddings.n_dims()], 0usize); n_classes];
    for (row, &label) in embeddings.rows().zip(labels) {
        let (sum, n) = &mut sums[label as usize];
        sum.iter_mut()
            .zip(row)
            .for_each(|(sum, x)| *sum += f64::from(*x));
        *n += 1;
    }
    let mean = |(sum, n): (Vec<f64>, usize)| {
        let n = n.max(1) as f64;
        sum.into_iter().map(|x| (x / n) as f32).collect()
    };
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_from_its_own_class_comes_first() {
        // Class 0 around (0, 0), class 1 around (10, 0), wider; the last one lies in class 1 and is
        // labeled 0.
        let rows = [
            [0.1, 0.0],
            [-0.1, 0.0],
            [0.0, 0.1],
            [0.0, -0.1],
            [11.0, 0.0],
            [9.0, 0.0],
            [10.0, 1.0],
            [10.0, -1.0],
            [10.0, 0.0],
        ];
        let labels = [0, 0, 0, 0, 1, 1, 1, 1, 0];
        let found = odd_ones(&Embeddings::new(2, rows.concat()), &labels);
        assert_eq!(found[0].position, 8);
        assert!(found[0].distance > 1.9, "{found:?}");
        // Those of the wide class are as usual as each other.
        let wide: Vec<f64> = (4..8)
            .map(|at| {
                found
                    .iter()
                    .find(|odd| odd.position == at)
                    .unwrap()
                    .distance
            })
            .collect();
        assert!(wide.iter().all(|d| (d - 1.0).abs() < 1e-6), "{wide:?}");
    }

    #[test]
    fn a_class_of_one_image_has_no_odd_one() {
        let found = odd_ones(&Embeddings::new(1, vec![5.0, 1.0, 3.0]), &[0, 2, 2]);
        let alone = found.iter().find(|odd| odd.position == 0).unwrap();
        assert_eq!(alone.distance, 0.0);
        assert!(odd_ones(&Embeddings::default(), &[]).is_empty());
    }
}
