//! Softmax and cross entropy in one: the loss of a classifier.
//!
//! Shapes: logits `[n, classes]`, labels `[n]` → a scalar.
//! Forward: L = mean over samples of log Σⱼ exp(xⱼ − m) − (x_label − m), with m the largest logit,
//! so that no exponential overflows. Backward: dx = dL · (softmax(x) − onehot(label)) / n.
//! With smoothing ε the target is (1 − ε) onehot + ε / classes, so that L mixes in ε times the mean
//! of the same over all classes, and the target takes onehot's place in dx (Szegedy et al. 2016).
//! Sums are in f64 and in order: the matrices are tiny, so this costs nothing and the loss has the
//! same bits for every thread count.

use super::support::{slice, tensor};
use super::tape;
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

struct CrossEntropy {
    labels: Vec<u32>,
    smoothing: f32,
    /// (softmax − target) / n, `[n, classes]`, saved by the forward pass.
    grad: OnceLock<Vec<f32>>,
}

/// The loss of one sample; `grad` receives softmax − target.
fn sample(logits: &[f32], label: usize, smoothing: f32, grad: &mut [f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (x, p) in logits.iter().zip(&mut *grad) {
        *p = (x - largest).exp();
        sum += f64::from(*p);
    }
    let scale = (1.0 / sum) as f32;
    grad.iter_mut().for_each(|p| *p *= scale);
    grad[label] -= 1.0 - smoothing;
    let right = f64::from(logits[label] - largest);
    if smoothing == 0.0 {
        return sum.ln() - right;
    }
    let share = smoothing / logits.len() as f32;
    grad.iter_mut().for_each(|p| *p -= share);
    let total: f64 = logits.iter().map(|x| f64::from(x - largest)).sum();
    sum.ln() - f64::from(1.0 - smoothing) * right - f64::from(share) * total
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, classes) = layout.shape().dims2()?;
        let logits = slice(logits, layout)?;
        let mut grad = vec![0.0; n * classes];
        let mut loss = 0.0;
        let rows = logits
            .chunks_exact(classes)
            .zip(grad.chunks_exact_mut(classes));
        for ((logits, grad), &label) in rows.zip(&self.labels) {
            loss += sample(logits, label as usize, self.smoothing, grad);
            grad.iter_mut().for_each(|p| *p /= n as f32);
        }
        // Every call makes a new op, so the slot is empty.
        let _ = self.grad.set(grad);
        let mean = (loss / n as f64) as f32;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, dl: &Tensor) -> Result<Option<Tensor>> {
        let Some(grad) = self.grad.get() else {
            bail!("cross entropy: backward before forward");
        };
        let dl = dl.to_scalar::<f32>()?;
        tensor(grad.iter().map(|p| p * dl).collect(), logits.shape()).map(Some)
    }
}

/// The labels, each checked to be below the number of classes.
pub(super) fn labels_of(logits: &Tensor, labels: &Tensor) -> Result<Vec<u32>> {
    let (n, classes) = logits.dims2()?;
    if labels.dims() != [n] || n == 0 {
        bail!(
            "loss: expected one label for each of {n} samples, found shape {:?}",
            labels.dims()
        );
    }
    let ids = labels.to_dtype(DType::U32)?.to_vec1::<u32>()?;
    if let Some(i) = ids.iter().position(|&id| id as usize >= classes) {
        bail!(
            "loss: label {} of sample {i} is not below {classes} classes",
            ids[i]
        );
    }
    Ok(ids)
}

/// Mean cross entropy of a batch.
///
/// * `logits`: `[n, classes]`
/// * `labels`: u32 `[n]`, each less than `classes`; anything else is an error
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    if !logits.device().is_cpu() {
        labels_of(logits, labels)?;
        return candle_nn::loss::cross_entropy(logits, &labels.to_dtype(DType::U32)?);
    }
    smoothed_cross_entropy(logits, labels, 0.0)
}

/// Mean cross entropy of a batch with label smoothing: a share `smoothing` of the targets is spread
/// evenly over all classes.
///
/// * `logits`: `[n, classes]`
/// * `labels`: u32 `[n]`, each less than `classes`; anything else is an error
pub fn smoothed_cross_entropy(logits: &Tensor, labels: &Tensor, smoothing: f32) -> Result<Tensor> {
    let op = CrossEntropy {
        labels: labels_of(logits, labels)?,
        smoothing,
        grad: OnceLock::new(),
    };
    if !logits.device().is_cpu() {
        bail!(
            "smoothed cross entropy: not available on {:?}",
            logits.device().location()
        );
    }
    tape::apply1(&logits.contiguous()?, op)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("loss") {
            let labels = case.tensor("labels");
            case.check(&["x"], |x| cross_entropy(&x[0], &labels));
        }
    }

    #[test]
    fn smoothed_values_and_gradients_are_pytorchs() {
        for case in fixture::cases("smoothed") {
            let labels = case.tensor("labels");
            let share = case.number("label_smoothing").unwrap() as f32;
            case.check(&["x"], |x| smoothed_cross_entropy(&x[0], &labels, share));
        }
    }

    #[test]
    fn a_label_out_of_range_is_an_error_that_names_it() {
        let device = candle_core::Device::Cpu;
        let logits = Tensor::zeros((2, 3), DType::F32, &device).unwrap();
        let labels = Tensor::new(&[0u32, 3], &device).unwrap();
        let error = cross_entropy(&logits, &labels).unwrap_err().to_string();
        assert!(error.contains("label 3 of sample 1"), "{error}");
    }
}
