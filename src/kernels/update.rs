//! In-place optimiser steps: parameter and state are read and written once, in parallel.
//!
//! The formulas are those of `torch.optim.SGD`, `Adam` and `AdamW`, in the same order of
//! operations; the scalars that depend on the step alone are computed in f64. The state (velocity,
//! moments) is a plain vector, empty until the first step, so that a checkpoint can hold it.

use super::support::slice;
use super::{pool, simd};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
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

/// An update of the elements of a parameter, in chunks; `state` holds up to two slices.
struct Update<'a, F> {
    state: RefCell<[&'a mut [f32]; 2]>,
    step: F,
}

impl<F> InplaceOp2 for Update<'_, F>
where
    F: Fn(&mut [f32], &[f32], [&mut [f32]; 2]) + Sync,
{
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
        let (CpuStorage::F32(param), Some((start, end))) =
            (param, param_layout.contiguous_offsets())
        else {
            bail!("optimiser step: expected a contiguous f32 parameter");
        };
        let param = &mut param[start..end];
        let grad = slice(grad, grad_layout)?;
        let mut state = self.state.borrow_mut();
        let [m, v] = &mut *state;
        let (mut m, mut v) = (m.chunks_mut(CHUNK), v.chunks_mut(CHUNK));
        let parts = param.chunks_mut(CHUNK).zip(grad.chunks(CHUNK));
        let parts: Vec<_> = parts
            .map(|(p, g)| {
                (
                    p,
                    g,
                    [m.next().unwrap_or_default(), v.next().unwrap_or_default()],
                )
            })
            .collect();
        let step = &self.step;
        pool::for_parts(parts, |_, (p, g, state)| step(p, g, state));
        Ok(())
    }
}

/// Checks the sizes, makes the state ready and runs `step` over chunks.
fn update(
    param: &Var,
    grad: &Tensor,
    state: [&mut Vec<f32>; 2],
    uses: usize,
    step: impl Fn(&mut [f32], &[f32], [&mut [f32]; 2]) + Sync,
) -> Result<()> {
    let n = param.elem_count();
    if grad.elem_count() != n {
        bail!(
            "optimiser step: gradient {:?} for parameter {:?}",
            grad.dims(),
            param.dims()
        );
    }
    if !param.device().is_cpu() {
        bail!(
            "optimiser step: not available on {:?}",
            param.device().location()
        );
    }
    let [first, second] = state;
    for (index, state) in [&mut *first, &mut *second].into_iter().enumerate() {
        if index < uses && state.is_empty() {
            state.resize(n, 0.0);
        }
        if index < uses && state.len() != n {
            bail!(
                "optimiser step: state of {} elements, {n} expected",
                state.len()
            );
        }
    }
    let op = Update {
        state: RefCell::new([first.as_mut_slice(), second.as_mut_slice()]),
        step,
    };
    param.as_tensor().inplace_op2(&grad.contiguous()?, &op)
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
    let first = velocity.is_empty();
    let (lr, mu, wd) = (lr as f32, momentum as f32, weight_decay as f32);
    let uses = usize::from(momentum != 0.0);
    update(
        param,
        grad,
        [velocity, &mut Vec::new()],
        uses,
        |p, g, [v, _]| {
            if v.is_empty() {
                p.iter_mut()
                    .zip(g)
                    .for_each(|(p, g)| *p -= lr * (g + wd * *p));
                return;
            }
            for ((p, g), v) in p.iter_mut().zip(g).zip(v) {
                let g = g + wd * *p;
                *v = if first { g } else { mu * *v + g };
                *p -= lr * if nesterov { g + mu * *v } else { *v };
            }
        },
    )
}

/// The scalars of one Adam step.
#[derive(Clone, Copy)]
struct AdamScalars {
    beta1_rest: f32,
    beta2: f32,
    beta2_rest: f32,
    /// ε · √(1 − β₂ᵗ)
    epsilon: f32,
    /// lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
    step_size: f32,
    l2: f32,
    keep: f32,
}

impl AdamScalars {
    fn new(step: u64, h: AdamHyper) -> Self {
        let t = step as f64;
        let correction = (1.0 - h.beta2.powf(t)).sqrt();
        Self {
            beta1_rest: (1.0 - h.beta1) as f32,
            beta2: h.beta2 as f32,
            beta2_rest: (1.0 - h.beta2) as f32,
            epsilon: (h.epsilon * correction) as f32,
            step_size: (h.lr * correction / (1.0 - h.beta1.powf(t))) as f32,
            l2: if h.decoupled {
                0.0
            } else {
                h.weight_decay as f32
            },
            keep: if h.decoupled {
                (1.0 - h.lr * h.weight_decay) as f32
            } else {
                1.0
            },
        }
    }

    /// Kingma and Ba 2015, with the corrections moved to the scalars (the end of their section
    /// 2): a division less for each element, which is what the step's time goes into.
    #[inline(always)]
    fn step(self, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let g = g + self.l2 * *p;
            *m += (g - *m) * self.beta1_rest;
            *v = *v * self.beta2 + self.beta2_rest * g * g;
            *p = *p * self.keep - self.step_size * *m / (v.sqrt() + self.epsilon);
        }
    }
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
    let scalars = AdamScalars::new(step, hyper);
    update(param, grad, [m, v], 2, |p, g, [m, v]| {
        simd::run(Adam {
            scalars,
            p,
            g,
            m,
            v,
        });
    })
}

/// One chunk of an Adam step.
struct Adam<'a> {
    scalars: AdamScalars,
    p: &'a mut [f32],
    g: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
}

impl pulp::WithSimd for Adam<'_> {
    type Output = ();

    // The compiler vectorises the loop for the instruction set this is inlined into; it never
    // fuses the operations, so the bits are the same everywhere.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.scalars.step(self.p, self.g, self.m, self.v);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

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
