//! Steps whose gradients are all there before the first weight moves, so that they can be looked at,
//! be clipped, or have a penalty's gradient added.

use super::super::tape;
use super::{Rule, Slot};
use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

/// As [`super::train_step`], with `shape` between the backward pass and the steps: it gets the
/// gradient of each parameter that the loss depends on, in the order of `slots`, and may change it.
///
/// Slower than [`super::train_step`], for no step can be taken within the backward pass.
pub fn step_with_transform(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
    shape: impl FnOnce(&mut [(&Var, Vec<f32>)]) -> Result<()>,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    let gradients = tape::backward(tape, &loss, None)?;
    let has_gradient = |slot: &&mut Slot<'_>| gradients.get(slot.param).is_some();
    let mut slots: Vec<&mut Slot<'_>> = slots.iter_mut().filter(has_gradient).collect();
    let mut shaped = Vec::with_capacity(slots.len());
    for slot in &slots {
        let gradient = gradients.get_id(slot.param.id());
        let values = gradient.map(|g| g.flatten_all()?.to_vec1()).transpose()?;
        shaped.push((slot.param, values.unwrap_or_default()));
    }
    shape(&mut shaped)?;
    for (slot, (param, values)) in slots.iter_mut().zip(shaped) {
        let gradient = Tensor::from_vec(values, param.dims(), param.device())?;
        slot.take(&gradient, rule)?;
    }
    Ok(loss)
}

/// As [`super::train_step`], with the same bits, and with `see`, which gets the gradients before the
/// first weight moves.
///
/// Slower than [`super::train_step`], as [`step_with_transform`].
pub fn step_with_norms(
    forward: impl FnOnce() -> Result<Tensor>,
    slots: &mut [Slot<'_>],
    rule: Rule,
    see: impl FnOnce(&GradStore) -> Result<()>,
) -> Result<Tensor> {
    let (loss, tape) = tape::record(forward)?;
    if !loss.to_scalar::<f32>()?.is_finite() {
        return Ok(loss);
    }
    // No slot is taken within the backward pass, but its memory is used again.
    let gradients = tape::backward(tape, &loss, Some((&mut [], rule)))?;
    see(&gradients)?;
    for slot in slots {
        if let Some(gradient) = gradients.get(slot.param) {
            slot.take(gradient, rule)?;
        }
    }
    Ok(loss)
}
