//! The exponential moving average of a parameter.

use super::slot::CHUNK;
use crate::kernels::support::{slice, slice_mut};
use crate::kernels::{simd, threads};
use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var};

/// mean ← mean + share · (value − mean)
struct Average {
    share: f32,
}

impl InplaceOp2 for Average {
    fn name(&self) -> &'static str {
        "moving average"
    }

    fn cpu_fwd(
        &self,
        mean: &mut CpuStorage,
        mean_layout: &Layout,
        value: &CpuStorage,
        value_layout: &Layout,
    ) -> Result<()> {
        let means = slice_mut(mean, mean_layout)?.chunks_mut(CHUNK);
        let values = slice(value, value_layout)?.chunks(CHUNK);
        threads::for_parts(means.zip(values), |_, (means, values)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    for (mean, value) in means.iter_mut().zip(values) {
                        *mean += self.share * (value - *mean);
                    }
                },
            );
        });
        Ok(())
    }
}

/// Updates the average `mean` with a share of `value`.
///
/// # Errors
/// When the shapes differ.
pub fn average(mean: &Var, value: &Tensor, share: f64) -> Result<()> {
    let share = share as f32;
    mean.as_tensor().inplace_op2(value, &Average { share })
}
