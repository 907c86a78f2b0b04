//! The learning rates that a curve suggests.

use super::LrPoint;

/// Share of its first value that the average must fall by for its shape to mean anything: when there
/// is nothing to learn, the loss only follows the classes of the batches.
const MIN_FALL: f64 = 0.02;

/// A slope extends over this part of the curve to both sides.
const SLOPE_PARTS: usize = 20;

/// Suggested learning rates; `None` if the curve shows none.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct LrSuggestions {
    /// Where the loss falls fastest.
    pub steepest: Option<f64>,
    /// The middle of the second third of the longest descent (fastai's choice).
    pub valley: Option<f64>,
    /// A tenth of the learning rate with the lowest loss.
    pub minimum_tenth: Option<f64>,
}

/// Returns the suggestions of a curve.
pub fn suggest(points: &[LrPoint]) -> LrSuggestions {
    let lowest = (0..points.len()).min_by(|&a, &b| points[a].smooth.total_cmp(&points[b].smooth));
    let has_fallen = |&at: &usize| points[at].smooth < (1.0 - MIN_FALL) * start(points);
    let Some(lowest) = lowest.filter(|&at| at > 1).filter(has_fallen) else {
        return LrSuggestions::default();
    };
    LrSuggestions {
        steepest: steepest(&points[..=lowest], points.len() / SLOPE_PARTS),
        valley: valley(points),
        minimum_tenth: Some(points[lowest].rate / 10.0),
    }
}

/// The average at the end of the first tenth, where it no longer jumps and nothing was learned yet.
fn start(points: &[LrPoint]) -> f64 {
    points
        .get(points.len() / 10)
        .map_or(0.0, |point| point.smooth)
}

/// The learning rate at which the average falls fastest per logarithm of the rate, measured from
/// `reach` points before to as many after: between neighbors, noise decides.
fn steepest(points: &[LrPoint], reach: usize) -> Option<f64> {
    let (reach, last) = (reach.max(1), points.len() - 1);
    // The average of the first few losses still jumps.
    let first = (points.len() / 10).max(1);
    let slope = |i: usize| {
        let (before, after) = (
            &points[i.saturating_sub(reach)],
            &points[last.min(i + reach)],
        );
        (after.smooth - before.smooth) / (after.rate / before.rate).ln()
    };
    let at = (first..points.len() - 1).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
    (slope(at) < 0.0).then(|| points[at].rate)
}

/// The middle of the second third of the longest strictly falling subsequence.
fn valley(points: &[LrPoint]) -> Option<f64> {
    let mut lengths = vec![1usize; points.len()];
    let mut end = 0;
    for i in 1..points.len() {
        for j in 0..i {
            if points[i].smooth < points[j].smooth {
                lengths[i] = lengths[i].max(lengths[j] + 1);
            }
        }
        if lengths[i] > lengths[end] {
            end = i;
        }
    }
    let length = lengths.get(end).copied()?;
    let start = end.saturating_sub(length);
    let third = (end - start) as f64 / 3.0;
    let at = start + third as usize + (third / 2.0) as usize;
    (length > 2).then(|| points[at].rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A textbook curve: flat, then falling around 1e-2, lowest at 0.3, then exploding.
    fn curve() -> Vec<LrPoint> {
        (0..200)
            .map(|i| {
                let rate = 1e-6 * 1e7f64.powf(f64::from(i) / 199.0);
                let fall = 1.0 / (1.0 + (-(rate.log10() + 2.0) * 4.0).exp());
                let smooth = 2.3 - 2.0 * fall + (rate / 1.0).powi(2);
                LrPoint {
                    rate,
                    loss: smooth,
                    smooth,
                }
            })
            .collect()
    }

    #[test]
    fn a_textbook_curve_has_its_textbook_suggestions() {
        let found = suggest(&curve());
        let steepest = found.steepest.unwrap();
        assert!((steepest.log10() + 2.0).abs() < 0.05, "{steepest}");
        let minimum = 10.0 * found.minimum_tenth.unwrap();
        assert!((0.05..0.4).contains(&minimum), "{minimum}");
        let valley = found.valley.unwrap();
        assert!(valley < minimum && valley > 1e-5, "{valley}");
    }

    #[test]
    fn a_curve_that_hardly_falls_suggests_nothing() {
        let flat: Vec<LrPoint> = curve()
            .into_iter()
            .map(|point| LrPoint {
                smooth: 2.3 + 0.01 * (point.smooth - 2.3),
                ..point
            })
            .collect();
        assert_eq!(suggest(&flat), LrSuggestions::default());
    }

    #[test]
    fn a_curve_that_never_falls_suggests_nothing() {
        let rising: Vec<LrPoint> = (1..50)
            .map(|i| LrPoint {
                rate: f64::from(i),
                loss: f64::from(i),
                smooth: f64::from(i),
            })
            .collect();
        assert_eq!(suggest(&rising), LrSuggestions::default());
        assert_eq!(suggest(&[]), LrSuggestions::default());
    }
}
