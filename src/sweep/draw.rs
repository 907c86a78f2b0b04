//! What the samplers share.

use rand::Rng as _;

use super::axis::Axis;
use super::point::Point;
use super::space::{MAX_LISTED, first_point, n_points};
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
    /// Draws setting `idx`, counted from 0, or `None` if there are no more. `attempt`, counted from
    /// 0, is the number of earlier draws of this setting that had been used before.
    fn draw(
        &self,
        axes: &[Axis],
        idx: usize,
        attempt: u64,
        tried: &[ObservedTrial],
    ) -> Option<Point>;
}

/// Number of draws of a setting before one is taken that was never drawn.
const MAX_DRAWS: u64 = 256;

/// Returns setting `idx`, counted from 0: one that is not among `used`, the settings before it.
/// `None` if there are no more.
pub(super) fn propose(
    sampler: &dyn Sampler,
    axes: &[Axis],
    idx: usize,
    tried: &[ObservedTrial],
    used: &[&Point],
) -> Option<Point> {
    let is_new = |point: &Point| !used.contains(&point);
    let mut draws = (0..MAX_DRAWS).map_while(|attempt| sampler.draw(axes, idx, attempt, tried));
    let first = draws.next()?;
    if is_new(&first) {
        return Some(first);
    }
    if let Some(new) = draws.find(is_new) {
        return Some(new);
    }
    match n_points(axes) {
        Some(n) if n <= MAX_LISTED => first_point(axes, is_new),
        _ => Some(first),
    }
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

/// Returns the seed of another attempt.
pub(super) fn attempt_seed(seed: u64, attempt: u64) -> u64 {
    // An odd number with irregular bits: the golden ratio, as in SplitMix64.
    seed.wrapping_add(attempt.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Makes independent draws for setting `idx`.
pub(super) fn random_point(axes: &[Axis], seed: u64, idx: usize, attempt: u64) -> Point {
    let seed = attempt_seed(seed, attempt);
    point_at(axes, |dim, _| {
        rng(seed, Stream::Sweep, idx as u64, dim as u64).random()
    })
}
