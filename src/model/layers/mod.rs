//! One file per family of layers, each with the same parts in the same order: the layer's
//! [`Blueprint`] for an input (output, parameters, cost, or why it does not fit), and its operation
//! in the forward pass.

mod activation;
mod blueprint;
mod conv;
mod dense;
mod dropout;
mod norm;
mod patches;
mod plan;
mod pool;
mod recurrent;
mod residual;
mod transformer;

pub(super) use blueprint::{Blueprint, InitRule, blueprints};
pub(super) use plan::{Op, Pass, plan, trained_values};
