//! One update of one parameter, in place.

use super::rule::{Rule, Step};
use crate::kernels::support::{slice, slice_mut};
use crate::kernels::threads;
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
use std::cell::RefCell;

/// Elements per chunk of work: parameter, gradient and two moments fit the first-level cache.
pub(super) const CHUNK: usize = 1 << 12;

/// A parameter with its optimizer state.
#[derive(Debug)]
pub struct Slot<'a> {
    /// The parameter.
    pub param: &'a Var,
    /// SGD's velocity, Adam's first moment, RMSprop's mean square or Lion's momentum; empty before
    /// the first step.
    pub first: &'a mut Vec<f32>,
    /// Adam's second moment or RMSprop's velocity; empty before the first step.
    pub second: &'a mut Vec<f32>,
    /// Factor of the learning rate.
    pub lr_scale: f64,
}

impl Slot<'_> {
    /// Checks the sizes of the state, or initializes it, and returns the update of each element.
    pub(in super::super) fn update(&mut self, rule: Rule) -> Result<Update<'_>> {
        let step = Step::new(rule.scaled(self.lr_scale), self.first.is_empty());
        let n = self.param.elem_count();
        let uses = rule.n_states();
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

    /// Takes one step with a gradient of the parameter's shape.
    ///
    /// # Errors
    /// When the gradient or the state has another size, or the parameter is not on the CPU.
    pub fn take(&mut self, grad: &Tensor, rule: Rule) -> Result<()> {
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
pub(in super::super) struct Update<'a> {
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
