//! Backpropagation through these ops without candle's overhead.
//!
//! Candle's `backward` makes a zero tensor for every gradient and adds the real one to it: for
//! small networks a third of a step. A tape records the calls of these ops during the forward pass
//! and walks them backward, moving each first gradient instead of adding it. The ops stay nodes of
//! candle's graph as well, so if anything else took part in the result, candle's own backward pass
//! takes over with the same result.

mod per_sample;

use candle_core::backprop::GradStore;
use candle_core::{CustomOp1, CustomOp3, Result, Tensor, TensorId};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::buffers;
use super::slice_op::{self, SliceOp};
use super::sum::{add_to, relu_gradient};
use super::support::wants_gradient;
use super::update::{Rule, Slot, Update};
use per_sample::Norms;
pub use per_sample::clipped_gradients;
pub(super) use per_sample::{PerSample, square_sum};

type Op1 = Arc<Box<dyn CustomOp1 + Send + Sync>>;
type Op3 = Arc<Box<dyn CustomOp3 + Send + Sync>>;

/// A call of an op: its arguments, and the op with what it saved for the backward pass.
enum Call {
    One(Tensor, Op1),
    Three([Tensor; 3], Op3),
    /// The same values in another shape.
    View(Tensor),
    /// The sum of two tensors of the same shape, with ReLU if the second is true.
    Sum([Tensor; 2], bool),
    /// Three lists of the same length as the rows of a matrix.
    Stack([Tensor; 3]),
}

/// An op that can take the optimizer step of its second argument, the weight, in its backward pass.
pub(super) trait Fusable: Send + Sync {
    /// Updates the weight and returns the gradients of the other arguments.
    fn backward_and_update(
        &self,
        arguments: &[Tensor; 3],
        result: &Tensor,
        gradient: &Tensor,
        update: Update<'_>,
    ) -> Result<[Option<Tensor>; 3]>;
}

/// What an op can do besides its backward pass.
#[derive(Default)]
struct Abilities {
    fusable: Option<Box<dyn Fusable>>,
    norms: Option<Box<dyn Norms>>,
}

pub(super) struct Node {
    call: Call,
    more: Abilities,
    result: Tensor,
}

impl Node {
    pub fn arguments(&self) -> &[Tensor] {
        match &self.call {
            Call::One(x, _) | Call::View(x) => std::slice::from_ref(x),
            Call::Three(arguments, _) | Call::Stack(arguments) => arguments,
            Call::Sum(arguments, _) => arguments,
        }
    }

    pub fn result(&self) -> &Tensor {
        &self.result
    }

    /// The gradients of the arguments, in order; with a slot for the weight, that is updated
    /// instead, if the op is fusable.
    pub fn backward(
        &self,
        gradient: &Tensor,
        slot: Option<(&mut Slot<'_>, Rule)>,
    ) -> Result<[Option<Tensor>; 3]> {
        match (&self.call, &self.more.fusable, slot) {
            (Call::Three(arguments, _), Some(op), Some((slot, rule))) => {
                op.backward_and_update(arguments, &self.result, gradient, slot.update(rule)?)
            }
            (Call::One(x, op), ..) => Ok([op.bwd(x, &self.result, gradient)?, None, None]),
            (Call::Three([a, b, c], op), ..) => {
                let (a, b, c) = op.bwd(a, b, c, &self.result, gradient)?;
                Ok([a, b, c])
            }
            (Call::View(x), ..) => Ok([Some(gradient.reshape(x.shape())?), None, None]),
            (Call::Sum(arguments, relu), ..) => {
                let gradient = match relu {
                    true => relu_gradient(&self.result, gradient)?,
                    false => gradient.clone(),
                };
                let part = |x: &Tensor| wants_gradient(x).then(|| gradient.clone());
                Ok([part(&arguments[0]), part(&arguments[1]), None])
            }
            (Call::Stack(arguments), ..) => {
                let mut parts = [None, None, None];
                for (row, (part, x)) in parts.iter_mut().zip(arguments).enumerate() {
                    if wants_gradient(x) {
                        *part = Some(gradient.get(row)?.copy()?);
                    }
                }
                Ok(parts)
            }
        }
    }
}

thread_local! {
    static TAPE: RefCell<Option<Vec<Node>>> = const { RefCell::new(None) };
}

fn note(result: &Tensor, node: impl FnOnce() -> (Call, Abilities)) {
    TAPE.with_borrow_mut(|tape| {
        if let Some(tape) = tape
            && result.track_op()
        {
            let (call, more) = node();
            tape.push(Node {
                call,
                more,
                result: result.clone(),
            });
        }
    });
}

/// The op's result for `x`, recorded.
pub(super) fn apply1(x: &Tensor, op: impl SliceOp<1>) -> Result<Tensor> {
    let x = x.contiguous()?;
    let op: Op1 = Arc::new(Box::new(slice_op::Node::new(op)));
    let result = x.apply_op1_arc(Arc::clone(&op))?;
    note(&result, || (Call::One(x, op), Abilities::default()));
    Ok(result)
}

/// The op's result for three arguments, recorded.
pub(super) fn apply3(arguments: [&Tensor; 3], op: impl SliceOp<3>) -> Result<Tensor> {
    record3(arguments, op, Abilities::default)
}

/// The same for an op that computes each sample by itself.
pub(super) fn apply3_per_sample(arguments: [&Tensor; 3], op: impl PerSample) -> Result<Tensor> {
    record3(arguments, op, || Abilities {
        fusable: None,
        norms: Some(Box::new(op)),
    })
}

/// The same for a [`Fusable`] op.
pub(super) fn apply3_fusable(
    arguments: [&Tensor; 3],
    op: impl PerSample + Fusable,
) -> Result<Tensor> {
    record3(arguments, op, || Abilities {
        fusable: Some(Box::new(op)),
        norms: Some(Box::new(op)),
    })
}

fn record3(
    [a, b, c]: [&Tensor; 3],
    op: impl SliceOp<3>,
    more: impl FnOnce() -> Abilities,
) -> Result<Tensor> {
    let (a, b, c) = (a.contiguous()?, b.contiguous()?, c.contiguous()?);
    let op: Op3 = Arc::new(Box::new(slice_op::Node::new(op)));
    let result = a.apply_op3_arc(&b, &c, Arc::clone(&op))?;
    note(&result, || (Call::Three([a, b, c], op), more()));
    Ok(result)
}

/// Notes that `result` has the values of `x` in another shape.
pub fn view(x: &Tensor, result: Tensor) -> Tensor {
    // Candle returns the tensor itself if the shape is the same.
    if result.id() != x.id() {
        note(&result, || (Call::View(x.clone()), Abilities::default()));
    }
    result
}

/// Notes that `sum` is the sum of two tensors, with ReLU if `relu`.
pub(super) fn note_sum(arguments: [Tensor; 2], sum: &Tensor, relu: bool) {
    note(sum, || (Call::Sum(arguments, relu), Abilities::default()));
}

/// Three lists of the same length as the rows of a matrix, recorded.
pub(super) fn stack(lists: [&Tensor; 3]) -> Result<Tensor> {
    let matrix = Tensor::stack(&lists, 0)?;
    let call = || Call::Stack(lists.map(Tensor::clone));
    note(&matrix, || (call(), Abilities::default()));
    Ok(matrix)
}

/// Runs `forward`, which returns a loss, and returns it with the gradients of all variables it
/// depends on: the same as `let loss = forward()?; loss.backward()`, but faster. As there, a result
/// of several elements is summed.
pub fn gradients(forward: impl FnOnce() -> Result<Tensor>) -> Result<(Tensor, GradStore)> {
    let (loss, tape) = record(forward)?;
    let gradients = backward(tape, &loss, 1.0, Backward::Plain)?;
    Ok((loss, gradients))
}

/// Like [`gradients`] of `weight · loss`, with the value of the loss: all other memory of the forward
/// pass serves the backward pass.
///
/// * `forward`: returns the loss, and must not keep any tensor it is made of
///
/// # Errors
/// Those of `forward`, and when the backward pass fails.
pub fn gradients_only(
    weight: f64,
    forward: impl FnOnce() -> Result<Tensor>,
) -> Result<(f64, GradStore)> {
    let (loss, tape) = record(forward)?;
    let value = f64::from(loss.to_scalar::<f32>()?);
    let gradients = backward(tape, &loss, weight, Backward::ReusingMemory)?;
    Ok((value, gradients))
}

/// Like [`gradients_only`] for a weighted sum of losses, which are computed one after the other.
///
/// * `weights`: of the losses
/// * `forward`: returns the loss at an index, of which it must not keep any tensor
///
/// # Errors
/// Those of `forward`, and when the backward pass fails.
pub fn gradients_of_sum(
    weights: &[f64],
    mut forward: impl FnMut(usize) -> Result<Tensor>,
) -> Result<(f64, GradStore)> {
    let (mut sum, mut gradients) = (0.0, GradStore::default());
    for (idx, &weight) in weights.iter().enumerate() {
        let (loss, found) = gradients_only(weight, || forward(idx))?;
        sum += weight * loss;
        gradients.extend(found)?;
    }
    Ok((sum, gradients))
}

/// Runs `forward`, which returns a loss, and returns it with the recorded calls.
pub(super) fn record(forward: impl FnOnce() -> Result<Tensor>) -> Result<(Tensor, Vec<Node>)> {
    /// Ends the recording even if `forward` panics.
    struct Recording;
    impl Drop for Recording {
        fn drop(&mut self) {
            TAPE.set(None);
        }
    }

    let recording = Recording;
    TAPE.set(Some(Vec::new()));
    let loss = forward()?;
    let tape = TAPE.take().unwrap_or_default();
    drop(recording);
    Ok((loss, tape))
}

/// What a backward pass may do besides computing gradients.
pub(super) enum Backward<'a, 's> {
    /// Nothing.
    Plain,
    /// Reuse the memory of the results of the forward pass, which nobody reads later.
    ReusingMemory,
    /// That, and update weights whose only use is a fusable op. They have no gradient then.
    Updating(&'a mut [Slot<'s>], Rule),
}

/// Returns the gradients of the variables by `weight · loss`.
pub(super) fn backward(
    tape: Vec<Node>,
    loss: &Tensor,
    weight: f64,
    how: Backward<'_, '_>,
) -> Result<GradStore> {
    match is_complete(&tape, loss) {
        true => walk(
            tape,
            (loss.id(), loss.ones_like()?.affine(weight, 0.0)?),
            how,
        ),
        false => loss.affine(weight, 0.0)?.backward(),
    }
}

/// Whether the tape has everything between the variables and the loss.
fn is_complete(tape: &[Node], loss: &Tensor) -> bool {
    let made: HashSet<TensorId> = tape.iter().map(|node| node.result.id()).collect();
    let known = |x: &Tensor| x.is_variable() || !wants_gradient(x) || made.contains(&x.id());
    made.contains(&loss.id()) && tape.iter().flat_map(Node::arguments).all(known)
}

/// Walks the tape backward from the gradient of one result.
fn walk(
    mut tape: Vec<Node>,
    (start, gradient): (TensorId, Tensor),
    mut how: Backward<'_, '_>,
) -> Result<GradStore> {
    let mut uses: HashMap<TensorId, usize> = HashMap::new();
    for argument in tape.iter().flat_map(Node::arguments) {
        *uses.entry(argument.id()).or_default() += 1;
    }
    let mut pending: HashMap<TensorId, Tensor> = HashMap::new();
    pending.insert(start, gradient);
    let mut gradients = GradStore::default();
    while let Some(node) = tape.pop() {
        let Some(gradient) = pending.remove(&node.result.id()) else {
            continue;
        };
        let slot = match &mut how {
            Backward::Updating(slots, rule) => node.arguments().get(1).and_then(|weight| {
                let is_only_use = uses[&weight.id()] == 1;
                let mut slots = slots.iter_mut().filter(|_| is_only_use);
                Some((slots.find(|slot| slot.param.id() == weight.id())?, *rule))
            }),
            _ => None,
        };
        let parts = node.backward(&gradient, slot)?;
        let mut in_use = parts.iter().flatten().chain(pending.values());
        if !in_use.any(|part| buffers::share_memory(part, &gradient)) {
            buffers::reclaim(&gradient);
        }
        drop(gradient);
        // A view has no memory of its own.
        if !matches!(how, Backward::Plain) && !matches!(node.call, Call::View(_)) {
            buffers::reclaim(&node.result);
        }
        // The parts of a sum and of a view are the gradient itself.
        let is_own = matches!(node.call, Call::One(..) | Call::Three(..));
        for (argument, part) in node.arguments().iter().zip(parts) {
            let Some(part) = part else { continue };
            let earlier = match argument.is_variable() {
                true => gradients.remove(argument),
                false => pending.remove(&argument.id()),
            };
            let sum = match earlier {
                Some(earlier) if is_own => accumulated(part, earlier, &pending)?,
                Some(earlier) => (earlier + part)?,
                None => part,
            };
            if argument.is_variable() {
                gradients.insert(argument, sum);
            } else {
                pending.insert(argument.id(), sum);
            }
        }
    }
    Ok(gradients)
}

/// earlier + part, in the memory of `part` if that is its own.
fn accumulated(
    part: Tensor,
    earlier: Tensor,
    pending: &HashMap<TensorId, Tensor>,
) -> Result<Tensor> {
    let is_shared = |other: &Tensor| buffers::share_memory(other, &part);
    if pending.values().any(is_shared) || is_shared(&earlier) {
        return earlier + part;
    }
    let sum = add_to(part, &earlier)?;
    let is_free = |other: &Tensor| !buffers::share_memory(other, &earlier);
    if pending.values().all(is_free) && is_free(&sum) {
        buffers::reclaim(&earlier);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
