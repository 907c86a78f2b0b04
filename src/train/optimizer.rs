//! The optimisers' memory, readable and in the order of the parameters.

use candle_core::{Result, backprop::GradStore};

use super::{Optimizer, TrainConfig};
use crate::kernels::update::{self, AdamHyper};
use crate::model::Param;

/// What an optimiser remembers between updates.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates done.
    pub step: u64,
    /// For each parameter: SGD's velocity or Adam's first moment; empty until first used.
    pub first: Vec<Vec<f32>>,
    /// For each parameter: Adam's second moment; empty until first used.
    pub second: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// The memory before the first update of `n_params` parameters.
    pub fn new(n_params: usize) -> OptimizerState {
        OptimizerState {
            step: 0,
            first: vec![Vec::new(); n_params],
            second: vec![Vec::new(); n_params],
        }
    }

    /// Moves `params` against their gradients, with the learning rate `lr` and the weight decay and
    /// optimiser of `config`. A parameter the loss does not depend on, or that is measured and not
    /// learned, stays as it is.
    ///
    /// # Errors
    /// When a gradient does not have its parameter's shape.
    pub fn update(
        &mut self,
        params: &[Param],
        grads: &GradStore,
        lr: f64,
        config: &TrainConfig,
    ) -> Result<()> {
        self.step += 1;
        let weight_decay = config.weight_decay;
        let all = params.iter().enumerate();
        for (idx, param) in all.filter(|(_, p)| p.is_trainable()) {
            let Some(grad) = grads.get(param.var.as_tensor()) else {
                continue;
            };
            let (first, second) = (&mut self.first[idx], &mut self.second[idx]);
            match config.optimizer {
                Optimizer::Sgd { momentum, nesterov } => {
                    update::sgd(
                        &param.var,
                        grad,
                        first,
                        lr,
                        momentum,
                        nesterov,
                        weight_decay,
                    )?;
                }
                Optimizer::Adam {
                    beta1,
                    beta2,
                    epsilon,
                }
                | Optimizer::Adamw {
                    beta1,
                    beta2,
                    epsilon,
                } => {
                    let decoupled = matches!(config.optimizer, Optimizer::Adamw { .. });
                    let hyper = AdamHyper {
                        lr,
                        beta1,
                        beta2,
                        epsilon,
                        weight_decay,
                        decoupled,
                    };
                    update::adam(&param.var, grad, first, second, self.step, hyper)?;
                }
            }
        }
        Ok(())
    }
}
