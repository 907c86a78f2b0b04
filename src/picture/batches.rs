//! Single batches of a run: where most of them lie, and those that stand out.

use std::ops::Range;

use super::axis::YAxis;
use crate::stats::quantile;

/// Fewest batches that are summed up together: less have no quantiles worth drawing.
const MIN_GROUP: usize = 32;

/// Width of such a group, in columns of pixels.
const GROUP_COLUMNS: usize = 12;

/// Share of the batches that the band leaves out at each end.
const TAIL: f64 = 0.1;

/// From the distance between the median and an end of the band to the standard deviation of a
/// normal distribution.
const SIGMA_OF_HALF: f64 = 1.0 / 1.2816;

/// A batch stands out if it is this many standard deviations worse than those around it and on both
/// sides of it, and by this share of the height of the plot.
const SIGMAS: f64 = 6.0;
const TALL: f64 = 0.2;

/// Number of batches on each side that one is compared with.
const N_BESIDE: usize = 4;

/// Most spikes that are drawn.
const MAX_SPIKES: usize = 64;

/// A batch that is far worse than those beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Its position.
    pub x: f64,
    /// The median of those around it.
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
    /// a plot of `n_columns` columns of pixels.
    pub fn new(metric: YAxis, points: &[[f64; 2]], first: usize, n_columns: usize) -> Batches {
        let n_groups = (n_columns / GROUP_COLUMNS).max(1);
        let size = points.len().div_ceil(n_groups).max(MIN_GROUP);
        let mut batches = Batches::default();
        for group in groups(points.len(), first, size.next_power_of_two()) {
            let middle = (points[group.start][0] + points[group.end - 1][0]) / 2.0;
            let ends = band(points, &group);
            batches
                .band
                .extend(ends.map(|[low, _, high]| [middle, low, high]));
        }
        batches.reach_ends(points);
        // A wide group may contain all of a falling loss: the noise is measured in small ones.
        for group in groups(points.len(), first, MIN_GROUP) {
            let Some(ends) = band(points, &group) else {
                continue;
            };
            let spikes = group.filter_map(|idx| spike(metric, points, idx, ends));
            batches.spikes.extend(spikes);
        }
        batches.keep_tallest();
        batches
    }

    fn keep_tallest(&mut self) {
        let height = |spike: &Spike| (spike.to - spike.from).abs();
        let mut heights: Vec<f64> = self.spikes.iter().map(height).collect();
        if heights.len() > MAX_SPIKES {
            heights.sort_by(|a, b| b.total_cmp(a));
            self.spikes.retain(|s| height(s) > heights[MAX_SPIKES]);
        }
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

/// Splits `n` points, of which the first is number `first` of its run. Groups begin at the same
/// batches whatever is shown, so that a band does not move while a run goes on.
fn groups(n: usize, first: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let start_of = move |group: usize| (group * size).saturating_sub(first);
    (first / size..(first + n).div_ceil(size))
        .map(move |group| start_of(group)..start_of(group + 1).min(n))
        .filter(|group| !group.is_empty())
}

/// The values between which most of a group lie, with their median between them. A short one at
/// an end borrows from its neighbor.
fn band(points: &[[f64; 2]], group: &Range<usize>) -> Option<[f64; 3]> {
    let start = group.start.min(points.len().saturating_sub(MIN_GROUP));
    let end = group.end.max((start + MIN_GROUP).min(points.len()));
    let around = points[start..end].iter().map(|p| p[1]);
    let mut values: Vec<f64> = around.filter(|y| y.is_finite()).collect();
    let mut at = |share| quantile(&mut values, share);
    Some([at(TAIL)?, at(0.5)?, at(1.0 - TAIL)?])
}

/// The batch at `idx` as a spike, if it is far worse than the median of those around it, whose band
/// is `ends`, and than the best on each side of it: a curve that falls fast has no spikes.
fn spike(metric: YAxis, points: &[[f64; 2]], idx: usize, ends: [f64; 3]) -> Option<Spike> {
    let [x, to] = points[idx];
    let [low, from, high] = ends;
    // A high loss is bad, and so is a low accuracy.
    let (sign, half) = match metric {
        YAxis::Loss => (1.0, high - from),
        YAxis::Accuracy => (-1.0, from - low),
    };
    let is_far = |other: f64| sign * (to - other) > SIGMAS * SIGMA_OF_HALF * half;
    let has_far = |beside: &[[f64; 2]]| beside.iter().any(|p| is_far(p[1]));
    let left = &points[idx.saturating_sub(N_BESIDE)..idx];
    let right = &points[idx + 1..(idx + 1 + N_BESIDE).min(points.len())];
    let is_spike =
        to.is_finite() && is_far(from) && has_far(left) && (right.is_empty() || has_far(right));
    is_spike.then_some(Spike { x, from, to })
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
