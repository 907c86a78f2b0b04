//! Labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang 2021), as
//! cleanlab computes it: `find_label_issues(filter_by="prune_by_noise_rate",
//! return_indices_ranked_by="self_confidence")`.
//!
//! The predictions must be for images that the models were not trained on, or a model that knows an
//! image by heart confirms its label.

use super::predictions::Predictions;

/// What makes a probability count as equal to a threshold, and an answer as the label.
const CLOSE: f64 = 1e-6;

/// The lowest threshold of a class.
const LOWEST_THRESHOLD: f64 = 2e-6;

/// Images of each class that are left alone.
const LEAST_PER_CLASS: f64 = 1.0;

/// The positions of the images whose label is probably wrong, the label with the lowest probability
/// first. Images whose output is not finite are left out.
pub fn label_issues(predictions: &Predictions) -> Vec<usize> {
    let rows = Rows::of(predictions);
    let mut is_issue = vec![false; rows.labels.len()];
    let n_wrong = rows.estimated_wrong(&rows.confident_joint());
    for (label, n_wrong) in n_wrong.iter().enumerate() {
        let own: Vec<usize> = rows.of_label(label).collect();
        if own.len() as f64 <= LEAST_PER_CLASS {
            continue;
        }
        for class in (0..rows.n_classes).filter(|class| *class != label) {
            let mut order = own.clone();
            let margin = |at: usize| rows.p(at, class) - rows.p(at, label);
            order.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)));
            let n = n_wrong[class] as usize;
            order.into_iter().take(n).for_each(|at| is_issue[at] = true);
        }
    }
    let is_found = |&at: &usize| is_issue[at] && !rows.is_answer(at);
    let mut found: Vec<usize> = (0..is_issue.len()).filter(is_found).collect();
    let of_label = |at: usize| rows.p(at, rows.labels[at]);
    found.sort_by(|&a, &b| of_label(a).total_cmp(&of_label(b)));
    found.into_iter().map(|at| rows.positions[at]).collect()
}

/// Labels and probabilities of the images whose output is finite.
struct Rows {
    positions: Vec<usize>,
    labels: Vec<usize>,
    n_classes: usize,
    probabilities: Vec<f64>,
}

impl Rows {
    fn of(predictions: &Predictions) -> Rows {
        let is_finite = |&at: &usize| predictions.answers()[at].is_some();
        let positions: Vec<usize> = (0..predictions.len()).filter(is_finite).collect();
        let row = |&at: &usize| predictions.probabilities(at).iter().map(|p| f64::from(*p));
        Rows {
            labels: positions
                .iter()
                .map(|&at| predictions.labels()[at] as usize)
                .collect(),
            probabilities: positions.iter().flat_map(row).collect(),
            n_classes: predictions.n_classes(),
            positions,
        }
    }

    fn row(&self, at: usize) -> &[f64] {
        &self.probabilities[at * self.n_classes..(at + 1) * self.n_classes]
    }

    fn p(&self, at: usize, class: usize) -> f64 {
        self.row(at)[class]
    }

    fn of_label(&self, label: usize) -> impl Iterator<Item = usize> {
        (0..self.labels.len()).filter(move |&at| self.labels[at] == label)
    }

    /// Whether the label is the answer, or as good as that.
    fn is_answer(&self, at: usize) -> bool {
        let label = self.labels[at];
        let favored = |class: usize| self.p(at, class) + if class == label { CLOSE } else { 0.0 };
        first_max((0..self.n_classes).map(favored)) == Some(label)
    }

    /// The mean probability of each class over the images with its label.
    fn thresholds(&self) -> Vec<f64> {
        let threshold = |class: usize| {
            let own: Vec<f64> = self.of_label(class).map(|at| self.p(at, class)).collect();
            match own.is_empty() {
                // No probability reaches it.
                true => 2.0,
                false => (own.iter().sum::<f64>() / own.len() as f64).max(LOWEST_THRESHOLD),
            }
        };
        (0..self.n_classes).map(threshold).collect()
    }

    /// `[label][class]`: how many images with this label are of this class, in all as many as there
    /// are images.
    fn confident_joint(&self) -> Vec<Vec<f64>> {
        let (k, thresholds) = (self.n_classes, self.thresholds());
        let mut joint = vec![vec![0.0_f64; k]; k];
        for at in 0..self.labels.len() {
            let reached = |&class: &usize| self.p(at, class) >= thresholds[class] - CLOSE;
            let confident: Vec<usize> = (0..k).filter(reached).collect();
            let class = match confident.as_slice() {
                [] => continue,
                [class] => *class,
                _ => first_max(self.row(at).iter().copied()).unwrap_or_default(),
            };
            joint[self.labels[at]][class] += 1.0;
        }
        for (label, row) in joint.iter_mut().enumerate() {
            row[label] = row[label].max(1.0);
        }
        self.calibrated(joint)
    }

    /// The joint with as many images of each label as there are.
    fn calibrated(&self, mut joint: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        for (label, row) in joint.iter_mut().enumerate() {
            let sum: f64 = row.iter().sum();
            let n = self.of_label(label).count() as f64;
            row.iter_mut().for_each(|cell| *cell = *cell / sum * n);
        }
        let sum: f64 = joint.iter().flatten().sum();
        let n = self.labels.len() as f64;
        for row in &mut joint {
            row.iter_mut()
                .for_each(|cell| *cell = *cell / sum.max(f64::MIN_POSITIVE) * n);
            round_keeping_sum(row);
        }
        joint
    }

    /// `[label][class]`: how many labels to take for wrong, so that some of each label stay.
    fn estimated_wrong(&self, joint: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let k = self.n_classes;
        // By class, then by label: what is rounded is a row of this.
        let mut wrong = vec![vec![0.0; k]; k];
        for label in 0..k {
            let own = joint[label][label];
            let kept = own.max(LEAST_PER_CLASS);
            let n_not_zero = joint[label].iter().filter(|n| **n != 0.0).count() as f64;
            let less = (kept - own) / (n_not_zero - 1.0).max(1.0);
            for class in 0..k {
                wrong[class][label] = match class == label {
                    true => kept,
                    false => (joint[label][class] - less).max(0.0).trunc(),
                };
            }
        }
        (0..k)
            .map(|label| (0..k).map(|class| wrong[class][label]).collect())
            .collect()
    }
}

/// The index of the largest value, the first of equals.
fn first_max(values: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (idx, value) in values.enumerate() {
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((idx, value));
        }
    }
    best.map(|(idx, _)| idx)
}

/// Rounds the values so that their sum stays the same, rounded: those nearest to the other side go
/// there. Halves go to the even number.
fn round_keeping_sum(values: &mut [f64]) {
    let wanted = values.iter().sum::<f64>().round_ties_even();
    let mut rounded: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    loop {
        let missing = wanted - rounded.iter().sum::<f64>();
        if missing.abs() < 0.5 || values.is_empty() {
            break;
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        let above = |idx: usize| values[idx] - rounded[idx];
        order.sort_by(|&a, &b| above(a).total_cmp(&above(b)));
        if missing > 0.0 {
            order.reverse();
        }
        let n = (missing.abs() as usize).min(values.len());
        for idx in order.into_iter().take(n) {
            rounded[idx] += missing.signum();
        }
    }
    values.copy_from_slice(&rounded);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Loss;

    static FIXTURE: &str = include_str!("../../tests/fixtures/label_issues.json");

    #[derive(serde::Deserialize)]
    struct Case {
        classes: usize,
        labels: Vec<u32>,
        probabilities: Vec<Vec<f64>>,
        joint: Vec<Vec<f64>>,
        issues: Vec<usize>,
    }

    fn rows(case: &Case) -> Rows {
        Rows {
            positions: (0..case.labels.len()).collect(),
            labels: case.labels.iter().map(|&label| label as usize).collect(),
            n_classes: case.classes,
            probabilities: case.probabilities.concat(),
        }
    }

    #[test]
    fn the_list_is_cleanlabs() {
        let cases: Vec<Case> = serde_json::from_str(FIXTURE).unwrap();
        assert!(cases.len() > 3);
        for case in &cases {
            assert_eq!(rows(case).confident_joint(), case.joint);
            // Softmax of the logarithm gives the probabilities back, to the rounding of f32.
            let logits = case
                .probabilities
                .concat()
                .iter()
                .map(|p| p.ln() as f32)
                .collect();
            let labels = case.labels.clone();
            let loss = Loss::CROSS_ENTROPY;
            let predictions =
                Predictions::from_logits(logits, labels, case.classes, loss, None).unwrap();
            assert_eq!(label_issues(&predictions), case.issues);
        }
    }

    #[test]
    fn an_output_that_is_not_finite_says_nothing_about_a_label() {
        let logits = vec![f32::NAN, 0.0, 3.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0, 3.0];
        let labels = vec![0, 0, 1, 1, 1];
        let predictions =
            Predictions::from_logits(logits, labels, 2, Loss::CROSS_ENTROPY, None).unwrap();
        assert_eq!(label_issues(&predictions), [3]);
    }
}
