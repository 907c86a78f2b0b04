//! Which output is explained.

use candle_core::{Device, Result, Tensor};

use super::error::ExplainError;
use crate::kernels::{self, Activation};
use crate::stats::argmax;

/// What is explained: the logit of a class, or its difference from the logit of another class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The class; `None` for the network's answer.
    pub class: Option<usize>,
    /// The class whose logit is subtracted: "why this class and not that one?"
    pub against: Option<usize>,
}

impl Target {
    /// The class for an image with these logits.
    pub(super) fn class(self, logits: &[f32]) -> std::result::Result<usize, ExplainError> {
        let Some(answer) = argmax(logits) else {
            return Err(ExplainError::not_finite(logits));
        };
        let class = self.class.unwrap_or(answer);
        for class in [Some(class), self.against].into_iter().flatten() {
            let n_classes = logits.len();
            if class >= n_classes {
                return Err(ExplainError::Class { class, n_classes });
            }
        }
        match self.against == Some(class) {
            true => Err(ExplainError::SameClass(class)),
            false => Ok(class),
        }
    }
}

/// The explained value of each image, `[n, 1]`, of its logits `[n, classes]`. A dense layer of our
/// own, so that the backward pass needs no other ops.
pub(super) fn explained(logits: &Tensor, class: usize, against: Option<usize>) -> Result<Tensor> {
    let mut weight = vec![0.0f32; logits.dim(1)?];
    weight[class] = 1.0;
    if let Some(against) = against {
        weight[against] = -1.0;
    }
    let weight = Tensor::from_vec(weight, (logits.dim(1)?, 1), &Device::Cpu)?;
    let bias = Tensor::new(&[0.0f32], &Device::Cpu)?;
    kernels::dense(logits, &weight, &bias, Activation::Identity)
}
