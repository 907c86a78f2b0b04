//! Softmax and squared error in one: a classifier's loss with targets of 0 and 1.
//!
//! Shapes: logits `[n, classes]`, labels `[n]` → a scalar.
//! Forward: L = Σ (p − onehot)² / (n · classes) with p = softmax(x).
//! Backward: with eⱼ = 2 (pⱼ − onehotⱼ) / (n · classes), dxᵢ = dL · pᵢ (eᵢ − Σⱼ eⱼ pⱼ).
//! Sums are in f64 and in order, as in [`super::cross_entropy`].

use super::loss::mean_loss;
use candle_core::{Result, Tensor};

/// Σ (p − onehot)² of one sample; `grad` receives its gradient.
fn sample(logits: &[f32], label: usize, grad: &mut [f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> = logits
        .iter()
        .map(|x| f64::from(x - largest).exp())
        .collect();
    let total: f64 = exps.iter().sum();
    let p = |j: usize| exps[j] / total;
    let error = |j: usize| p(j) - if j == label { 1.0 } else { 0.0 };
    let (mut loss, mut mean) = (0.0, 0.0);
    for j in 0..logits.len() {
        loss += error(j) * error(j);
        mean += 2.0 * error(j) * p(j);
    }
    for (j, grad) in grad.iter_mut().enumerate() {
        *grad = (p(j) * (2.0 * error(j) - mean)) as f32;
    }
    loss
}

/// Mean squared error between the softmax of a batch and its one-hot targets.
///
/// * `logits`: `[n, classes]`
/// * `labels`: u32 `[n]`, each less than `classes`; anything else is an error
pub fn squared_error(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    mean_loss(logits, labels, logits.elem_count(), sample)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("squared_error") {
            let labels = case.tensor("labels");
            case.check(&["x"], |x| squared_error(&x[0], &labels));
        }
    }
}
