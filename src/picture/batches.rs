//! Single batches of a run: where most of them lie, and those that stand out.

use super::axis::YAxis;
use crate::stats::quantile;

/// Fewest batches that are summed up together: less have no quantiles worth drawing.
const MIN_GROUP: usize = 32;

/// Width of such a group, in columns of pixels.
const GROUP_COLUMNS: usize = 12;

/// Share of the batches that the band leaves out at each end.
const TAIL: f64 = 0.1;

/// From the width of the band to the standard deviation of a normal distribution.
const SIGMA_OF_BAND: f64 = 1.0 / 2.563;

/// A batch stands out if it is this many standard deviations worse than those on both sides of it,
/// and by this share of the height of the plot.
const SIGMAS: f64 = 4.0;
const TALL: f64 = 0.15;

/// Number of batches on each side that one is compared with.
const N_BESIDE: usize = 4;

/// Most spikes that are drawn.
const MAX_SPIKES: usize = 64;

/// A batch that is far worse than those beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Its position.
    pub x: f64,
    /// The value beside it.
    pub from: f64,
    /// Its value.
    pub to: f64,
}

impl Spike {
    /// Whether it is tall enough to be told from the noise in a plot with this range.
    pub fn is_tall(&self, (low, high): (f64, f64)) -> bool {
        (self.to - self.from).abs() > TALL * (high - low)
    }
}

/// Extends the range of a plot to the whole height of the tall ones among `spikes`.
pub fn range_with_spikes<'s>(
    range: (f64, f64),
    spikes: impl Iterator<Item = &'s Spike>,
) -> (f64, f64) {
    let tall = spikes.filter(|spike| spike.is_tall(range));
    let (low, high) = tall.fold(range, |(low, high), s| (low.min(s.to), high.max(s.to)));
    let margin = 0.03 * (high - low);
    let is_extended = |new: f64, old: f64| if new == old { 0.0 } else { margin };
    (
        low - is_extended(low, range.0),
        high + is_extended(high, range.1),
    )
}

/// A summary of many batches, in the coordinates of a plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batches {
    /// Positions with the values between which four of five batches lie.
    pub band: Vec<[f64; 3]>,
    /// The batches that stand out, in order.
    pub spikes: Vec<Spike>,
}

impl Batches {
    /// Sums up `points`, positions and values of which the first is number `first` of its run, for
    /// a plot of `n_columns` columns of pixels. Groups begin at the same batches whatever is shown,
    /// so that a band does not move while a run goes on.
    pub fn new(metric: YAxis, points: &[[f64; 2]], first: usize, n_columns: usize) -> Batches {
        let n_groups = (n_columns / GROUP_COLUMNS).max(1);
        let n = points.len().div_ceil(n_groups).max(MIN_GROUP);
        let size = n.next_power_of_two();
        let mut batches = Batches::default();
        let mut start = 0;
        while start < points.len() {
            let end = (start + size - (first + start) % size).min(points.len());
            batches.add_group(metric, points, start..end);
            start = end;
        }
        batches.reach_ends(points);
        let mut tallest = batches.spikes.clone();
        if tallest.len() > MAX_SPIKES {
            tallest.sort_by(|a, b| (b.to - b.from).abs().total_cmp(&(a.to - a.from).abs()));
            let least = (tallest[MAX_SPIKES].to - tallest[MAX_SPIKES].from).abs();
            batches.spikes.retain(|s| (s.to - s.from).abs() > least);
        }
        batches
    }

    fn add_group(&mut self, metric: YAxis, points: &[[f64; 2]], group: std::ops::Range<usize>) {
        // A short group at an end borrows from its neighbor.
        let start = group.start.min(points.len().saturating_sub(MIN_GROUP));
        let end = group.end.max((start + MIN_GROUP).min(points.len()));
        let around = points[start..end].iter().map(|p| p[1]);
        let mut values: Vec<f64> = around.filter(|y| y.is_finite()).collect();
        let ends = [TAIL, 1.0 - TAIL].map(|q| quantile(&mut values, q));
        let [Some(low), Some(high)] = ends else {
            return;
        };
        let middle = (points[group.start][0] + points[group.end - 1][0]) / 2.0;
        self.band.push([middle, low, high]);
        let far = SIGMAS * SIGMA_OF_BAND * (high - low);
        let spikes = group.filter_map(|idx| spike(metric, points, idx, far));
        self.spikes.extend(spikes);
    }

    /// The band reaches from the first point to the last.
    fn reach_ends(&mut self, points: &[[f64; 2]]) {
        let (Some(&first), Some(&last)) = (self.band.first(), self.band.last()) else {
            return;
        };
        self.band.insert(0, [points[0][0], first[1], first[2]]);
        let end = points[points.len() - 1][0];
        self.band.push([end, last[1], last[2]]);
    }
}

/// The batch at `idx` as a spike, if it is worse by `far` than the best on each side of it.
fn spike(metric: YAxis, points: &[[f64; 2]], idx: usize, far: f64) -> Option<Spike> {
    let [x, to] = points[idx];
    // A high loss is bad, and so is a low accuracy.
    let badness = |y: f64| match metric {
        YAxis::Loss => y,
        YAxis::Accuracy => -y,
    };
    let best = |beside: &[[f64; 2]]| {
        let finite = beside.iter().map(|p| p[1]).filter(|y| y.is_finite());
        finite.min_by(|a, b| badness(*a).total_cmp(&badness(*b)))
    };
    let left = best(&points[idx.saturating_sub(N_BESIDE)..idx])?;
    let right = best(&points[idx + 1..(idx + 1 + N_BESIDE).min(points.len())]).unwrap_or(left);
    let from = if badness(left) > badness(right) {
        left
    } else {
        right
    };
    (to.is_finite() && badness(to) - badness(from) > far).then_some(Spike { x, from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A noisy, falling loss.
    fn losses(n: usize) -> Vec<[f64; 2]> {
        let noise = |i: usize| ((i * 7919) % 101) as f64 / 101.0;
        let y = |i: usize| (0.02 + 2.3 * f64::exp(-(i as f64) / 200.0)) * (0.6 + noise(i));
        (0..n).map(|i| [i as f64, y(i)]).collect()
    }

    #[test]
    fn a_band_has_most_of_the_batches_and_no_more() {
        let points = losses(5000);
        let batches = Batches::new(YAxis::Loss, &points, 0, 600);
        assert_eq!(batches.spikes, []);
        let inside = |p: &&[f64; 2]| {
            let at = batches.band.partition_point(|b| b[0] < p[0]).max(1);
            let [a, b] = [batches.band[at - 1], batches.band[at]];
            let share = (p[0] - a[0]) / (b[0] - a[0]);
            p[1] >= a[1] + share * (b[1] - a[1]) && p[1] <= a[2] + share * (b[2] - a[2])
        };
        let share = points.iter().filter(inside).count() as f64 / 5000.0;
        assert!((0.7..0.9).contains(&share), "{share}");
    }

    #[test]
    fn one_bad_batch_is_found_at_any_zoom_and_place() {
        for n in [40, 300, 5000, 40_000] {
            for at in [5, n / 2, n - 2, n - 1] {
                let mut points = losses(n);
                points[at][1] = 9.0;
                for n_columns in [100, 600, 4000] {
                    let batches = Batches::new(YAxis::Loss, &points, 0, n_columns);
                    let tops: Vec<f64> = batches.spikes.iter().map(|s| s.to).collect();
                    assert_eq!(tops, [9.0], "{n} {at} {n_columns}");
                    let range = range_with_spikes((0.0, 2.4), batches.spikes.iter());
                    assert!(range.1 > 9.0 && range.0 == 0.0, "{range:?}");
                }
            }
        }
    }

    #[test]
    fn few_or_no_batches_are_no_matter() {
        assert_eq!(Batches::new(YAxis::Loss, &[], 7, 300), Batches::default());
        let one = Batches::new(YAxis::Accuracy, &[[1.0, 0.5]], 0, 300);
        assert_eq!(one.spikes, []);
        let nan = Batches::new(YAxis::Loss, &[[1.0, f64::NAN]], 0, 300);
        assert_eq!(nan, Batches::default());
    }
}
