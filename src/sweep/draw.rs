//! What the samplers share.

use rand::Rng as _;

use super::axis::Axis;
use super::point::Point;
use crate::random::{Stream, rng};

/// A setting with its result.
#[derive(Clone, Debug)]
pub(super) struct ObservedTrial {
    /// Its values.
    pub(super) point: Point,
    /// Its cost: lower is better; infinite if it failed.
    pub(super) cost: f64,
}

/// Samples settings.
pub(super) trait Sampler: Send + Sync {
    /// Returns setting `idx`, counted from 0, or `None` if there are no more.
    fn propose(&self, axes: &[Axis], idx: usize, tried: &[ObservedTrial]) -> Option<Point>;
}

/// Makes a point whose active axes are at the positions `at`, in `[0, 1)`.
pub(super) fn point_at(axes: &[Axis], mut at: impl FnMut(usize, &Axis) -> f64) -> Point {
    let mut point = Point::new();
    for (dim, axis) in axes.iter().enumerate() {
        if axis.is_active(&point) {
            point.insert(axis.key.clone(), axis.values.at(at(dim, axis)));
        }
    }
    point
}

/// Makes independent draws for setting `idx`.
pub(super) fn random_point(axes: &[Axis], seed: u64, idx: usize) -> Point {
    point_at(axes, |dim, _| {
        rng(seed, Stream::Sweep, idx as u64, dim as u64).random()
    })
}
