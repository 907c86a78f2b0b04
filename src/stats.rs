//! Statistics of lists of numbers, each with one definition for the whole program.
//!
//! The kernels have vectorized sums of their own.

use std::ops::Range;

/// Returns the index of the largest of one image's logits; the first of equals.
///
/// `None` if any of them is NaN or infinite: softmax would turn the row into NaN, and the index a
/// comparison with NaN ends at would be an accident.
pub fn argmax(logits: &[f32]) -> Option<usize> {
    if logits.is_empty() || !logits.iter().all(|v| v.is_finite()) {
        return None;
    }
    let mut best = 0;
    for (idx, value) in logits.iter().enumerate() {
        if *value > logits[best] {
            best = idx;
        }
    }
    Some(best)
}

/// Returns the mean; NaN without values.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut n = 0_usize;
    let sum: f64 = values.into_iter().inspect(|_| n += 1).sum();
    sum / n as f64
}

/// Returns the sum of the squared deviations from `mean`.
pub fn squared_deviations(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|v| (v - mean).powi(2)).sum()
}

/// Returns the unbiased variance (n − 1); `None` for fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let squares = squared_deviations(values, mean(values.iter().copied()));
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

/// Returns the sample standard deviation (n − 1); `None` for fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

/// Returns the median, of an even number of values the mean of the middle two; `None` without
/// values. Reorders them.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if is_even => Some(f64::midpoint(lower, upper)),
        _ => Some(upper),
    }
}

/// Returns the quantile `q`, interpolated linearly (Hyndman and Fan 1996, type 7, the default of
/// NumPy); `None` without values. Reorders them.
pub fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let at = q * values.len().checked_sub(1)? as f64;
    let (rank, share) = (at.floor() as usize, at.fract());
    let (_, &mut low, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let next = above.iter().copied().min_by(f64::total_cmp);
    match next.filter(|_| share > 0.0) {
        Some(next) => Some(low + share * (next - low)),
        None => Some(low),
    }
}

/// Returns which of the `candidates` to remove from a list of ascending `steps` so that the rest
/// stays evenly spaced: the index of the one whose neighbors are closest, the first of equals. The
/// neighbor of the first is the start of the run.
pub fn most_crowded(steps: &[u64], candidates: Range<usize>) -> Option<usize> {
    let gap = |&at: &usize| {
        let before = at.checked_sub(1).map_or(0, |before| steps[before]);
        steps.get(at + 1).unwrap_or(&steps[at]) - before
    };
    candidates.min_by_key(gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_is_the_largest_and_a_row_that_is_not_finite_has_none() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), Some(1));
        assert_eq!(argmax(&[]), None);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..3 {
                let mut row = [0.5; 3];
                row[at] = bad;
                assert_eq!(argmax(&row), None, "{row:?}");
            }
        }
    }

    #[test]
    fn mean_and_spread_are_those_of_numpy() {
        let values = [2.0, 4.0, 4.0, 10.0];
        assert_eq!(mean(values), 5.0);
        assert_eq!(squared_deviations(&values, 5.0), 36.0);
        assert_eq!(variance(&values), Some(12.0));
        assert_eq!(standard_deviation(&values), Some(12f64.sqrt()));
        assert_eq!([variance(&[]), variance(&[3.0])], [None, None]);
        // Without cancellation far from zero.
        assert_eq!(variance(&[1e9, 1e9 + 1.0, 1e9 + 2.0]), Some(1.0));
    }

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 2.0]), Some(3.0));
        let huge = [1e308, 1.5e308];
        assert_eq!(median(&mut huge.clone()), Some(1.25e308), "no overflow");
        assert_eq!(median(&mut [1.0, 2.0, f64::INFINITY]), Some(2.0));
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = || [40.0, 10.0, 30.0, 20.0, 50.0];
        let of = |q| quantile(&mut values(), q).unwrap();
        assert_eq!([of(0.0), of(0.5), of(1.0)], [10.0, 30.0, 50.0]);
        assert_eq!([of(0.125), of(0.9)], [15.0, 46.0]);
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(
            quantile(&mut [1.0, f64::INFINITY], 0.0),
            Some(1.0),
            "infinity is not multiplied by zero"
        );
    }

    #[test]
    fn the_most_crowded_step_is_removed_first() {
        let steps = [10, 20, 25, 30, 60];
        assert_eq!(most_crowded(&steps, 0..5), Some(2));
        assert_eq!(most_crowded(&steps, 0..2), Some(1));
        assert_eq!(most_crowded(&[5, 10, 15], 0..2), Some(0), "first of equals");
        assert_eq!(most_crowded(&[5, 6], 0..2), Some(1), "the last has itself");
        assert_eq!(most_crowded(&[5], 0..0), None);
    }
}
