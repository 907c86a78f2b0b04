//! Softmax and squared error in one: a classifier's loss with targets of 0 and 1.
//!
//! Shapes: logits `[n, classes]`, labels `[n]` → a scalar.
//! Forward: L = Σ (p − onehot)² / (n · classes) with p = softmax(x).
//! Backward: with eⱼ = 2 (pⱼ − onehotⱼ) / (n · classes), dxᵢ = dL · pᵢ (eᵢ − Σⱼ eⱼ pⱼ).
//! Sums are in f64 and in order, as in [`super::cross_entropy`].

use super::loss::labels_of;
use super::support::{slice, tensor};
use super::tape;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

struct SquaredError {
    labels: Vec<u32>,
    /// dL/dx, `[n, classes]`, saved by the forward pass.
    grad: OnceLock<Vec<f32>>,
}

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

impl CustomOp1 for SquaredError {
    fn name(&self) -> &'static str {
        "squared error"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, classes) = layout.shape().dims2()?;
        let logits = slice(logits, layout)?;
        let mut grad = vec![0.0; n * classes];
        let mut loss = 0.0;
        let rows = logits
            .chunks_exact(classes)
            .zip(grad.chunks_exact_mut(classes));
        let n_values = (n * classes) as f64;
        for ((logits, grad), &label) in rows.zip(&self.labels) {
            loss += sample(logits, label as usize, grad);
            grad.iter_mut().for_each(|p| *p /= n_values as f32);
        }
        // Every call makes a new op, so the slot is empty.
        let _ = self.grad.set(grad);
        let mean = (loss / n_values) as f32;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, dl: &Tensor) -> Result<Option<Tensor>> {
        let Some(grad) = self.grad.get() else {
            bail!("squared error: backward before forward");
        };
        let dl = dl.to_scalar::<f32>()?;
        tensor(grad.iter().map(|p| p * dl).collect(), logits.shape()).map(Some)
    }
}

/// Mean squared error between the softmax of a batch and its one-hot targets.
///
/// * `logits`: `[n, classes]`
/// * `labels`: u32 `[n]`, each less than `classes`; anything else is an error
pub fn squared_error(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let op = SquaredError {
        labels: labels_of(logits, labels)?,
        grad: OnceLock::new(),
    };
    tape::apply1(&logits.contiguous()?, op)
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
