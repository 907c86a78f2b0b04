//! What an update does with a gradient: one of the rules.

use super::{adam, lion, rmsprop, sgd};
use crate::kernels::simd;
use pulp::{Simd, WithSimd};

/// How gradients change the parameters: an optimizer with the hyperparameters of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// As `torch.optim.SGD`.
    Sgd(sgd::SgdHyper),
    /// As `torch.optim.Adam` and `AdamW`.
    Adam(adam::AdamHyper),
    /// As `torch.optim.RMSprop`, not centered.
    Rmsprop(rmsprop::RmspropHyper),
    /// Lion.
    Lion(lion::LionHyper),
}

impl Rule {
    /// The same rule with `factor` times the learning rate.
    pub(super) fn scaled(mut self, factor: f64) -> Rule {
        let lr = match &mut self {
            Self::Sgd(hyper) => &mut hyper.lr,
            Self::Adam(hyper) => &mut hyper.lr,
            Self::Rmsprop(hyper) => &mut hyper.lr,
            Self::Lion(hyper) => &mut hyper.lr,
        };
        *lr *= factor;
        self
    }

    /// How many state vectors it uses.
    pub(super) fn n_states(self) -> usize {
        match self {
            Self::Sgd(hyper) => usize::from(hyper.momentum != 0.0),
            Self::Adam(_) => 2,
            Self::Lion(_) => 1,
            Self::Rmsprop(hyper) => 1 + usize::from(hyper.momentum != 0.0),
        }
    }
}

/// The scalars of one step, the same for all elements.
#[derive(Clone, Copy)]
pub(in super::super) enum Step {
    Sgd(sgd::Scalars),
    Adam(adam::Scalars),
    Rmsprop(rmsprop::Scalars),
    Lion(lion::Scalars),
}

impl Step {
    /// `first`: whether the parameter has no state yet.
    pub(super) fn new(rule: Rule, first: bool) -> Self {
        match rule {
            Rule::Sgd(hyper) => Self::Sgd(sgd::Scalars::new(hyper, first)),
            Rule::Adam(hyper) => Self::Adam(adam::Scalars::new(hyper)),
            Rule::Rmsprop(hyper) => Self::Rmsprop(rmsprop::Scalars::new(hyper)),
            Rule::Lion(hyper) => Self::Lion(lion::Scalars::new(hyper)),
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
            Step::Lion(scalars) => scalars.step(self.p, self.g, first),
        }
    }
}
