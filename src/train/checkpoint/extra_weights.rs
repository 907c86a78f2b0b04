//! Weights that a run keeps beside its own: their EMA, and those of the best epoch.

use candle_core::{Result, Tensor};

use crate::kernels::Copies;
use crate::model::Param;

/// Values in the order of the network's parameters, in the layout they have in memory; empty if
/// not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtraWeights {
    /// The exponential moving average (EMA) of the weights.
    pub average: Vec<Vec<f32>>,
    /// The weights of the best epoch so far.
    pub best: Vec<Vec<f32>>,
}

impl ExtraWeights {
    /// Both, with the prefix each has in a checkpoint file.
    pub(in crate::train) fn parts(&self) -> [(&'static str, &Vec<Vec<f32>>); 2] {
        [("average", &self.average), ("best", &self.best)]
    }
}

/// Copies the values of `params`.
pub(in crate::train) fn values(params: &[Param], copies: &mut Copies) -> Result<Vec<Vec<f32>>> {
    params.iter().map(|p| copies.of_tensor(&p.var)).collect()
}

/// Loads `values` into `params`, which must have the same sizes.
pub(in crate::train) fn load(values: &[Vec<f32>], params: &[Param]) -> Result<()> {
    for (param, values) in params.iter().zip(values) {
        let tensor = Tensor::from_slice(values, param.var.dims(), param.var.device())?;
        param.var.set(&tensor)?;
    }
    Ok(())
}
