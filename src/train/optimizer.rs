//! The optimizers' memory, readable and in the order of the parameters.

use std::collections::HashMap;

use candle_core::{Result, Tensor, TensorId};

use super::{Optimizer, TrainConfig, gradient};
use crate::kernels::update::{
    AdamHyper, RmspropHyper, Rule, Slot, step_with_norms, step_with_transform, train_step,
};
use crate::kernels::{self, Copies};
use crate::model::Param;

/// What an optimizer remembers between updates.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates done.
    pub step: u64,
    /// For each parameter: SGD's velocity, Adam's first moment or RMSprop's mean square; empty until
    /// first used.
    pub first: Vec<Vec<f32>>,
    /// For each parameter: Adam's second moment or RMSprop's velocity; empty until first used.
    pub second: Vec<Vec<f32>>,
}

/// What the schedule says for one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepHyper {
    /// Step size.
    pub learning_rate: f64,
    /// See [`Optimizer::momentum`].
    pub momentum: f64,
}

/// The sum of the squares of each parameter's gradient, as the backward pass made it.
pub(super) type GradientSquares = HashMap<TensorId, f64>;

impl OptimizerState {
    /// The memory before the first update of `n_params` parameters.
    pub fn new(n_params: usize) -> OptimizerState {
        OptimizerState {
            step: 0,
            first: vec![Vec::new(); n_params],
            second: vec![Vec::new(); n_params],
        }
    }

    /// A copy of it all.
    pub(super) fn copy(&self, copies: &mut Copies) -> OptimizerState {
        let mut copy = |all: &[Vec<f32>]| all.iter().map(|values| copies.of(values)).collect();
        OptimizerState {
            step: self.step,
            first: copy(&self.first),
            second: copy(&self.second),
        }
    }

    /// Runs `forward`, which returns a loss, and moves `params` against their gradients, as `hyper`
    /// and the weight decay and optimizer of `config` say. Returns the loss; if it
    /// is not finite, nothing has moved. What is measured and not learned is left alone.
    ///
    /// # Errors
    /// When the forward or backward pass fails.
    pub fn update(
        &mut self,
        params: &[Param],
        config: &TrainConfig,
        hyper: StepHyper,
        forward: impl FnOnce() -> Result<Tensor>,
    ) -> Result<f64> {
        self.step_observed(params, config, hyper, forward, None)
    }

    /// As [`OptimizerState::update`], with the same bits, but slower, where the gradients are looked
    /// at: their squares are put into `seen`.
    pub(super) fn step_observed(
        &mut self,
        params: &[Param],
        config: &TrainConfig,
        hyper: StepHyper,
        forward: impl FnOnce() -> Result<Tensor>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<f64> {
        let rule = rule(config, hyper, self.step + 1);
        let moments = self.first.iter_mut().zip(&mut self.second);
        let mut slots: Vec<Slot<'_>> = params
            .iter()
            .zip(moments)
            .filter(|(param, _)| param.is_trainable())
            .map(|(param, (first, second))| Slot {
                param: &param.var,
                first,
                second,
            })
            .collect();
        let loss = match seen {
            _ if gradient::needs_transform(config) => {
                step_with_transform(forward, &mut slots, rule, |g| {
                    if let Some(seen) = seen {
                        let squares = g.iter().map(|(v, g)| (v.id(), gradient::square_sum(g)));
                        seen.extend(squares);
                    }
                    gradient::shape(config, g)
                })?
            }
            Some(seen) => step_with_norms(forward, &mut slots, rule, |gradients| {
                for &id in gradients.get_ids() {
                    if let Some(gradient) = gradients.get_id(id) {
                        seen.insert(id, kernels::spread(gradient)?.squares);
                    }
                }
                Ok(())
            })?,
            None => train_step(forward, &mut slots, rule)?,
        };
        let loss = f64::from(loss.to_scalar::<f32>()?);
        if loss.is_finite() {
            self.step += 1;
        }
        Ok(loss)
    }
}

/// What update number `step`, counted from 1, does with the gradients.
fn rule(config: &TrainConfig, hyper: StepHyper, step: u64) -> Rule {
    let (lr, weight_decay) = (hyper.learning_rate, config.weight_decay);
    match config.optimizer.with_momentum(hyper.momentum) {
        Optimizer::Sgd {
            momentum,
            nesterov,
            decoupled,
        } => Rule::Sgd {
            lr,
            momentum,
            nesterov,
            weight_decay,
            decoupled,
        },
        Optimizer::Rmsprop {
            alpha,
            momentum,
            epsilon,
            decoupled,
        } => Rule::Rmsprop(RmspropHyper {
            lr,
            alpha,
            epsilon,
            momentum,
            weight_decay,
            decoupled,
        }),
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        }
        | Optimizer::Adamw {
            beta1,
            beta2,
            epsilon,
        } => Rule::Adam {
            step,
            hyper: AdamHyper {
                lr,
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled: matches!(config.optimizer, Optimizer::Adamw { .. }),
            },
        },
    }
}
