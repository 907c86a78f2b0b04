//! Softmax and cross entropy in one: the loss of a classifier.
//!
//! Shapes: logits `[n, classes]`, labels `[n]` → a scalar.
//! Forward: L = mean over samples of log Σⱼ exp(xⱼ − m) − (x_label − m), with m the largest logit,
//! so that no exponential overflows. Backward: dx = dL · (softmax(x) − onehot(label)) / n.
//! With smoothing ε the target is (1 − ε) onehot + ε / classes, so that L mixes in ε times the mean
//! of the same over all classes, and the target takes onehot's place in dx (Szegedy et al. 2016).
//! Sums are in f64 and in order: the matrices are tiny, so this costs nothing and the loss has the
//! same bits for every thread count.

use super::slice_op::{Context, SliceOp};
use super::support::flush_below;
use super::tape;
use candle_core::{DType, Result, Shape, Tensor, bail};

/// Gradients below this become zero: of an answer of which a network is sure they would be as small as
/// its probability, see [`flush_tiny`](super::support::flush_tiny). But no sooner: those of a batch of
/// sure answers are added to each other, not to larger ones.
const LEAST_GRADIENT: f32 = 1e-20;

/// A mean over a batch, with the sum of each sample given by `sample(logits, label, gradient)`.
struct Loss<F> {
    labels: Vec<u32>,
    /// What the sum over the batch is divided by.
    divisor: usize,
    sample: F,
}

/// The loss of one sample; `grad` receives softmax − target.
fn cross_entropy_of(logits: &[f32], label: usize, smoothing: f32, grad: &mut [f32]) -> f64 {
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

impl<F> SliceOp<1> for Loss<F>
where
    F: Fn(&[f32], usize, &mut [f32]) -> f64 + Send + Sync + 'static,
{
    const NAME: &'static str = "loss";
    /// The gradient, `[n, classes]`: forward has all it takes.
    type Saved = Vec<f32>;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from(())
    }

    fn forward(&self, [logits]: [&[f32]; 1]) -> (Vec<f32>, Vec<f32>) {
        let classes = logits.len() / self.labels.len();
        let mut grad = vec![0.0; logits.len()];
        let mut sum = 0.0;
        let rows = logits
            .chunks_exact(classes)
            .zip(grad.chunks_exact_mut(classes));
        for ((logits, grad), &label) in rows.zip(&self.labels) {
            sum += (self.sample)(logits, label as usize, grad);
            let divisor = self.divisor as f32;
            (grad.iter_mut()).for_each(|p| *p = flush_below(*p / divisor, LEAST_GRADIENT));
        }
        (vec![(sum / self.divisor as f64) as f32], grad)
    }

    fn backward(&self, context: Context<'_, 1, Vec<f32>>) -> [Vec<f32>; 1] {
        // The result, and so its gradient, is a scalar.
        let dl: f32 = context.gradient.iter().sum();
        [context.saved.iter().map(|p| p * dl).collect()]
    }
}

/// The sum over the samples of a batch, divided by `divisor`. `sample(logits, label, gradient)`
/// returns the loss of a sample and writes its gradient.
pub(super) fn mean_loss(
    logits: &Tensor,
    labels: &Tensor,
    divisor: usize,
    sample: impl Fn(&[f32], usize, &mut [f32]) -> f64 + Send + Sync + 'static,
) -> Result<Tensor> {
    let labels = labels_of(logits, labels)?;
    if !logits.device().is_cpu() {
        bail!("loss: not available on {:?}", logits.device().location());
    }
    let op = Loss {
        labels,
        divisor,
        sample,
    };
    tape::apply1(logits, op)
}

/// The labels, each checked to be below the number of classes.
fn labels_of(logits: &Tensor, labels: &Tensor) -> Result<Vec<u32>> {
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
    let n = logits.dim(0)?;
    mean_loss(logits, labels, n, move |logits, label, grad| {
        cross_entropy_of(logits, label, smoothing, grad)
    })
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

    /// What it leaves is far enough from subnormal numbers that its products are, too.
    #[test]
    fn the_gradient_of_a_sure_answer_is_zero() {
        let gradient = |logits: [f32; 6]| {
            let x = Tensor::new(&logits, &candle_core::Device::Cpu).unwrap();
            let x = candle_core::Var::from_tensor(&x.reshape((2, 3)).unwrap()).unwrap();
            let labels = Tensor::new(&[2u32, 0], x.device()).unwrap();
            let gradients = cross_entropy(&x, &labels).unwrap().backward().unwrap();
            let gradient = gradients.get(&x).unwrap().flatten_all().unwrap();
            gradient.to_vec1::<f32>().unwrap()
        };
        let found = gradient([0.0, 40.0, 100.0, 0.0, 0.0, -60.0]);
        assert_eq!(found[..3], [0.0; 3]);
        assert!(found[3] == -0.25 && found[4] == 0.25 && found[5] == 0.0);
        // Not sooner than needed.
        let found = gradient([0.0, 0.0, 40.0, 0.0, 40.0, 0.0]);
        assert!(found[0] > 1e-18 && found[1] > 1e-18 && found[2] == 0.0);
        let found = gradient([0.0, f32::NAN, 1.0, 0.0, 0.0, 0.0]);
        assert!(found[..3].iter().all(|g| g.is_nan()) && found[3] < 0.0);
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
