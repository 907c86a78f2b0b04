//! Update of all parameters: forward, backward and a step of each.

use super::rule::Rule;
use super::slot::Slot;
use crate::kernels::tape::{self, Backward};
use candle_core::{Result, Tensor};

/// Forward, backward and a step of every parameter: runs `forward`, which returns a loss, and
/// returns the loss.
///
/// The same bits as [`gradients`](super::super::gradients) followed by [`Slot::take`], but faster: large dense
/// weights take their step while their gradient is computed, a few rows at a time. So the gradients
/// cannot be read, clipped or accumulated. If the loss is not finite nothing is updated; a
/// parameter that the loss does not depend on does not change.
pub fn train_step(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    let gradients = tape::backward(tape, &loss, 1.0, Backward::Updating(&mut *slots, rule))?;
    for slot in slots {
        if let Some(gradient) = gradients.get(slot.param) {
            slot.take(gradient, rule)?;
        }
    }
    Ok(loss)
}
