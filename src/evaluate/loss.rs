//! The loss that training minimizes.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::kernels;

/// The loss that training minimizes; validation and test losses are the same one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Mean cross entropy in nats (`torch.nn.CrossEntropyLoss`).
    CrossEntropy {
        /// Label smoothing: share of the target spread evenly over all classes, in `[0, 1)`
        /// (Szegedy et al. 2016, section 7).
        #[serde(default)]
        label_smoothing: f64,
    },
    /// Mean squared error between the softmax and the one-hot target, over images and classes
    /// (`torch.nn.MSELoss` of the softmax).
    SquaredError,
}

impl Default for Loss {
    fn default() -> Loss {
        Loss::CROSS_ENTROPY
    }
}

impl Loss {
    /// Cross entropy without smoothing.
    pub const CROSS_ENTROPY: Loss = Loss::CrossEntropy {
        label_smoothing: 0.0,
    };

    /// One of each kind.
    pub const ALL: [Loss; 2] = [Loss::CROSS_ENTROPY, Loss::SquaredError];

    /// The name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "cross_entropy",
            Loss::SquaredError => "squared_error",
        }
    }

    /// The name in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "Cross entropy",
            Loss::SquaredError => "Squared error",
        }
    }

    /// Its unit, as shown beside values and axes.
    pub fn unit(&self) -> &'static str {
        match self {
            Loss::CrossEntropy {
                label_smoothing: 0.0,
            } => "cross entropy, nats",
            Loss::CrossEntropy { .. } => "cross entropy with smoothed labels, nats",
            Loss::SquaredError => "squared error",
        }
    }

    /// The [`Loss::unit`] for several runs.
    pub fn common_unit(losses: impl IntoIterator<Item = Loss>) -> &'static str {
        let mut losses = losses.into_iter();
        let first = losses.next().unwrap_or_default();
        match losses.all(|loss| loss == first) {
            true => first.unit(),
            false => "each run's own loss",
        }
    }

    /// Computes the loss of a batch, a scalar.
    ///
    /// * `logits`: `[n, classes]`
    /// * `labels`: u32 `[n]`, each below `classes`
    ///
    /// # Errors
    /// When shapes or labels do not fit.
    pub fn of(&self, logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
        match *self {
            Loss::CrossEntropy {
                label_smoothing: 0.0,
            } => kernels::cross_entropy(logits, labels),
            Loss::CrossEntropy { label_smoothing } => {
                kernels::smoothed_cross_entropy(logits, labels, label_smoothing as f32)
            }
            Loss::SquaredError => kernels::squared_error(logits, labels),
        }
    }

    /// Computes the loss of one image, in f64: their mean over a batch is [`Loss::of`].
    ///
    /// * `logits`: one per class
    /// * `label`: below their number
    pub fn of_image(&self, logits: &[f32], label: u32) -> f64 {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let below = |x: &f32| f64::from(*x) - f64::from(largest);
        let log_sum = logits.iter().map(|x| below(x).exp()).sum::<f64>().ln();
        let surprise = |x: &f32| log_sum - below(x);
        let n = logits.len() as f64;
        match *self {
            Loss::CrossEntropy { label_smoothing } => {
                let own = surprise(&logits[label as usize]);
                if label_smoothing == 0.0 {
                    return own;
                }
                let all = logits.iter().map(surprise).sum::<f64>();
                (1.0 - label_smoothing) * own + label_smoothing / n * all
            }
            Loss::SquaredError => {
                let miss = |(class, x): (usize, &f32)| {
                    let target = f64::from(u8::from(class == label as usize));
                    ((-surprise(x)).exp() - target).powi(2)
                };
                logits.iter().enumerate().map(miss).sum::<f64>() / n
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn the_losses_of_the_images_make_up_that_of_the_batch() {
        let rows = [[0.3f32, -2.0, 5.5], [90.0, -80.0, 1.0], [-1.0, -1.0, -1.5]];
        let labels = [2u32, 1, 0];
        let logits = Tensor::new(&rows, &Device::Cpu).unwrap();
        let batch = Tensor::new(&labels, &Device::Cpu).unwrap();
        let smoothed = Loss::CrossEntropy {
            label_smoothing: 0.2,
        };
        for loss in [Loss::CROSS_ENTROPY, smoothed, Loss::SquaredError] {
            let whole = loss
                .of(&logits, &batch)
                .unwrap()
                .to_scalar::<f32>()
                .unwrap();
            let each = rows
                .iter()
                .zip(labels)
                .map(|(row, l)| loss.of_image(row, l));
            let mean = each.sum::<f64>() / 3.0;
            assert!(
                (mean - f64::from(whole)).abs() < 1e-5 * (1.0 + mean),
                "{loss:?}: {mean} {whole}"
            );
        }
        assert!(Loss::SquaredError.of_image(&[f32::NAN, 1.0], 0).is_nan());
    }
}
