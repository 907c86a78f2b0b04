//! Softmax and cross entropy in one: the loss of a classifier.
//!
//! Shapes: logits `[n, classes]`, labels `[n]` → a scalar.
//! Forward: L = mean over samples of log Σⱼ exp(xⱼ − m) − (x_label − m), with m the largest logit,
//! so that no exponential overflows. Backward: dx = dL · (softmax(x) − onehot(label)) / n.
//! Sums run in f64 and in order: the matrices are tiny, so this costs nothing and the loss has
//! the same bits for every thread count.

use super::support::{slice, tensor};
use super::tape;
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

struct CrossEntropy {
    labels: Vec<u32>,
    /// (softmax − onehot) / n, `[n, classes]`, left by the forward pass.
    slope: OnceLock<Vec<f32>>,
}

/// The loss of one sample; `slope` receives softmax − onehot.
fn sample(logits: &[f32], label: usize, slope: &mut [f32]) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (x, p) in logits.iter().zip(&mut *slope) {
        *p = (x - largest).exp();
        sum += f64::from(*p);
    }
    let scale = (1.0 / sum) as f32;
    slope.iter_mut().for_each(|p| *p *= scale);
    slope[label] -= 1.0;
    sum.ln() - f64::from(logits[label] - largest)
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, classes) = layout.shape().dims2()?;
        let logits = slice(logits, layout)?;
        let mut slope = vec![0.0; n * classes];
        let mut loss = 0.0;
        let rows = logits
            .chunks_exact(classes)
            .zip(slope.chunks_exact_mut(classes));
        for ((logits, slope), &label) in rows.zip(&self.labels) {
            loss += sample(logits, label as usize, slope);
            slope.iter_mut().for_each(|p| *p /= n as f32);
        }
        // The op is new for every call, so the slot is empty.
        let _ = self.slope.set(slope);
        let mean = (loss / n as f64) as f32;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, dl: &Tensor) -> Result<Option<Tensor>> {
        let Some(slope) = self.slope.get() else {
            bail!("cross entropy: backward before forward");
        };
        let dl = dl.to_scalar::<f32>()?;
        tensor(slope.iter().map(|p| p * dl).collect(), logits.shape()).map(Some)
    }
}

/// Mean cross entropy of a batch.
///
/// * `logits`: `[n, classes]`
/// * `labels`: u32 `[n]`, each less than `classes`; anything else is an error
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let (n, classes) = logits.dims2()?;
    if labels.dims() != [n] || n == 0 {
        bail!(
            "cross entropy: expected one label for each of {n} samples, found shape {:?}",
            labels.dims()
        );
    }
    let ids = labels.to_dtype(DType::U32)?.to_vec1::<u32>()?;
    if let Some(i) = ids.iter().position(|&id| id as usize >= classes) {
        bail!(
            "cross entropy: label {} of sample {i} is not below {classes} classes",
            ids[i]
        );
    }
    if logits.device().is_cpu() {
        let op = CrossEntropy {
            labels: ids,
            slope: OnceLock::new(),
        };
        return tape::apply1(&logits.contiguous()?, op);
    }
    candle_nn::loss::cross_entropy(logits, &labels.to_dtype(DType::U32)?)
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
    fn a_label_out_of_range_is_an_error_that_names_it() {
        let device = candle_core::Device::Cpu;
        let logits = Tensor::zeros((2, 3), DType::F32, &device).unwrap();
        let labels = Tensor::new(&[0u32, 3], &device).unwrap();
        let error = cross_entropy(&logits, &labels).unwrap_err().to_string();
        assert!(error.contains("label 3 of sample 1"), "{error}");
    }
}
