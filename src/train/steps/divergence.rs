//! When the loss is no longer a number: going back to weights that are.

use super::{Steps, TrainError};
use crate::train::Finish;

impl Steps<'_> {
    /// Keeps a copy of the weights if they are all finite.
    pub(super) fn keep_if_finite(&mut self) -> Result<(), TrainError> {
        let params = self.network.params();
        let copies = params
            .iter()
            .map(|p| p.var.as_detached_tensor().copy())
            .collect::<candle_core::Result<Vec<_>>>()?;
        for copy in &copies {
            // A sum is finite only if its terms are; one that overflows just keeps the older copy.
            if !copy.sum_all()?.to_scalar::<f32>()?.is_finite() {
                return Ok(());
            }
        }
        self.kept = copies;
        Ok(())
    }

    /// Goes back to weights that are finite, if these are not.
    pub(super) fn diverged(&mut self) -> Result<Finish, TrainError> {
        let step = self.optimizer.step + 1;
        let mut is_finite = true;
        for param in self.network.params() {
            is_finite &= param.var.sum_all()?.to_scalar::<f32>()?.is_finite();
        }
        if let Some(mean) = &self.mean {
            for param in mean.params() {
                is_finite &= param.var.sum_all()?.to_scalar::<f32>()?.is_finite();
            }
        }
        if !is_finite {
            for (param, kept) in self.network.params().iter().zip(&self.kept) {
                param.var.set(kept)?;
            }
            self.begin_average()?;
        }
        Ok(Finish::Diverged { step })
    }
}
