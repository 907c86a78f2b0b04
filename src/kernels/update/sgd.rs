//! SGD with momentum (<https://proceedings.mlr.press/v28/sutskever13.html>) and SGDW
//! (<https://arxiv.org/abs/1711.05101>), like `torch.optim.SGD` (dampening 0).

use super::shared::split_decay;
use crate::kernels::support::flush_tiny;

/// SGD's hyperparameters for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdHyper {
    /// Learning rate.
    pub lr: f64,
    /// Momentum; 0 for none.
    pub momentum: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay is decoupled: applied to the weight (SGDW) instead of added to the
    /// gradient.
    pub decoupled: bool,
}

/// The scalars of one step.
#[derive(Clone, Copy)]
pub(in super::super) struct Scalars {
    lr: f32,
    momentum: f32,
    nesterov: bool,
    /// Weight decay added to the gradient.
    decay: f32,
    /// Factor of decoupled weight decay.
    keep: f32,
    /// Whether it is the first step, which sets the velocity to the gradient itself.
    first: bool,
}

impl Scalars {
    pub(super) fn new(h: SgdHyper, first: bool) -> Self {
        let (decay, keep) = split_decay(h.lr, h.weight_decay, h.decoupled);
        Self {
            lr: h.lr as f32,
            momentum: h.momentum as f32,
            nesterov: h.nesterov,
            decay,
            keep,
            first,
        }
    }

    /// `v`: the velocity, empty without momentum.
    #[inline(always)]
    pub(super) fn step(self, p: &mut [f32], g: &[f32], v: &mut [f32]) {
        let (lr, mu, decay, keep) = (self.lr, self.momentum, self.decay, self.keep);
        if v.is_empty() {
            p.iter_mut()
                .zip(g)
                .for_each(|(p, g)| *p = *p * keep - lr * (g + decay * *p));
            return;
        }
        for ((p, g), v) in p.iter_mut().zip(g).zip(v) {
            let g = flush_tiny(g + decay * *p);
            *v = flush_tiny(if self.first { g } else { mu * *v + g });
            *p = *p * keep - lr * if self.nesterov { g + mu * *v } else { *v };
        }
    }
}
