//! Curves over a threshold: ROC and precision–recall of each class against the rest, and accuracy
//! against coverage.

use super::predictions::Predictions;

/// A point of a curve of one class against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Images whose probability of the class is at least this count as answered with it; infinite
    /// at the first point, where none does.
    pub threshold: f64,
    /// Share of the images of the class that count: the true positive rate.
    pub recall: f64,
    /// Share of the other images that count: the false positive rate.
    pub false_positive_rate: f64,
    /// Share of the images that count which have the label; 1 where none counts.
    pub precision: f64,
}

/// One class against the rest, at every probability that occurs, from the highest down.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCurve {
    /// ROC: recall over false positive rate. Precision–recall: precision over recall.
    pub points: Vec<CurvePoint>,
    /// Area under the ROC curve by trapezoids (`roc_auc_score` of scikit-learn).
    pub roc_auc: f64,
    /// Average precision: Σ (recall − recall before) · precision (`average_precision_score` of
    /// scikit-learn).
    pub average_precision: f64,
}

impl ClassCurve {
    /// The curves of `class`; `None` if all images are of the class, or none is. Images whose
    /// output is not finite are left out.
    pub fn new(predictions: &Predictions, class: u32) -> Option<ClassCurve> {
        let scored = predictions.finite().map(|at| {
            let score = predictions.probabilities(at)[class as usize];
            (score, predictions.labels()[at] == class)
        });
        let scored = descending(scored.collect());
        let n_positive = scored.iter().filter(|(_, is_class)| *is_class).count();
        let n_negative = scored.len() - n_positive;
        if n_positive == 0 || n_negative == 0 {
            return None;
        }
        let point = |threshold: f64, n: usize, hits: usize| CurvePoint {
            threshold,
            recall: hits as f64 / n_positive as f64,
            false_positive_rate: (n - hits) as f64 / n_negative as f64,
            precision: if n == 0 { 1.0 } else { hits as f64 / n as f64 },
        };
        let steps = thresholds(&scored);
        let mut points = vec![point(f64::INFINITY, 0, 0)];
        points.extend(steps.map(|(score, n, hits)| point(f64::from(score), n, hits)));
        let (mut roc_auc, mut average_precision) = (0.0, 0.0);
        for pair in points.windows(2) {
            let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
            roc_auc += width * f64::midpoint(pair[0].recall, pair[1].recall);
            average_precision += (pair[1].recall - pair[0].recall) * pair[1].precision;
        }
        Some(ClassCurve {
            points,
            roc_auc,
            average_precision,
        })
    }
}

/// What a model achieves if it answers only where it is confident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveragePoint {
    /// Answers with at least this confidence are given.
    pub confidence: f64,
    /// Share of all images that get an answer.
    pub coverage: f64,
    /// Share of these answers that are right.
    pub accuracy: f64,
}

/// Accuracy against coverage at every confidence that occurs, from the highest down. Images whose
/// output is not finite never get an answer.
pub fn coverage(predictions: &Predictions) -> Vec<CoveragePoint> {
    let right = predictions.right().enumerate();
    let sure = right.filter_map(|(at, is_right)| Some((predictions.confidence(at)?, is_right)));
    let sure = descending(sure.collect());
    let n_images = predictions.len() as f64;
    thresholds(&sure)
        .map(|(confidence, n, n_right)| CoveragePoint {
            confidence: f64::from(confidence),
            coverage: n as f64 / n_images,
            accuracy: n_right as f64 / n as f64,
        })
        .collect()
}

/// What a model achieves if it answers only from `confidence` on; `None` if it never does.
pub fn coverage_from(points: &[CoveragePoint], confidence: f64) -> Option<CoveragePoint> {
    let n = points.partition_point(|point| point.confidence >= confidence);
    points[..n].last().copied()
}

fn descending(mut scored: Vec<(f32, bool)>) -> Vec<(f32, bool)> {
    scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    scored
}

/// Every distinct score, with the number of images that have at least it, and of hits among them.
fn thresholds(scored: &[(f32, bool)]) -> impl Iterator<Item = (f32, usize, usize)> {
    let (mut n, mut n_hits) = (0, 0);
    scored.chunk_by(|a, b| a.0 == b.0).map(move |equals| {
        n += equals.len();
        n_hits += equals.iter().filter(|(_, is_hit)| *is_hit).count();
        (equals[0].0, n, n_hits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions() -> Predictions {
        let rows = [[0.9, 0.1], [0.8, 0.2], [0.8, 0.2], [0.3, 0.7]];
        Predictions::of_probabilities(&rows, &[0, 0, 1, 1])
    }

    #[test]
    fn equal_scores_are_one_point() {
        let curve = ClassCurve::new(&predictions(), 0).unwrap();
        let rates: Vec<_> = curve
            .points
            .iter()
            .map(|p| (p.recall, p.false_positive_rate))
            .collect();
        assert_eq!(rates, [(0.0, 0.0), (0.5, 0.0), (1.0, 0.5), (1.0, 1.0)]);
        assert_eq!(curve.roc_auc, 0.875);
        assert!((curve.average_precision - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn a_class_without_images_has_no_curve() {
        assert_eq!(ClassCurve::new(&predictions().subset(&[0, 1]), 0), None);
        assert_eq!(ClassCurve::new(&predictions().subset(&[0, 1]), 1), None);
    }

    #[test]
    fn confident_answers_are_fewer_and_better() {
        let points = coverage(&predictions());
        let found: Vec<_> = points.iter().map(|p| (p.coverage, p.accuracy)).collect();
        assert_eq!(found, [(0.25, 1.0), (0.75, 2.0 / 3.0), (1.0, 0.75)]);
        assert_eq!(coverage_from(&points, 0.75), Some(points[1]));
        assert_eq!(coverage_from(&points, 0.95), None);
    }
}
