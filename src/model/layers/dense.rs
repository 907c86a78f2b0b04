//! The dense layer: y = x · W + b, as `nn.Linear`.

use candle_core::{Result, Tensor};

use super::super::Shape;
use super::Blueprint;
use super::blueprint::{ParamPlan, positive, product};
use super::plan::Pass;
use crate::kernels::{self, Activation};

pub(super) fn blueprint(units: usize, input: Shape) -> std::result::Result<Blueprint, String> {
    positive(units, "units")?;
    let Shape::Vector(n) = input else {
        return Err(format!(
            "dense needs a flat list of values but gets {input}: put a flatten layer before it"
        ));
    };
    Ok(Blueprint {
        multiply_adds: product(&[n, units])?,
        params: vec![
            ParamPlan::matrix("weight", n, units),
            ParamPlan::bias("bias", units),
        ],
        ..Blueprint::plain(Shape::Vector(units))
    })
}

/// `[n, in]` → `[n, units]`.
#[derive(Clone, Debug)]
pub(in crate::model) struct Dense {
    /// Index of the weight; the bias follows.
    pub weight: usize,
    /// The activation that follows.
    pub activation: Activation,
}

impl Dense {
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let (weight, bias) = (pass.tensor(self.weight), pass.tensor(self.weight + 1));
        kernels::dense(x, &weight, &bias, self.activation)
    }
}
