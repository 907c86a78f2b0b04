//! RMSprop (Tieleman and Hinton 2012,
//! <https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf>), like
//! `torch.optim.RMSprop`, not centered.

use super::shared::split_decay;
use crate::kernels::support::{FLUSH_BELOW, flush_tiny};

/// RMSprop's hyperparameters for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropHyper {
    /// Learning rate.
    pub lr: f64,
    /// PyTorch's α, the decay of the mean of the gradient's square.
    pub alpha: f64,
    /// ε, added to the root against division by zero.
    pub epsilon: f64,
    /// Momentum; 0 for none.
    pub momentum: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay is decoupled: applied to the weight instead of added to the gradient.
    pub decoupled: bool,
}

/// The scalars of one step.
#[derive(Clone, Copy)]
pub(in super::super) struct Scalars {
    lr: f32,
    alpha: f32,
    rest: f32,
    epsilon: f32,
    momentum: f32,
    decay: f32,
    keep: f32,
}

impl Scalars {
    pub(super) fn new(h: RmspropHyper) -> Self {
        let (decay, keep) = split_decay(h.lr, h.weight_decay, h.decoupled);
        Self {
            lr: h.lr as f32,
            alpha: h.alpha as f32,
            rest: (1.0 - h.alpha) as f32,
            epsilon: h.epsilon as f32,
            momentum: h.momentum as f32,
            decay,
            keep,
        }
    }

    /// `square`: the mean square; `v`: the velocity, empty without momentum.
    #[inline(always)]
    pub(super) fn step(self, p: &mut [f32], g: &[f32], square: &mut [f32], v: &mut [f32]) {
        if v.is_empty() {
            for ((p, g), square) in p.iter_mut().zip(g).zip(square) {
                *p = *p * self.keep - self.lr * self.scaled(*p, *g, square);
            }
            return;
        }
        for (((p, g), square), v) in p.iter_mut().zip(g).zip(square).zip(v) {
            *v = flush_tiny(self.momentum * *v + self.scaled(*p, *g, square));
            *p = *p * self.keep - self.lr * *v;
        }
    }

    /// The gradient divided by the root of its mean square.
    #[inline(always)]
    fn scaled(self, p: f32, g: f32, square: &mut f32) -> f32 {
        let g = flush_tiny(g + self.decay * p);
        let mean = *square * self.alpha + self.rest * g * g;
        *square = if mean < FLUSH_BELOW * FLUSH_BELOW {
            0.0
        } else {
            mean
        };
        g / (square.sqrt() + self.epsilon)
    }
}
