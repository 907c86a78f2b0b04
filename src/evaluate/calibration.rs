//! Calibration: is a model right as often as it is confident?

use std::ops::Range;

use serde::Serialize;

use super::interval::wilson;
use super::predictions::Predictions;

/// Number of bins of equal width (Guo et al. 2017, and the default of torchmetrics).
pub const N_BINS: usize = 15;

/// The images whose confidence is in one range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Confidences of the bin, without the upper one. The last bin has those that are exactly 1.
    #[serde(skip)]
    pub confidences: Range<f32>,
    /// Number of images.
    pub n_images: u64,
    /// Number of them classified correctly.
    pub n_right: u64,
    /// Their mean confidence; 0 without images.
    pub confidence: f64,
    /// Share of them classified correctly; 0 without images.
    pub accuracy: f64,
    /// 95 % interval of the accuracy.
    pub interval: [f64; 2],
}

/// Confidence and accuracy of images by their confidence, the probability of the answer. Images
/// whose output is not finite have none and are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// [`N_BINS`] bins of equal width, and one for a confidence of exactly 1.
    pub bins: Vec<Bin>,
}

impl Calibration {
    /// Sorts images into bins, as torchmetrics does.
    pub fn new(predictions: &Predictions) -> Calibration {
        let edges = edges();
        let mut sums = vec![(0_u64, 0_u64, 0.0_f64); edges.len()];
        for (at, is_right) in predictions.right().enumerate() {
            let Some(confidence) = predictions.confidence(at) else {
                continue;
            };
            let bin = edges.partition_point(|edge| *edge <= confidence) - 1;
            let (n, n_right, sum) = &mut sums[bin];
            *n += 1;
            *n_right += u64::from(is_right);
            *sum += f64::from(confidence);
        }
        let upper = edges.iter().skip(1).copied().chain([f32::INFINITY]);
        let bin = |((n, n_right, sum), confidences): ((u64, u64, f64), Range<f32>)| Bin {
            confidences,
            n_images: n,
            n_right,
            confidence: sum / n.max(1) as f64,
            accuracy: n_right as f64 / n.max(1) as f64,
            interval: wilson(n_right, n),
        };
        let ranges = edges.iter().zip(upper).map(|(&low, high)| low..high);
        Calibration {
            bins: sums.into_iter().zip(ranges).map(bin).collect(),
        }
    }

    /// The expected calibration error: the mean distance of confidence and accuracy over the
    /// bins, weighted by their images. NaN without images.
    pub fn ece(&self) -> f64 {
        let n: u64 = self.bins.iter().map(|bin| bin.n_images).sum();
        let weighted = |bin: &Bin| bin.gap() * bin.n_images as f64;
        self.bins.iter().map(weighted).sum::<f64>() / n as f64
    }

    /// The maximum calibration error: the largest distance of confidence and accuracy in any bin.
    /// NaN without images.
    pub fn mce(&self) -> f64 {
        let filled = self.bins.iter().filter(|bin| bin.n_images > 0);
        filled.map(Bin::gap).reduce(f64::max).unwrap_or(f64::NAN)
    }
}

impl Bin {
    fn gap(&self) -> f64 {
        (self.accuracy - self.confidence).abs()
    }
}

/// The lower edges of the bins, in f32 and from both ends as `torch.linspace` computes them, so
/// that a confidence on an edge is in the same bin.
fn edges() -> Vec<f32> {
    let step = 1.0 / N_BINS as f32;
    let edge = |i: usize| match i <= N_BINS / 2 {
        true => step * i as f32,
        false => 1.0 - step * (N_BINS - i) as f32,
    };
    (0..=N_BINS).map(edge).collect()
}

/// The Brier score (Brier 1950): the mean over images of the squared distance between the
/// probabilities and the label, summed over the classes: from 0 to 2. NaN without images.
pub fn brier(predictions: &Predictions) -> f64 {
    let of_image = |at: usize| {
        let label = predictions.labels()[at] as usize;
        let row = predictions.probabilities(at).iter().enumerate();
        let square = |(class, p): (usize, &f32)| {
            let target = f64::from(u8::from(class == label));
            (f64::from(*p) - target).powi(2)
        };
        row.map(square).sum()
    };
    crate::stats::mean(predictions.finite().map(of_image))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_of_one_has_a_bin_of_its_own() {
        let rows = [[1.0, 0.0], [0.98, 0.02], [0.4, 0.6], [0.5, 0.5]];
        let calibration = Calibration::new(&Predictions::of_probabilities(&rows, &[0, 1, 1, 1]));
        let filled: Vec<_> = calibration.bins.iter().filter(|b| b.n_images > 0).collect();
        let counts: Vec<_> = filled.iter().map(|b| (b.n_images, b.n_right)).collect();
        assert_eq!(counts, [(1, 0), (1, 1), (1, 0), (1, 1)]);
        assert_eq!(calibration.bins.len(), N_BINS + 1);
        // 0.5, 0.4 and 0.98 away, and exact.
        assert!((calibration.ece() - (0.5 + 0.4 + 0.98) / 4.0).abs() < 1e-7);
        assert!((calibration.mce() - 0.98).abs() < 1e-7);
        assert!(filled[3].confidences.contains(&1.0));
    }

    #[test]
    fn without_images_there_is_no_error() {
        let none = Calibration::new(&Predictions::of_probabilities(&[[0.5; 2]], &[0]).subset(&[]));
        assert!(none.ece().is_nan() && none.mce().is_nan());
    }
}
