//! Curves as numbers: interpolation, differences, bands.

use serde::{Deserialize, Serialize};

use crate::stats;

/// Points of a curve from left to right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Positions and values; positions never decrease.
    pub points: Vec<[f64; 2]>,
}

/// The width of the band of a group of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spread {
    /// From the smallest to the largest.
    Range,
    /// One standard deviation on both sides of the mean, that of a sample (n − 1).
    Deviation,
}

impl Spread {
    /// Both.
    pub const ALL: [Spread; 2] = [Spread::Range, Spread::Deviation];

    /// The label in the window.
    pub fn label(self) -> &'static str {
        match self {
            Spread::Range => "mean with min–max band",
            Spread::Deviation => "mean ± standard deviation",
        }
    }
}

/// A group of curves at one position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandPoint {
    /// The position.
    pub x: f64,
    /// Lower end of the band.
    pub low: f64,
    /// The mean of the curves.
    pub mean: f64,
    /// Upper end of the band.
    pub high: f64,
}

impl Series {
    /// The curve through the finite points.
    pub fn new(points: impl IntoIterator<Item = [f64; 2]>) -> Series {
        let is_number = |p: &[f64; 2]| p[0].is_finite() && p[1].is_finite();
        Series {
            points: points.into_iter().filter(is_number).collect(),
        }
    }

    /// The value at `x`, linearly interpolated; `None` before the first and after the last point.
    pub fn at(&self, x: f64) -> Option<f64> {
        let next = self.points.partition_point(|p| p[0] < x);
        let &[right, high] = self.points.get(next)?;
        if right == x {
            return Some(high);
        }
        let &[left, low] = self.points.get(next.checked_sub(1)?)?;
        Some(low + (high - low) * (x - left) / (right - left))
    }

    /// This curve minus `baseline`, where both have values.
    #[must_use]
    pub fn minus(&self, baseline: &Series) -> Series {
        let apart = |&[x, y]: &[f64; 2]| Some([x, y - baseline.at(x)?]);
        Series {
            points: self.points.iter().filter_map(apart).collect(),
        }
    }
}

/// Mean and band of `group` at `n` evenly spaced positions where all of its curves have values: a
/// mean of fewer would jump where one of them ends.
pub fn band(group: &[Series], spread: Spread, n: usize) -> Vec<BandPoint> {
    let first = group.iter().map(|s| s.points.first().map(|p| p[0]));
    let last = group.iter().map(|s| s.points.last().map(|p| p[0]));
    let (Some(first), Some(last)) = (
        first.collect::<Option<Vec<f64>>>(),
        last.collect::<Option<Vec<f64>>>(),
    ) else {
        return Vec::new();
    };
    let low = first.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let high = last.into_iter().fold(f64::INFINITY, f64::min);
    if group.is_empty() || low > high || n == 0 {
        return Vec::new();
    }
    let place = |i: usize| match i + 1 == n {
        true => high,
        false => low + (high - low) * i as f64 / (n - 1) as f64,
    };
    let point = |i: usize| {
        let x = place(i);
        let values: Option<Vec<f64>> = group.iter().map(|s| s.at(x)).collect();
        Some(band_point(x, &values?, spread))
    };
    (0..n).filter_map(point).collect()
}

fn band_point(x: f64, values: &[f64], spread: Spread) -> BandPoint {
    let mean = stats::mean(values.iter().copied());
    let (low, high) = match spread {
        Spread::Range => (
            values.iter().copied().fold(f64::INFINITY, f64::min),
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ),
        Spread::Deviation => {
            let deviation = stats::standard_deviation(values).unwrap_or(0.0);
            (mean - deviation, mean + deviation)
        }
    };
    BandPoint { x, low, mean, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: f64, to: f64, n: usize, value: impl Fn(f64) -> f64) -> Series {
        let x = |i: usize| from + (to - from) * i as f64 / (n - 1) as f64;
        Series::new((0..n).map(|i| [x(i), value(x(i))]))
    }

    #[test]
    fn between_two_points_a_curve_is_straight_and_beyond_them_it_is_not() {
        let curve = Series::new([[1.0, 10.0], [3.0, 20.0], [4.0, f64::NAN], [5.0, 0.0]]);
        assert_eq!(curve.at(1.0), Some(10.0));
        assert_eq!(curve.at(2.0), Some(15.0));
        assert_eq!(curve.at(4.0), Some(10.0));
        assert_eq!(curve.at(5.0), Some(0.0));
        assert_eq!(curve.at(0.9), None);
        assert_eq!(curve.at(5.1), None);
        assert_eq!(Series::default().at(0.0), None);
    }

    #[test]
    fn a_difference_is_told_where_both_are_whatever_their_places() {
        let run = line(0.0, 10.0, 11, |x| 3.0 * x);
        let baseline = line(2.0, 8.0, 4, |x| x);
        let apart = run.minus(&baseline);
        let places: Vec<f64> = apart.points.iter().map(|p| p[0]).collect();
        assert_eq!(places, [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!(
            apart
                .points
                .iter()
                .all(|[x, y]| (y - 2.0 * x).abs() < 1e-12)
        );
        assert!(run.minus(&run).points.iter().all(|p| p[1] == 0.0));
    }

    #[test]
    fn a_band_is_mean_and_spread_of_curves_with_places_of_their_own() {
        let group = [
            line(0.0, 10.0, 11, |_| 1.0),
            line(0.0, 10.0, 23, |_| 2.0),
            line(0.0, 10.0, 5, |_| 6.0),
        ];
        for point in band(&group, Spread::Range, 7) {
            assert_eq!((point.low, point.mean, point.high), (1.0, 3.0, 6.0));
        }
        // Deviations −2, −1, 3: the variance of the sample is 14 / 2.
        for point in band(&group, Spread::Deviation, 7) {
            assert!((point.high - 3.0 - 7.0f64.sqrt()).abs() < 1e-12);
            assert!((point.low - 3.0 + 7.0f64.sqrt()).abs() < 1e-12);
        }
    }

    #[test]
    fn a_band_ends_where_the_first_of_its_curves_ends() {
        let group = [line(0.0, 10.0, 11, |x| x), line(4.0, 7.5, 8, |x| x)];
        let points = band(&group, Spread::Range, 8);
        assert_eq!(points.len(), 8);
        assert_eq!((points[0].x, points[7].x), (4.0, 7.5));
        assert!(points.iter().all(|p| (p.mean - p.x).abs() < 1e-12));
        let apart = [line(0.0, 1.0, 3, |x| x), line(2.0, 3.0, 3, |x| x)];
        assert!(band(&apart, Spread::Range, 8).is_empty());
        assert!(band(&[], Spread::Range, 8).is_empty());
        assert!(band(&[Series::default()], Spread::Range, 8).is_empty());
    }

    #[test]
    fn one_curve_is_a_band_without_width() {
        let group = [line(0.0, 1.0, 3, |x| x)];
        let points = band(&group, Spread::Deviation, 3);
        assert!(points.iter().all(|p| p.low == p.mean && p.high == p.mean));
    }
}
