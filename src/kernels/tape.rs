//! Backpropagation through these ops without candle's overhead.
//!
//! Candle's `backward` makes a zero tensor for every gradient and adds the real one to it: for
//! small networks a third of a step. A tape records the calls of these ops during the forward pass
//! and walks them backward, moving each first gradient instead of adding it. The ops stay nodes of
//! candle's graph as well, so if anything else took part in the result, candle's own backward pass
//! takes over with the same result.

use candle_core::backprop::GradStore;
use candle_core::{CustomOp1, CustomOp3, Result, Tensor, TensorId};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::buffers;
use super::slice_op::{self, SliceOp};
use super::support::wants_gradient;
use super::update::{Rule, Slot, Update};

type Op1 = Arc<Box<dyn CustomOp1 + Send + Sync>>;
type Op3 = Arc<Box<dyn CustomOp3 + Send + Sync>>;

/// A call of an op: its arguments, and the op with what it saved for the backward pass.
enum Call {
    One(Tensor, Op1),
    Three([Tensor; 3], Op3),
    /// The same values in another shape.
    View(Tensor),
    /// The sum of two tensors of the same shape.
    Sum([Tensor; 2]),
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

pub(super) struct Node {
    call: Call,
    fusable: Option<Box<dyn Fusable>>,
    result: Tensor,
}

impl Node {
    fn arguments(&self) -> &[Tensor] {
        match &self.call {
            Call::One(x, _) | Call::View(x) => std::slice::from_ref(x),
            Call::Three(arguments, _) => arguments,
            Call::Sum(arguments) => arguments,
        }
    }

    /// The gradients of the arguments, in order; with a slot for the weight, that is updated
    /// instead, if the op is fusable.
    fn backward(
        &self,
        gradient: &Tensor,
        slot: Option<(&mut Slot<'_>, Rule)>,
    ) -> Result<[Option<Tensor>; 3]> {
        match (&self.call, &self.fusable, slot) {
            (Call::Three(arguments, _), Some(op), Some((slot, rule))) => {
                op.backward_and_update(arguments, &self.result, gradient, slot.update(rule)?)
            }
            (Call::One(x, op), ..) => Ok([op.bwd(x, &self.result, gradient)?, None, None]),
            (Call::Three([a, b, c], op), ..) => {
                let (a, b, c) = op.bwd(a, b, c, &self.result, gradient)?;
                Ok([a, b, c])
            }
            (Call::View(x), ..) => Ok([Some(gradient.reshape(x.shape())?), None, None]),
            (Call::Sum(arguments), ..) => {
                let part = |x: &Tensor| wants_gradient(x).then(|| gradient.clone());
                Ok([part(&arguments[0]), part(&arguments[1]), None])
            }
        }
    }
}

thread_local! {
    static TAPE: RefCell<Option<Vec<Node>>> = const { RefCell::new(None) };
}

fn note(result: &Tensor, node: impl FnOnce() -> (Call, Option<Box<dyn Fusable>>)) {
    TAPE.with_borrow_mut(|tape| {
        if let Some(tape) = tape
            && result.track_op()
        {
            let (call, fusable) = node();
            tape.push(Node {
                call,
                fusable,
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
    note(&result, || (Call::One(x, op), None));
    Ok(result)
}

/// The op's result for three arguments, recorded.
pub(super) fn apply3(arguments: [&Tensor; 3], op: impl SliceOp<3>) -> Result<Tensor> {
    record3(arguments, op, || None)
}

/// The same for a [`Fusable`] op.
pub(super) fn apply3_fusable(
    arguments: [&Tensor; 3],
    op: impl SliceOp<3> + Fusable + Copy,
) -> Result<Tensor> {
    record3(arguments, op, || Some(Box::new(op)))
}

fn record3(
    [a, b, c]: [&Tensor; 3],
    op: impl SliceOp<3>,
    fusable: impl FnOnce() -> Option<Box<dyn Fusable>>,
) -> Result<Tensor> {
    let (a, b, c) = (a.contiguous()?, b.contiguous()?, c.contiguous()?);
    let op: Op3 = Arc::new(Box::new(slice_op::Node::new(op)));
    let result = a.apply_op3_arc(&b, &c, Arc::clone(&op))?;
    note(&result, || (Call::Three([a, b, c], op), fusable()));
    Ok(result)
}

/// Notes that `result` has the values of `x` in another shape.
pub fn view(x: &Tensor, result: Tensor) -> Tensor {
    // Candle returns the tensor itself if the shape is the same.
    if result.id() != x.id() {
        note(&result, || (Call::View(x.clone()), None));
    }
    result
}

/// Notes that `sum` is the sum of two tensors.
pub(super) fn note_sum(arguments: [Tensor; 2], sum: &Tensor) {
    note(sum, || (Call::Sum(arguments), None));
}

/// Runs `forward`, which returns a loss, and returns it with the gradients of all variables it
/// depends on: the same as `let loss = forward()?; loss.backward()`, but faster. As there, a result
/// of several elements is summed.
pub fn gradients(forward: impl FnOnce() -> Result<Tensor>) -> Result<(Tensor, GradStore)> {
    let (loss, tape) = record(forward)?;
    let gradients = backward(tape, &loss, None)?;
    Ok((loss, gradients))
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

/// Returns the gradients of the variables. Those in `update` whose only use is a fusable op are
/// updated instead.
pub(super) fn backward(
    tape: Vec<Node>,
    loss: &Tensor,
    update: Option<(&mut [Slot<'_>], Rule)>,
) -> Result<GradStore> {
    match is_complete(&tape, loss) {
        true => walk(tape, loss, update),
        false => loss.backward(),
    }
}

/// Whether the tape has everything between the variables and the loss.
fn is_complete(tape: &[Node], loss: &Tensor) -> bool {
    let made: HashSet<TensorId> = tape.iter().map(|node| node.result.id()).collect();
    let known = |x: &Tensor| x.is_variable() || !wants_gradient(x) || made.contains(&x.id());
    made.contains(&loss.id()) && tape.iter().flat_map(Node::arguments).all(known)
}

fn walk(
    mut tape: Vec<Node>,
    loss: &Tensor,
    mut update: Option<(&mut [Slot<'_>], Rule)>,
) -> Result<GradStore> {
    let mut uses: HashMap<TensorId, usize> = HashMap::new();
    for argument in tape.iter().flat_map(Node::arguments) {
        *uses.entry(argument.id()).or_default() += 1;
    }
    let mut pending: HashMap<TensorId, Tensor> = HashMap::new();
    pending.insert(loss.id(), loss.ones_like()?);
    let mut gradients = GradStore::default();
    while let Some(node) = tape.pop() {
        let Some(gradient) = pending.remove(&node.result.id()) else {
            continue;
        };
        let slot = update.as_mut().and_then(|(slots, rule)| {
            let weight = node.arguments().get(1)?.id();
            let mut slots = slots.iter_mut();
            let slot = slots.find(|slot| slot.param.id() == weight && uses[&weight] == 1)?;
            Some((slot, *rule))
        });
        let parts = node.backward(&gradient, slot)?;
        let mut in_use = parts.iter().flatten().chain(pending.values());
        if !in_use.any(|part| buffers::share_memory(part, &gradient)) {
            buffers::reclaim(&gradient);
        }
        drop(gradient);
        // A view has no memory of its own.
        if update.is_some() && !matches!(node.call, Call::View(_)) {
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
    let sum = buffers::add_to(part, &earlier)?;
    let is_free = |other: &Tensor| !buffers::share_memory(other, &earlier);
    if pending.values().all(is_free) && is_free(&sum) {
        buffers::reclaim(&earlier);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::assert_close;
    use super::super::{Activation, ConvOptions, Window, conv2d, cross_entropy, dense};
    use super::*;
    use candle_core::{Device, Var};

    fn var(shape: &[usize], seed: f32) -> Var {
        let n = shape.iter().product::<usize>();
        let data: Vec<f32> = (0..n).map(|i| (seed + i as f32 * 0.7).sin()).collect();
        let tensor = Tensor::from_vec(data, shape, &Device::Cpu).unwrap();
        Var::from_tensor(&tensor).unwrap()
    }

    /// A small network; `foreign` puts an op of candle's own in the middle, and one weight is
    /// used twice.
    fn check(foreign: bool) {
        let vars = [&[4, 1, 3, 3][..], &[4], &[36, 36], &[36], &[36, 3], &[3]];
        let vars: Vec<Var> = vars
            .iter()
            .zip(1..)
            .map(|(s, i)| var(s, i as f32))
            .collect();
        let images = var(&[5, 1, 8, 8], 0.0).as_detached_tensor();
        let labels = Tensor::new(&[0u32, 1, 2, 1, 0], &Device::Cpu).unwrap();
        let window = |k, s| Window {
            kernel: [k; 2],
            stride: [s; 2],
            padding: [0; 2],
        };
        let forward = || {
            let pool = Some(window(2, 2));
            let options = ConvOptions::new(window(3, 1), Activation::Relu, pool);
            let mut x = conv2d(&images, &vars[0], &vars[1], options)?;
            if foreign {
                x = x.sqr()?;
            }
            let x = dense(&x, &vars[2], &vars[3], Activation::Tanh)?;
            let x = dense(&x, &vars[2], &vars[3], Activation::Tanh)?;
            cross_entropy(
                &dense(&x, &vars[4], &vars[5], Activation::Identity)?,
                &labels,
            )
        };
        let expected = forward().unwrap().backward().unwrap();
        let (_, found) = gradients(forward).unwrap();
        for (i, var) in vars.iter().enumerate() {
            let [found, expected] = [&found, &expected].map(|g| g.get(var).unwrap());
            assert_close(found, expected, &format!("variable {i}"));
        }
    }

    #[test]
    fn gradients_are_those_of_candles_own_walk() {
        check(false);
    }

    #[test]
    fn ops_from_elsewhere_take_part() {
        check(true);
    }
}
