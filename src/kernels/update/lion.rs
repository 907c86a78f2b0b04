//! Lion (Chen et al. 2023, <https://arxiv.org/abs/2302.06675>, algorithm 2), with decoupled weight
//! decay.

use super::shared::split_decay;

/// Lion's hyperparameters for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LionHyper {
    /// Learning rate.
    pub lr: f64,
    /// β₁: the share of the momentum in the mean whose sign is the step.
    pub beta1: f64,
    /// β₂, the decay of the momentum, a mean of the gradient.
    pub beta2: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// The scalars of one step.
#[derive(Clone, Copy)]
pub(in super::super) struct Scalars {
    lr: f32,
    beta1: f32,
    beta1_rest: f32,
    beta2: f32,
    beta2_rest: f32,
    /// Factor of decoupled weight decay.
    keep: f32,
}

/// Momentum below this becomes zero. The other rules flush at 1e-16, but a step of Lion has the same
/// length however small the momentum is. So this is as late as possible: only just above the
/// subnormal numbers, with which a processor computes a hundred times slower.
const FLUSH_BELOW: f32 = 1e-37;

impl Scalars {
    pub(super) fn new(h: LionHyper) -> Self {
        let (_, keep) = split_decay(h.lr, h.weight_decay, true);
        Self {
            lr: h.lr as f32,
            beta1: h.beta1 as f32,
            beta1_rest: (1.0 - h.beta1) as f32,
            beta2: h.beta2 as f32,
            beta2_rest: (1.0 - h.beta2) as f32,
            keep,
        }
    }

    /// `m`: the momentum.
    #[inline(always)]
    pub(super) fn step(self, p: &mut [f32], g: &[f32], m: &mut [f32]) {
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            let mean = self.beta1 * *m + self.beta1_rest * g;
            *p = *p * self.keep - self.lr * sign(mean);
            let next = self.beta2 * *m + self.beta2_rest * g;
            *m = if next.abs() < FLUSH_BELOW { 0.0 } else { next };
        }
    }
}

/// 1, 0 or −1; NaN stays NaN, so that a gradient that is not a number does not go unnoticed.
#[inline(always)]
fn sign(x: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, Slot};
    use super::*;
    use candle_core::{Device, Tensor, Var};

    /// Takes a step for each gradient; returns weight and momentum after each.
    fn steps(hyper: LionHyper, start: f32, gradients: &[f32]) -> Vec<(f32, f32)> {
        let param = Var::new(&[start], &Device::Cpu).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let step = |&gradient: &f32| {
            let mut slot = Slot {
                param: &param,
                first: &mut first,
                second: &mut second,
                lr_scale: 1.0,
            };
            let gradient = Tensor::new(&[gradient], &Device::Cpu).unwrap();
            slot.take(&gradient, Rule::Lion(hyper)).unwrap();
            assert!(slot.second.is_empty());
            (param.to_vec1::<f32>().unwrap()[0], slot.first[0])
        };
        gradients.iter().map(step).collect()
    }

    /// By hand, with numbers that f32 holds exactly. The means whose sign is taken are 1, 0, −3/8
    /// and −1/32; before each step the weight shrinks by 1/8.
    #[test]
    fn four_steps_are_those_computed_by_hand() {
        let hyper = LionHyper {
            lr: 0.25,
            beta1: 0.5,
            beta2: 0.75,
            weight_decay: 0.5,
        };
        let expected = [
            (0.625, 0.5),
            (0.546_875, 0.25),
            (0.728_515_6, -0.0625),
            (0.887_451_2, -0.046_875),
        ];
        assert_eq!(steps(hyper, 1.0, &[2.0, -0.5, -1.0, 0.0]), expected);
    }

    #[test]
    fn a_weight_at_rest_keeps_no_subnormal_number_and_nan_stays() {
        let hyper = LionHyper {
            lr: 0.0,
            beta1: 0.9,
            beta2: 0.9,
            weight_decay: 0.0,
        };
        let gradients: Vec<f32> = (0..1_000).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect();
        let found = steps(hyper, 1.0, &gradients);
        assert!(found.iter().all(|(_, m)| *m == 0.0 || m.is_normal()));
        assert!(found[700].1 > 0.0 && found[999].1 == 0.0);
        assert!(steps(hyper, 1.0, &[f32::NAN])[0].0.is_nan());
    }
}
