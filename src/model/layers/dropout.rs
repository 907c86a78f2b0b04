//! Dropout: sets a random share of the values to zero while training.

use candle_core::{Result, Tensor};

use super::super::{Mode, Shape};
use super::Blueprint;
use super::plan::Pass;
use crate::kernels;
use crate::random::{Stream, rng};

pub(super) fn blueprint(rate: f32, input: Shape) -> std::result::Result<Blueprint, String> {
    if !(0.0..1.0).contains(&rate) {
        return Err(format!(
            "dropout rate must be at least 0 and below 1, found {rate}"
        ));
    }
    Ok(Blueprint::plain(input))
}

/// Any shape → the same.
#[derive(Clone, Debug)]
pub(in crate::model) struct Dropout {
    pub rate: f32,
    /// Random stream of this dropout layer, different for each in the network.
    pub stream: u64,
}

impl Dropout {
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        match pass.mode {
            Mode::Train { seed, step } => {
                let mut rng = rng(seed, Stream::Dropout, step, self.stream);
                kernels::dropout(x, self.rate, &mut rng)
            }
            Mode::Eval => Ok(x.clone()),
        }
    }
}
