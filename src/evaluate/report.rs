//! Accuracy, loss, the confusion matrix, and precision, recall and F1 of each class.

use serde::{Deserialize, Serialize};

use crate::data::ImageSet;
use crate::model::Classifier;
use crate::train::{Loss, argmax_rows, measure};

/// The evaluation of a classifier on labeled images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Number of images.
    pub n_images: usize,
    /// Share classified correctly, in `[0, 1]`.
    pub accuracy: f64,
    /// Mean loss, of the kind the classifier was trained with.
    pub loss: f64,
    /// Number of images for which the network's output is NaN or infinite. They count as wrong, and
    /// are in no column of the confusion matrix.
    #[serde(default)]
    pub n_not_finite: usize,
    /// The kind of loss.
    pub loss_kind: Loss,
    /// One entry per class.
    pub per_class: Vec<ClassReport>,
    /// `confusion[true class][predicted class]`, in images.
    pub confusion: Vec<Vec<u64>>,
}

/// The evaluation of one class. A share of zero images is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Name of the class.
    pub class: String,
    /// Share of the images predicted as this class that have its label.
    pub precision: f64,
    /// Share of the images of this class that are predicted as it.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Number of images of this class.
    pub support: u64,
}

/// Checks that `classifier` accepts the images of `set`.
///
/// # Errors
/// When the images do not fit the network, in size or in the number of classes.
pub fn check_fit(classifier: &Classifier, set: &ImageSet) -> anyhow::Result<()> {
    let spec = classifier.network.spec();
    let n_classes = spec.classes;
    anyhow::ensure!(
        set.shape() == spec.input,
        "the model expects images of {:?} (channels, height, width), the dataset has {:?}",
        spec.input,
        set.shape()
    );
    let max_label = set.labels().iter().max().copied().unwrap_or(0);
    anyhow::ensure!(
        (max_label as usize) < n_classes,
        "the model has {n_classes} classes, the dataset has label {max_label}"
    );
    Ok(())
}

/// Classifies every image of `set`.
///
/// # Errors
/// When the images do not fit the network, in size or in the number of classes.
pub fn evaluate(classifier: &Classifier, set: &ImageSet) -> anyhow::Result<Report> {
    check_fit(classifier, set)?;
    let n_classes = classifier.network.spec().classes;
    let mut confusion = vec![vec![0; n_classes]; n_classes];
    let mut support = vec![0; n_classes];
    let mut n_not_finite = 0;
    let indices: Vec<u32> = (0..set.len() as u32).collect();
    let loss = trained_with(classifier);
    let metrics = measure(
        &classifier.network,
        loss,
        set,
        &indices,
        |logits, labels| {
            for (class, label) in argmax_rows(logits)?.iter().zip(labels) {
                support[*label as usize] += 1;
                match class {
                    Some(class) => confusion[*label as usize][*class as usize] += 1,
                    None => n_not_finite += 1,
                }
            }
            Ok(())
        },
    )?;
    Ok(Report {
        n_images: set.len(),
        accuracy: metrics.accuracy,
        loss: metrics.loss,
        loss_kind: loss,
        n_not_finite,
        per_class: per_class(&classifier.classes, &confusion, &support),
        confusion,
    })
}

/// Returns the loss that training minimized; cross entropy for a foreign model.
fn trained_with(classifier: &Classifier) -> Loss {
    let config = &classifier.provenance.config;
    let loss = config.get("loss").cloned().unwrap_or_default();
    serde_json::from_value(loss).unwrap_or_default()
}

/// `support` is the number of images of each class: more than the sum of its row of `confusion`, if
/// some have no prediction.
fn per_class(names: &[String], confusion: &[Vec<u64>], support: &[u64]) -> Vec<ClassReport> {
    let share = |part: u64, whole: u64| {
        if whole == 0 {
            0.0
        } else {
            part as f64 / whole as f64
        }
    };
    let report = |(idx, name): (usize, &String)| {
        let hits = confusion[idx][idx];
        let support = support[idx];
        let n_called = confusion.iter().map(|row| row[idx]).sum();
        ClassReport {
            class: name.clone(),
            precision: share(hits, n_called),
            recall: share(hits, support),
            // 2pr / (p + r) with p and r inserted: no extra division by zero.
            f1: share(2 * hits, support + n_called),
            support,
        }
    };
    names.iter().enumerate().map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from scikit-learn's definition, worked by hand.
    #[test]
    fn precision_recall_and_f1_of_a_small_matrix() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let confusion = vec![vec![8, 2, 0], vec![1, 9, 0], vec![0, 0, 0]];
        let r = per_class(&names, &confusion, &[10, 10, 0]);
        assert!((r[0].precision - 8.0 / 9.0).abs() < 1e-12);
        assert!((r[0].recall - 0.8).abs() < 1e-12);
        assert!((r[0].f1 - 16.0 / 19.0).abs() < 1e-12);
        assert!((r[1].precision - 9.0 / 11.0).abs() < 1e-12);
        assert_eq!(
            (r[2].precision, r[2].recall, r[2].f1, r[2].support),
            (0.0, 0.0, 0.0, 0)
        );
    }

    #[test]
    fn an_image_without_an_answer_lowers_recall_and_not_precision() {
        let names = ["a", "b"].map(str::to_owned);
        let confusion = vec![vec![5, 0], vec![0, 10]];
        let r = per_class(&names, &confusion, &[10, 10]);
        assert_eq!((r[0].precision, r[0].recall, r[0].support), (1.0, 0.5, 10));
    }
}
