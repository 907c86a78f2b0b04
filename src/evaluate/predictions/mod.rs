//! What a model predicts for labeled images: the one form that every number is computed from.

mod make;
#[cfg(test)]
mod tests;

use super::loss::Loss;
use crate::stats::mean;

/// A model's predictions for a set of images. Everything the room tells is computed from them,
/// without running the network again.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    n_classes: usize,
    /// Of each image, its index in the set.
    images: Vec<u32>,
    labels: Vec<u32>,
    /// `[n, classes]`, as the network computed them.
    logits: Vec<f32>,
    /// `[n, classes]`, at the temperature.
    probabilities: Vec<f32>,
    /// `None` if the network's output is not finite.
    answers: Vec<Option<u32>>,
    /// NaN if the network's output is not finite.
    losses: Vec<f64>,
    loss: Loss,
    temperature: Option<f64>,
    /// The mean loss without a temperature as the training loop computes it, in the order of its
    /// batches, so that both report the same bits. `None` if it was not computed for these images.
    measured_loss: Option<f64>,
}

impl Predictions {
    /// The predictions at some positions, in that order.
    ///
    /// # Panics
    /// If one is out of range.
    pub fn subset(&self, positions: &[usize]) -> Predictions {
        let of_rows = |values: &[f32]| {
            let row = |&at: &usize| &values[at * self.n_classes..(at + 1) * self.n_classes];
            positions.iter().flat_map(row).copied().collect()
        };
        Predictions {
            n_classes: self.n_classes,
            images: positions.iter().map(|&at| self.images[at]).collect(),
            labels: positions.iter().map(|&at| self.labels[at]).collect(),
            logits: of_rows(&self.logits),
            probabilities: of_rows(&self.probabilities),
            answers: positions.iter().map(|&at| self.answers[at]).collect(),
            losses: positions.iter().map(|&at| self.losses[at]).collect(),
            loss: self.loss,
            temperature: self.temperature,
            measured_loss: None,
        }
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Of each image, its index in the set.
    pub fn images(&self) -> &[u32] {
        &self.images
    }

    /// The label of each image.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The most probable class of each image, the first of equals; `None` if the network's output
    /// is not finite.
    pub fn answers(&self) -> &[Option<u32>] {
        &self.answers
    }

    /// The loss of each image; NaN if the network's output is not finite.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The kind of loss.
    pub fn loss_kind(&self) -> Loss {
        self.loss
    }

    /// What the logits were divided by.
    pub fn temperature(&self) -> Option<f64> {
        self.temperature
    }

    /// The mean loss; NaN if any output is not finite.
    pub fn mean_loss(&self) -> f64 {
        match (self.temperature, self.measured_loss) {
            (None, Some(measured)) => measured,
            _ => mean(self.losses.iter().copied()),
        }
    }

    /// The logits of the image at `at`, one per class, before they are divided by a temperature.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn logits(&self, at: usize) -> &[f32] {
        &self.logits[at * self.n_classes..(at + 1) * self.n_classes]
    }

    /// The probability of each class for the image at `at`; empty if the network's output is not
    /// finite.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn probabilities(&self, at: usize) -> &[f32] {
        match self.answers[at] {
            Some(_) => &self.probabilities[at * self.n_classes..(at + 1) * self.n_classes],
            None => &[],
        }
    }

    /// The probability of the answer for the image at `at`; `None` if the network's output is not
    /// finite.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn confidence(&self, at: usize) -> Option<f32> {
        self.probabilities(at).iter().copied().reduce(f32::max)
    }

    /// How far the answer for the image at `at` is ahead of the next class, in probability.
    ///
    /// # Panics
    /// If `at` is out of range.
    pub fn margin(&self, at: usize) -> Option<f32> {
        let answer = self.answers[at]? as usize;
        let row = self.probabilities(at);
        let others = row.iter().enumerate().filter(|(class, _)| *class != answer);
        let next = others.map(|(_, p)| *p).fold(0.0, f32::max);
        Some(row[answer] - next)
    }

    /// Whether each image is classified correctly; one without an answer is not.
    pub fn right(&self) -> impl Iterator<Item = bool> {
        let answers = self.answers.iter().zip(&self.labels);
        answers.map(|(answer, label)| *answer == Some(*label))
    }

    /// Positions of the images whose output is finite.
    pub fn finite(&self) -> impl Iterator<Item = usize> {
        let answers = self.answers.iter().enumerate();
        answers.filter_map(|(at, answer)| answer.map(|_| at))
    }

    /// Counts the images for which the network's output is NaN or infinite.
    pub fn n_not_finite(&self) -> usize {
        self.len() - self.finite().count()
    }

    /// The share of images whose label is among the `k` most probable classes; of equals, the first
    /// class is the more probable one, as for the answer.
    pub fn top_k(&self, k: usize) -> f64 {
        let is_in = |at: usize| {
            let (row, label) = (self.logits(at), self.labels[at] as usize);
            let ahead = row.iter().enumerate().filter(|&(class, &logit)| {
                logit > row[label] || (logit == row[label] && class < label)
            });
            ahead.count() < k
        };
        let n_in = self.finite().filter(|&at| is_in(at)).count();
        n_in as f64 / self.len().max(1) as f64
    }
}
