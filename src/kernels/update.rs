//! In-place optimizer steps: parameter and state are read and written once, in parallel.
//!
//! The formulas are those of `torch.optim.SGD`, `Adam`, `AdamW` and `RMSprop`, in the same order of
//! operations; the scalars that depend on the step alone are computed in f64. The state (velocity,
//! moments) is a plain vector, empty until the first step, so that a checkpoint can hold it.

mod adam;
mod average;
mod rmsprop;
mod shaped;

pub use adam::{AdamHyper, adam};
pub use average::average;
pub use rmsprop::RmspropHyper;
pub use shaped::{step_with_norms, step_with_transform};

use super::support::{slice, slice_mut};
use super::{simd, tape, threads};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
use pulp::{Simd, WithSimd};
use std::cell::RefCell;

/// Elements per chunk of work: parameter, gradient and two moments fit the first-level cache.
const CHUNK: usize = 1 << 12;

/// What [`train_step`] does with the gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// See [`sgd`].
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Momentum; 0 for none.
        momentum: f64,
        /// Whether to use Nesterov momentum.
        nesterov: bool,
        /// Weight decay.
        weight_decay: f64,
        /// Whether weight decay is decoupled: applied to the weight (SGDW, Loshchilov and Hutter
        /// 2019) instead of added to the gradient.
        decoupled: bool,
    },
    /// See [`adam`].
    Adam {
        /// Number of the step, from 1.
        step: u64,
        /// The hyperparameters.
        hyper: AdamHyper,
    },
    /// As `torch.optim.RMSprop`, not centered.
    Rmsprop(RmspropHyper),
}

/// A parameter with its optimizer state.
#[derive(Debug)]
pub struct Slot<'a> {
    /// The parameter.
    pub param: &'a Var,
    /// SGD's velocity, Adam's first moment or RMSprop's mean square; empty before the first step.
    pub first: &'a mut Vec<f32>,
    /// Adam's second moment or RMSprop's velocity; empty before the first step.
    pub second: &'a mut Vec<f32>,
}

impl Slot<'_> {
    /// Checks the sizes of the state, or initializes it, and returns the update of each element.
    pub(super) fn update(&mut self, rule: Rule) -> Result<Update<'_>> {
        let step = Step::new(rule, self.first.is_empty());
        let n = self.param.elem_count();
        let uses = match rule {
            Rule::Sgd { momentum, .. } => usize::from(momentum != 0.0),
            Rule::Adam { .. } => 2,
            Rule::Rmsprop(hyper) => 1 + usize::from(hyper.momentum != 0.0),
        };
        for state in [&mut *self.first, self.second].into_iter().take(uses) {
            if state.is_empty() {
                state.resize(n, 0.0);
            }
            if state.len() != n {
                bail!(
                    "optimizer step: state of {} elements, {n} expected",
                    state.len()
                );
            }
        }
        Ok(Update {
            step,
            first: if uses > 0 { self.first } else { &mut [] },
            second: if uses > 1 { self.second } else { &mut [] },
        })
    }

    /// Takes one step.
    pub(super) fn take(&mut self, grad: &Tensor, rule: Rule) -> Result<()> {
        if grad.elem_count() != self.param.elem_count() {
            bail!(
                "optimizer step: gradient {:?} for parameter {:?}",
                grad.dims(),
                self.param.dims()
            );
        }
        if !self.param.device().is_cpu() {
            bail!(
                "optimizer step: not available on {:?}",
                self.param.device().location()
            );
        }
        let param = self.param;
        let op = RefCell::new(self.update(rule)?);
        param
            .as_tensor()
            .inplace_op2(&grad.contiguous()?, &InPlace(op))
    }
}

/// One step of one parameter.
pub(super) struct Update<'a> {
    pub step: Step,
    /// The state; an empty slice if the rule has none.
    pub first: &'a mut [f32],
    pub second: &'a mut [f32],
}

/// An update as an in-place operation on the parameter.
struct InPlace<'a>(RefCell<Update<'a>>);

impl InplaceOp2 for InPlace<'_> {
    fn name(&self) -> &'static str {
        "optimizer step"
    }

    fn cpu_fwd(
        &self,
        param: &mut CpuStorage,
        param_layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> Result<()> {
        let param = slice_mut(param, param_layout)?.chunks_mut(CHUNK);
        let grad = slice(grad, grad_layout)?.chunks(CHUNK);
        let mut update = self.0.borrow_mut();
        let Update {
            step,
            first,
            second,
        } = &mut *update;
        let (mut first, mut second) = (first.chunks_mut(CHUNK), second.chunks_mut(CHUNK));
        let parts = param.zip(grad).map(|(p, g)| {
            let first = first.next().unwrap_or_default();
            (p, g, [first, second.next().unwrap_or_default()])
        });
        let step = *step;
        threads::for_parts(parts.collect::<Vec<_>>(), |_, (p, g, state)| {
            step.apply(p, g, state)
        });
        Ok(())
    }
}

/// The scalars of one step, the same for all elements.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Sgd(SgdScalars),
    Adam(adam::Scalars),
    Rmsprop(rmsprop::Scalars),
}

impl Step {
    /// `first`: whether the parameter has no state yet.
    fn new(rule: Rule, first: bool) -> Self {
        match rule {
            Rule::Sgd {
                lr,
                momentum,
                nesterov,
                weight_decay,
                decoupled,
            } => {
                let (decay, keep) = split_decay(lr, weight_decay, decoupled);
                Self::Sgd(SgdScalars {
                    lr: lr as f32,
                    momentum: momentum as f32,
                    nesterov,
                    decay,
                    keep,
                    first,
                })
            }
            Rule::Adam { step, hyper } => Self::Adam(adam::Scalars::new(step, hyper)),
            Rule::Rmsprop(hyper) => Self::Rmsprop(rmsprop::Scalars::new(hyper)),
        }
    }

    /// Updates some elements of a parameter and their state.
    pub fn apply(self, p: &mut [f32], g: &[f32], state: [&mut [f32]; 2]) {
        simd::run(Apply {
            step: self,
            p,
            g,
            state,
        });
    }
}

struct Apply<'a> {
    step: Step,
    p: &'a mut [f32],
    g: &'a [f32],
    state: [&'a mut [f32]; 2],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    // The compiler never fuses operations when it vectorizes a loop for the instruction set, so the
    // bits are the same everywhere.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [first, second] = self.state;
        match self.step {
            Step::Sgd(scalars) => scalars.step(self.p, self.g, first),
            Step::Adam(scalars) => scalars.step(simd, self.p, self.g, first, second),
            Step::Rmsprop(scalars) => scalars.step(self.p, self.g, first, second),
        }
    }
}

/// Weight decay in its two forms: the factor for what is added to the gradient, and the factor
/// applied to the weight before the step.
fn split_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f32, f32) {
    match decoupled {
        true => (0.0, (1.0 - lr * weight_decay) as f32),
        false => (weight_decay as f32, 1.0),
    }
}

/// Gradients and moments below this become zero.
const FLUSH_BELOW: f32 = 1e-16;

/// Sets a tiny `x` to zero. The moment of a weight whose gradient has become zero, for instance at
/// the border of the images, decays until it is subnormal, and subnormal numbers are a hundred
/// times slower: after 600 updates of the reference network a step took three times as long. The
/// limit is far above them, and far below what could change a weight.
#[inline(always)]
fn flush_tiny(x: f32) -> f32 {
    if x.abs() < FLUSH_BELOW { 0.0 } else { x }
}

/// The scalars of one step of gradient descent.
#[derive(Clone, Copy)]
pub(super) struct SgdScalars {
    lr: f32,
    momentum: f32,
    nesterov: bool,
    /// Weight decay added to the gradient.
    decay: f32,
    /// Factor of decoupled weight decay.
    keep: f32,
    first: bool,
}

impl SgdScalars {
    #[inline(always)]
    fn step(self, p: &mut [f32], g: &[f32], v: &mut [f32]) {
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

/// One step of SGD, like `torch.optim.SGD` (dampening 0).
///
/// * `grad`: the shape of `param`
/// * `velocity`: empty before the first step, which sets it to the gradient itself; unused without
///   momentum
pub fn sgd(
    param: &Var,
    grad: &Tensor,
    velocity: &mut Vec<f32>,
    lr: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
) -> Result<()> {
    let mut slot = Slot {
        param,
        first: velocity,
        second: &mut Vec::new(),
    };
    let rule = Rule::Sgd {
        lr,
        momentum,
        nesterov,
        weight_decay,
        decoupled: false,
    };
    slot.take(grad, rule)
}

/// Forward, backward and a step of every parameter: runs `forward`, which returns a loss, and
/// returns the loss.
///
/// The same bits as [`super::gradients`] followed by [`sgd`] or [`adam`], but faster: large dense
/// weights take their step while their gradient is computed, a few rows at a time. So the gradients
/// cannot be read, clipped or accumulated. If the loss is not finite nothing is updated; a
/// parameter that the loss does not depend on does not change.
pub fn train_step(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    let gradients = tape::backward(tape, &loss, Some((&mut *slots, rule)))?;
    for slot in slots {
        if let Some(gradient) = gradients.get(slot.param) {
            slot.take(gradient, rule)?;
        }
    }
    Ok(loss)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    /// By hand: the weight shrinks by lr · decay, then the gradient's step follows.
    #[test]
    fn decoupled_decay_leaves_the_gradient_alone() {
        let rules = [
            Rule::Sgd {
                lr: 0.1,
                momentum: 0.0,
                nesterov: false,
                weight_decay: 0.5,
                decoupled: true,
            },
            Rule::Sgd {
                lr: 0.1,
                momentum: 0.9,
                nesterov: false,
                weight_decay: 0.5,
                decoupled: true,
            },
            Rule::Rmsprop(RmspropHyper {
                lr: 0.1,
                alpha: 0.0,
                epsilon: 1e-12,
                momentum: 0.0,
                weight_decay: 0.5,
                decoupled: true,
            }),
        ];
        for rule in rules {
            let param = Var::new(&[2f32], &candle_core::Device::Cpu).unwrap();
            let gradient = Tensor::new(&[1f32], &candle_core::Device::Cpu).unwrap();
            let mut slot = Slot {
                param: &param,
                first: &mut Vec::new(),
                second: &mut Vec::new(),
            };
            slot.take(&gradient, rule).unwrap();
            let found = param.to_vec1::<f32>().unwrap()[0];
            assert!((found - 1.8).abs() < 1e-6, "{rule:?}: {found}");
        }
    }

    #[test]
    fn twenty_steps_are_pytorchs() {
        for case in fixture::cases("optimizer") {
            let param = Var::from_tensor(&case.tensor("start")).unwrap();
            let gradients = case.tensor("gradients");
            let (mut m, mut v) = (Vec::new(), Vec::new());
            let number = |name: &str| case.number(name);
            let betas = case
                .options
                .get("betas")
                .map(|betas| [0, 1].map(|i| betas[i].as_f64()));
            let [beta1, beta2] = betas.unwrap_or_default();
            let hyper = AdamHyper {
                lr: number("lr").unwrap(),
                beta1: beta1.unwrap_or(0.9),
                beta2: beta2.unwrap_or(0.999),
                epsilon: number("eps").unwrap_or(1e-8),
                weight_decay: number("weight_decay").unwrap_or(0.0),
                decoupled: case.name == "adamw",
            };
            for step in 0..gradients.dim(0).unwrap() {
                let gradient = gradients.get(step).unwrap();
                if case.name.starts_with("rmsprop") {
                    let hyper = RmspropHyper {
                        lr: hyper.lr,
                        alpha: number("alpha").unwrap_or(0.99),
                        epsilon: hyper.epsilon,
                        momentum: number("momentum").unwrap_or(0.0),
                        weight_decay: hyper.weight_decay,
                        decoupled: false,
                    };
                    let mut slot = Slot {
                        param: &param,
                        first: &mut m,
                        second: &mut v,
                    };
                    slot.take(&gradient, Rule::Rmsprop(hyper)).unwrap();
                    continue;
                }
                if case.name.starts_with("adam") {
                    adam(&param, &gradient, &mut m, &mut v, step as u64 + 1, hyper).unwrap();
                    continue;
                }
                let momentum = number("momentum").unwrap_or(0.0);
                let nesterov = case.options.contains_key("nesterov");
                let (lr, decay) = (hyper.lr, hyper.weight_decay);
                sgd(&param, &gradient, &mut m, lr, momentum, nesterov, decay).unwrap();
            }
            fixture::assert_close(param.as_tensor(), &case.tensor("end"), &case.name);
        }
    }
}
