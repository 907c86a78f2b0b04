//! All numbers about a model's predictions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calibration::{Calibration, brier};
use super::confusion::{Confusion, Scores};
use super::interval::wilson;
use super::loss::Loss;
use super::predictions::Predictions;

/// The `k` for which the share of labels among the `k` most probable classes is told.
const TOP_K: [usize; 4] = [1, 2, 3, 5];

/// The evaluation of a classifier on labeled images.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Number of images.
    pub n_images: usize,
    /// Number of images for which the network's output is NaN or infinite. They count as wrong, are
    /// in no column of the confusion matrix, and take no part in the Brier score and calibration.
    pub n_not_finite: usize,
    /// Share classified correctly, in `[0, 1]`.
    pub accuracy: f64,
    /// 95 % interval of the accuracy (Wilson).
    pub accuracy_interval: [f64; 2],
    /// Share of the most frequent class: the accuracy of always answering it.
    pub baseline_accuracy: f64,
    /// The most frequent class.
    pub baseline_class: u32,
    /// Mean recall of the classes that have images.
    pub balanced_accuracy: f64,
    /// Mean scores of the classes.
    pub macro_scores: Scores,
    /// Mean scores of the classes, weighted by their number of images.
    pub weighted_scores: Scores,
    /// Share of images whose label is among the `k` most probable classes, by `k`.
    pub top_k: BTreeMap<usize, f64>,
    /// Mean loss, of the kind the classifier was trained with.
    pub loss: f64,
    /// The kind of loss.
    pub loss_kind: Loss,
    /// The Brier score, summed over the classes: from 0 to 2.
    pub brier: f64,
    /// Confidence and accuracy.
    pub calibration: Calibration,
    /// What the logits were divided by.
    pub temperature: Option<f64>,
    /// One entry per class.
    pub per_class: Vec<ClassReport>,
    /// The confusion matrix.
    pub confusion: Confusion,
}

/// The evaluation of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// Name of the class.
    pub class: String,
    /// Precision, recall and F1.
    #[serde(flatten)]
    pub scores: Scores,
    /// Number of images of this class.
    pub support: u64,
}

impl Report {
    /// Computes everything.
    ///
    /// * `classes`: their names
    pub fn new(predictions: &Predictions, classes: &[String]) -> Report {
        let confusion = Confusion::new(predictions);
        let (n_right, n) = (confusion.n_right(), confusion.n_images());
        let (baseline_class, n_baseline) = confusion.most_frequent().unwrap_or_default();
        let share = |part: u64| part as f64 / n.max(1) as f64;
        let is_told = |k: &usize| *k == 1 || *k < predictions.n_classes();
        let top_k = TOP_K.into_iter().filter(is_told);
        let rows = classes.iter().zip(confusion.scores());
        let per_class = rows.zip(&confusion.support);
        Report {
            n_images: predictions.len(),
            n_not_finite: predictions.n_not_finite(),
            accuracy: share(n_right),
            accuracy_interval: wilson(n_right, n),
            baseline_accuracy: share(n_baseline),
            baseline_class,
            balanced_accuracy: confusion.balanced_accuracy(),
            macro_scores: confusion.macro_scores(),
            weighted_scores: confusion.weighted_scores(),
            top_k: top_k.map(|k| (k, predictions.top_k(k))).collect(),
            loss: predictions.mean_loss(),
            loss_kind: predictions.loss_kind(),
            brier: brier(predictions),
            calibration: Calibration::new(predictions),
            temperature: predictions.temperature(),
            per_class: per_class
                .map(|((class, scores), support)| ClassReport {
                    class: class.clone(),
                    scores,
                    support: *support,
                })
                .collect(),
            confusion,
        }
    }
}
