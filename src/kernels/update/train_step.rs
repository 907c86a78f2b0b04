//! Updates of all parameters: forward, backward and a step of each.

use super::rule::Rule;
use super::slot::Slot;
use crate::kernels::tape;
use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

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
    let gradients = tape::backward(tape, &loss, Some((&mut *slots, rule)))?;
    for slot in slots {
        if let Some(gradient) = gradients.get(slot.param) {
            slot.take(gradient, rule)?;
        }
    }
    Ok(loss)
}

/// Like [`train_step`], with `transform` between the backward pass and the steps: it gets
/// the gradient of each parameter that the loss depends on, in the order of `slots`, and may change
/// it.
///
/// Slower than [`train_step`], because no step is fused into the backward pass.
pub fn step_with_transform(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
    transform: impl FnOnce(&mut [(&Var, Vec<f32>)]) -> Result<()>,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    let gradients = tape::backward(tape, &loss, None)?;
    let has_gradient = |slot: &&mut Slot<'_>| gradients.get(slot.param).is_some();
    let mut slots: Vec<&mut Slot<'_>> = slots.iter_mut().filter(has_gradient).collect();
    let mut changed = Vec::with_capacity(slots.len());
    for slot in &slots {
        let gradient = gradients.get_id(slot.param.id());
        let values = gradient.map(|g| g.flatten_all()?.to_vec1()).transpose()?;
        changed.push((slot.param, values.unwrap_or_default()));
    }
    transform(&mut changed)?;
    for (slot, (param, values)) in slots.iter_mut().zip(changed) {
        let gradient = Tensor::from_vec(values, param.dims(), param.device())?;
        slot.take(&gradient, rule)?;
    }
    Ok(loss)
}

/// Like [`train_step`], with the same bits, and with `observe`, which gets the gradients
/// before the first weight changes.
///
/// Slower than [`train_step`], like [`step_with_transform`].
pub fn step_with_norms(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
    observe: impl FnOnce(&GradStore) -> Result<()>,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    // No step is fused into the backward pass, but memory is reused.
    let gradients = tape::backward(tape, &loss, Some((&mut [], rule)))?;
    observe(&gradients)?;
    for slot in slots {
        if let Some(gradient) = gradients.get(slot.param) {
            slot.take(gradient, rule)?;
        }
    }
    Ok(loss)
}
