//! In-place optimiser steps: parameter and state are read and written once, in parallel.
//!
//! The formulas are those of `torch.optim.SGD`, `Adam`, `AdamW` and `RMSprop`, in the same order of
//! operations; the scalars that depend on the step alone are computed in f64. The state (velocity,
//! moments) is a plain vector, empty until the first step, so that a checkpoint can hold it.

mod average;
mod rmsprop;
mod shaped;

pub use average::average;
pub use rmsprop::RmspropHyper;
pub use shaped::{shaped_step, watched_step};

use super::support::{slice, slice_mut};
use super::{pool, simd, tape};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
use pulp::{Simd, WithSimd};
use std::cell::RefCell;

/// Elements per chunk of work: parameter, gradient and two moments fit the first-level cache.
const CHUNK: usize = 1 << 12;

/// What Adam is set to, for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamHyper {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of the gradient.
    pub beta1: f64,
    /// Decay of the mean of its square.
    pub beta2: f64,
    /// Added to the root, against division by zero.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether the decay is applied to the weight directly (AdamW, Loshchilov and Hutter 2019)
    /// instead of being added to the gradient (Adam).
    pub decoupled: bool,
}

/// What [`train_step`] does with the gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// See [`sgd`].
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Momentum; 0 for none.
        momentum: f64,
        /// Whether the momentum looks ahead (Nesterov).
        nesterov: bool,
        /// Weight decay.
        weight_decay: f64,
        /// Whether the decay is applied to the weight directly (SGDW, Loshchilov and Hutter 2019)
        /// instead of being added to the gradient.
        decoupled: bool,
    },
    /// See [`adam`].
    Adam {
        /// Counts from 1.
        step: u64,
        /// The settings.
        hyper: AdamHyper,
    },
    /// As `torch.optim.RMSprop`, not centred.
    Rmsprop(RmspropHyper),
}

/// A parameter and the optimiser's memory of it.
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
    /// Checks the sizes of the state, or makes it, and says what to do with each element.
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
                    "optimiser step: state of {} elements, {n} expected",
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
                "optimiser step: gradient {:?} for parameter {:?}",
                grad.dims(),
                self.param.dims()
            );
        }
        if !self.param.device().is_cpu() {
            bail!(
                "optimiser step: not available on {:?}",
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
    /// The state, or an empty slice where the rule has none.
    pub first: &'a mut [f32],
    pub second: &'a mut [f32],
}

/// An update as an operation on the parameter in place.
struct InPlace<'a>(RefCell<Update<'a>>);

impl InplaceOp2 for InPlace<'_> {
    fn name(&self) -> &'static str {
        "optimiser step"
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
        pool::for_parts(parts.collect::<Vec<_>>(), |_, (p, g, state)| {
            step.apply(p, g, state)
        });
        Ok(())
    }
}

/// The scalars of one step, the same for all elements.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Sgd(SgdScalars),
    Adam(AdamScalars),
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
            Rule::Adam { step, hyper } => Self::Adam(AdamScalars::new(step, hyper)),
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

    // Where it is left to the compiler to vectorise a loop for the instruction set, it never fuses
    // operations, so the bits are the same everywhere.
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

/// Weight decay in its two forms: what is added to the gradient for each unit of weight, and what
/// is left of a weight before the step.
fn split_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f32, f32) {
    match decoupled {
        true => (0.0, (1.0 - lr * weight_decay) as f32),
        false => (weight_decay as f32, 1.0),
    }
}

/// Gradients and moments below this are taken for zero.
const NOTHING: f32 = 1e-16;

/// The moment of a weight whose gradient has become zero, at the border of the images for
/// instance, decays until its digits run out: a processor computes such subnormal numbers a
/// hundred times slower, and after 600 updates of the reference network a step took three times as
/// long. Far above them, and far below what could move a weight, `x` becomes zero.
#[inline(always)]
fn flushed(x: f32) -> f32 {
    if x.abs() < NOTHING { 0.0 } else { x }
}

/// The scalars of one step of gradient descent.
#[derive(Clone, Copy)]
pub(super) struct SgdScalars {
    lr: f32,
    momentum: f32,
    nesterov: bool,
    /// Weight decay added to the gradient.
    decay: f32,
    /// What decoupled weight decay leaves of a weight.
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
            let g = flushed(g + decay * *p);
            *v = flushed(if self.first { g } else { mu * *v + g });
            *p = *p * keep - lr * if self.nesterov { g + mu * *v } else { *v };
        }
    }
}

/// The scalars of one Adam step.
#[derive(Clone, Copy)]
pub(super) struct AdamScalars {
    beta1_rest: f32,
    beta2: f32,
    beta2_rest: f32,
    /// ε · √(1 − β₂ᵗ)
    epsilon: f32,
    /// lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
    step_size: f32,
    /// Weight decay added to the gradient.
    l2: f32,
    /// What decoupled weight decay leaves of a weight.
    keep: f32,
}

impl AdamScalars {
    fn new(step: u64, h: AdamHyper) -> Self {
        let t = step as f64;
        let correction = (1.0 - h.beta2.powf(t)).sqrt();
        let (l2, keep) = split_decay(h.lr, h.weight_decay, h.decoupled);
        Self {
            beta1_rest: (1.0 - h.beta1) as f32,
            beta2: h.beta2 as f32,
            beta2_rest: (1.0 - h.beta2) as f32,
            epsilon: (h.epsilon * correction) as f32,
            step_size: (h.lr * correction / (1.0 - h.beta1.powf(t))) as f32,
            l2,
            keep,
        }
    }

    /// Kingma and Ba 2015, with the corrections moved to the scalars (the end of their section
    /// 2). The last elements, fewer than a register holds, get the same operations.
    #[inline(always)]
    fn step<S: Simd>(self, simd: S, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        match self.l2 != 0.0 || self.keep != 1.0 {
            true => self.all::<S, true>(simd, p, g, m, v),
            false => self.all::<S, false>(simd, p, g, m, v),
        }
    }

    #[inline(always)]
    fn all<S: Simd, const DECAYS: bool>(
        self,
        simd: S,
        p: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) {
        let (p, p_rest) = S::as_mut_simd_f32s(p);
        let (g, g_rest) = S::as_simd_f32s(g);
        let (m, m_rest) = S::as_mut_simd_f32s(m);
        let (v, v_rest) = S::as_mut_simd_f32s(v);
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            [*p, *m, *v] = self.vector::<S, DECAYS>(simd, [*p, *g, *m, *v]);
        }
        if !p_rest.is_empty() {
            let rest = [&*p_rest, g_rest, &*m_rest, &*v_rest];
            let [p, m, v] = self.vector::<S, DECAYS>(simd, rest.map(|x| simd.partial_load_f32s(x)));
            simd.partial_store_f32s(p_rest, p);
            simd.partial_store_f32s(m_rest, m);
            simd.partial_store_f32s(v_rest, v);
        }
    }

    /// Parameter, gradient and moments → parameter and moments; without the two operations of weight
    /// decay where there is none.
    #[inline(always)]
    fn vector<S: Simd, const DECAYS: bool>(
        self,
        simd: S,
        [p, g, m, v]: [S::f32s; 4],
    ) -> [S::f32s; 3] {
        let all = |x| simd.splat_f32s(x);
        let zero = all(0.0);
        // The exponents below 2⁻⁶³ and 2⁻⁹⁵ have none of these bits.
        let flushed = |x, bits| {
            let bits = simd.and_u32s(simd.transmute_u32s_f32s(x), simd.splat_u32s(bits));
            let is_small = simd.equal_u32s(bits, simd.splat_u32s(0));
            simd.select_f32s(is_small, zero, x)
        };
        let g = match DECAYS {
            true => simd.mul_add_e_f32s(all(self.l2), p, g),
            false => g,
        };
        let g = flushed(g, 0x6000_0000);
        let m = simd.mul_add_e_f32s(simd.sub_f32s(g, m), all(self.beta1_rest), m);
        let m = flushed(m, 0x6000_0000);
        let square = simd.mul_f32s(simd.mul_f32s(g, g), all(self.beta2_rest));
        let v = simd.mul_add_e_f32s(v, all(self.beta2), square);
        let v = flushed(v, 0x7000_0000);
        let root = simd.add_f32s(simd.sqrt_f32s(v), all(self.epsilon));
        let move_by = simd.mul_f32s(m, reciprocal(simd, root));
        let kept = match DECAYS {
            true => simd.mul_f32s(p, all(self.keep)),
            false => p,
        };
        let p = simd.negate_mul_add_e_f32s(move_by, all(self.step_size), kept);
        [p, m, v]
    }
}

/// 1 / x for positive normal x, to a unit in the last place.
///
/// A processor divides one vector at a time, and half the time of a step went into it. Newton's
/// rounds, r ← r + r(1 − x·r), are multiplications and square the error: the first guess, which
/// turns the exponent's sign in the bits, is off by a twentieth at most.
#[inline(always)]
fn reciprocal<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let guess = simd.splat_u32s(0x7EF3_11C7);
    let bits = simd.sub_u32s(guess, simd.transmute_u32s_f32s(x));
    let mut r = simd.transmute_f32s_u32s(bits);
    for _ in 0..3 {
        let error = simd.negate_mul_add_e_f32s(x, r, simd.splat_f32s(1.0));
        r = simd.mul_add_e_f32s(r, error, r);
    }
    r
}

/// One step of stochastic gradient descent, as `torch.optim.SGD` (dampening 0).
///
/// * `grad`: the shape of `param`
/// * `velocity`: empty before the first step, where the velocity becomes the gradient itself;
///   unused without momentum
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

/// One step of Adam or AdamW, as `torch.optim.Adam` and `AdamW`.
///
/// * `grad`: the shape of `param`
/// * `m`, `v`: the moments, empty before the first step
/// * `step`: counts from 1
pub fn adam(
    param: &Var,
    grad: &Tensor,
    m: &mut Vec<f32>,
    v: &mut Vec<f32>,
    step: u64,
    hyper: AdamHyper,
) -> Result<()> {
    let mut slot = Slot {
        param,
        first: m,
        second: v,
    };
    slot.take(grad, Rule::Adam { step, hyper })
}

/// Forward, backward and a step of every parameter in one: runs `forward`, which returns a loss,
/// and returns the loss.
///
/// The same bits as [`super::gradients`] followed by [`sgd`] or [`adam`], but faster: large dense
/// weights take their step while their gradient is computed, a few rows at a time. So the
/// gradients cannot be looked at, clipped or accumulated. If the loss is not finite nothing is
/// updated; a parameter that the loss does not depend on stays as it is.
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

    /// A weight that got a gradient once and never again keeps no subnormal number.
    #[test]
    fn moments_of_a_weight_at_rest_end_in_zero() {
        let param = Var::new(&[1f32], &candle_core::Device::Cpu).unwrap();
        let (mut m, mut v) = (Vec::new(), Vec::new());
        let hyper = AdamHyper {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.9,
            epsilon: 1e-7,
            weight_decay: 0.0,
            decoupled: false,
        };
        for step in 1..=1_500 {
            let gradient = if step == 1 { 1f32 } else { 0.0 };
            let gradient = Tensor::new(&[gradient], &candle_core::Device::Cpu).unwrap();
            adam(&param, &gradient, &mut m, &mut v, step, hyper).unwrap();
            for x in [m[0], v[0]] {
                assert!(x == 0.0 || x.is_normal(), "{x} at step {step}");
            }
        }
        assert_eq!((m[0], v[0]), (0.0, 0.0));
    }

    /// By hand: the weight shrinks by lr · decay and the gradient's step follows.
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
                memory: 0.0,
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

    /// From the smallest denominator that Adam's ε allows to the largest gradients.
    struct Reciprocals;

    impl WithSimd for Reciprocals {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            let mut x = 1e-30f32;
            while x < 1e30 {
                let r = simd.reduce_max_f32s(reciprocal(simd, simd.splat_f32s(x)));
                let error = f64::from(r) * f64::from(x) - 1.0;
                assert!(error.abs() < 1.5e-7, "{x}: {error}");
                x *= 1.001;
            }
        }
    }

    #[test]
    fn reciprocals_are_exact_to_a_unit_in_the_last_place() {
        simd::run(Reciprocals);
    }

    #[test]
    fn twenty_steps_are_pytorchs() {
        for case in fixture::cases("optimiser") {
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
                        memory: number("alpha").unwrap_or(0.99),
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
