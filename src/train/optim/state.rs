//! The optimizer state, in the order of the parameters.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, TensorId};

use super::gradient;
use super::per_image::is_updated;

use crate::kernels::update::{
    AdamHyper, LionHyper, RmspropHyper, Rule, SgdHyper, Slot, train_step,
};
use crate::kernels::{self, Copies};
use crate::model::Param;
use crate::train::config::{Optimizer, TrainConfig};

/// What an optimizer keeps between updates.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates done.
    pub step: u64,
    /// Per parameter: SGD's velocity, Adam's first moment, RMSprop's mean square or Lion's momentum;
    /// empty before the first update.
    pub first: Vec<Vec<f32>>,
    /// Per parameter: Adam's second moment or RMSprop's velocity; empty before the first update.
    pub second: Vec<Vec<f32>>,
}

/// The hyperparameters of one update, as the schedule sets them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepHyper {
    /// Learning rate.
    pub learning_rate: f64,
    /// See [`Optimizer::momentum`].
    pub momentum: f64,
}

/// The sum of squares of each parameter's gradient, before clipping.
pub(in crate::train) type GradientSquares = HashMap<TensorId, f64>;

impl OptimizerState {
    /// The state before the first update of `n_params` parameters.
    pub fn new(n_params: usize) -> OptimizerState {
        OptimizerState {
            step: 0,
            first: vec![Vec::new(); n_params],
            second: vec![Vec::new(); n_params],
        }
    }

    /// Copies the state.
    pub(in crate::train) fn copy(&self, copies: &mut Copies) -> OptimizerState {
        let mut copy = |all: &[Vec<f32>]| all.iter().map(|values| copies.of(values)).collect();
        OptimizerState {
            step: self.step,
            first: copy(&self.first),
            second: copy(&self.second),
        }
    }

    /// Runs `forward`, which returns a loss, and updates `params` by the optimizer and weight decay
    /// of `config` and the learning rate of `hyper`. Returns the loss; if it is not finite, nothing
    /// is updated. Buffers are not touched.
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

    /// Like [`OptimizerState::update`], with the same bits, but slower: puts the squared norms of
    /// the gradients into `seen`.
    pub(in crate::train) fn step_observed(
        &mut self,
        params: &[Param],
        config: &TrainConfig,
        hyper: StepHyper,
        forward: impl FnOnce() -> Result<Tensor>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<f64> {
        let is_fused = seen.is_none() && !gradient::needs_transform(config);
        if is_fused {
            let rule = rule(config, hyper, self.step + 1);
            let loss = train_step(forward, &mut self.slots(params), rule)?;
            let loss = f64::from(loss.to_scalar::<f32>()?);
            if loss.is_finite() {
                self.step += 1;
            }
            return Ok(loss);
        }
        let (loss, gradients) = kernels::gradients_only(1.0, forward)?;
        if loss.is_finite() {
            self.step_from(params, config, hyper, &gradients, seen)?;
        }
        Ok(loss)
    }

    /// Updates those of `params` that have a gradient, as `config` says; puts the squared norms of
    /// the gradients, before the L1 penalty is added and they are clipped, into `seen`.
    ///
    /// # Errors
    /// When a gradient has another size than its parameter.
    pub(in crate::train) fn step_from(
        &mut self,
        params: &[Param],
        config: &TrainConfig,
        hyper: StepHyper,
        gradients: &GradStore,
        seen: Option<&mut GradientSquares>,
    ) -> Result<()> {
        let rule = rule(config, hyper, self.step + 1);
        let slots = self.slots(params).into_iter();
        let pairs = slots.filter_map(|slot| {
            let gradient = gradients.get(slot.param)?;
            Some((slot, gradient))
        });
        let (mut slots, gradients): (Vec<_>, Vec<_>) = pairs.unzip();
        if let Some(seen) = seen {
            for (slot, gradient) in slots.iter().zip(&gradients) {
                seen.insert(slot.param.id(), kernels::moments(gradient)?.squares);
            }
        }
        if gradient::needs_transform(config) {
            let values = gradients.iter().map(|g| g.flatten_all()?.to_vec1());
            take_changed(config, &mut slots, rule, values.collect::<Result<_>>()?)?;
        } else {
            for (slot, gradient) in slots.iter_mut().zip(gradients) {
                slot.take(gradient, rule)?;
            }
        }
        self.step += 1;
        Ok(())
    }

    /// Updates `params` with `gradients`, one per trainable parameter, to which the L1 penalty is
    /// added and which are clipped as `config` says; puts their squared norms before that into `seen`.
    ///
    /// # Errors
    /// When a gradient has another size than its parameter.
    pub(in crate::train) fn step_with(
        &mut self,
        params: &[Param],
        config: &TrainConfig,
        hyper: StepHyper,
        gradients: Vec<Vec<f32>>,
        seen: Option<&mut GradientSquares>,
    ) -> Result<()> {
        let rule = rule(config, hyper, self.step + 1);
        let mut slots = self.slots(params);
        if let Some(seen) = seen {
            let pairs = slots.iter().zip(&gradients);
            seen.extend(pairs.map(|(slot, g)| (slot.param.id(), gradient::square_sum(g))));
        }
        take_changed(config, &mut slots, rule, gradients)?;
        self.step += 1;
        Ok(())
    }

    /// The parameters that are updated, with their state.
    fn slots<'s>(&'s mut self, params: &'s [Param]) -> Vec<Slot<'s>> {
        let moments = self.first.iter_mut().zip(&mut self.second);
        params
            .iter()
            .zip(moments)
            .filter(|(param, _)| is_updated(param))
            .map(|(param, (first, second))| Slot {
                param: &param.var,
                first,
                second,
                lr_scale: param.lr_scale,
            })
            .collect()
    }
}

/// Adds the L1 penalty to the gradients of `slots` and clips them, as `config` says, and updates with
/// them.
fn take_changed(
    config: &TrainConfig,
    slots: &mut [Slot<'_>],
    rule: Rule,
    gradients: Vec<Vec<f32>>,
) -> Result<()> {
    let mut pairs: Vec<_> = slots.iter().map(|s| s.param).zip(gradients).collect();
    gradient::transform(config, &mut pairs)?;
    for (slot, (param, values)) in slots.iter_mut().zip(pairs) {
        let gradient = Tensor::from_vec(values, param.dims(), param.device())?;
        slot.take(&gradient, rule)?;
    }
    Ok(())
}

/// The rule for update number `step`, counted from 1.
fn rule(config: &TrainConfig, hyper: StepHyper, step: u64) -> Rule {
    let (lr, weight_decay) = (hyper.learning_rate, config.weight_decay);
    match config.optimizer.with_momentum(hyper.momentum) {
        Optimizer::Sgd {
            momentum,
            nesterov,
            decoupled,
        } => Rule::Sgd(SgdHyper {
            lr,
            momentum,
            nesterov,
            weight_decay,
            decoupled,
        }),
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
        Optimizer::Lion { beta1, beta2 } => Rule::Lion(LionHyper {
            lr,
            beta1,
            beta2,
            weight_decay,
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
        } => Rule::Adam(AdamHyper {
            step,
            lr,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decoupled: matches!(config.optimizer, Optimizer::Adamw { .. }),
        }),
    }
}
