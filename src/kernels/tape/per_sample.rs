//! Gradients of single samples, clipped and summed, without computing them one by one: two backward
//! passes over the same forward pass.
//!
//! The first finds only the norm of each sample's gradient, layer by layer. For a dense layer that
//! is |x| |dz|, as its gradient is the outer product of both (Goodfellow 2015, "Efficient per-example
//! gradient computations"); other layers are computed for each sample alone, but only they. The second
//! pass starts from the gradients of the logits, each times its sample's factor, so that its sum over
//! the batch is that of the clipped gradients (Lee and Kifer 2021).

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, TensorId};
use std::collections::{HashMap, HashSet};

use super::{Backward, Call, Node, is_complete, record, walk};
use crate::kernels::slice_op::{Context, SliceOp, read3};
use crate::kernels::support::{read, wants_gradient};
use crate::kernels::threads;

/// An op that computes each sample by itself, so that the gradient of one is that of a call for it
/// alone.
pub(in crate::kernels) trait PerSample: SliceOp<3> + Copy {
    /// The op for one of the `n` samples of its first argument; `None` if they cannot be told apart.
    fn of_one(self, n: usize) -> Option<Self>;

    /// The squared norm of each sample's gradient of weight and bias, where a formula gives it.
    fn norms_by_formula(&self, _x: &[f32], _y: &[f32], _dy: &[f32], _n: usize) -> Option<Vec<f64>> {
        None
    }
}

/// The norms that a node of the tape can tell.
pub(super) trait Norms: Send + Sync {
    /// The squared norm of each of `n` samples' gradient of weight and bias, as far as these are
    /// variables; `None` if the samples cannot be told apart.
    fn square_norms(
        &self,
        arguments: &[Tensor; 3],
        result: &Tensor,
        gradient: &Tensor,
        n: usize,
    ) -> Result<Option<Vec<f64>>>;
}

impl<O: PerSample> Norms for O {
    fn square_norms(
        &self,
        arguments: &[Tensor; 3],
        result: &Tensor,
        gradient: &Tensor,
        n: usize,
    ) -> Result<Option<Vec<f64>>> {
        let [_, weight, bias] = arguments.each_ref().map(wants_gradient);
        let arguments = arguments.each_ref();
        read3(arguments, |[x, w, b]| {
            read(gradient, |dy| {
                if weight && bias {
                    let found = read(result, |y| Ok(self.norms_by_formula(x, y, dy, n)))?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                let fits = x.len().is_multiple_of(n) && dy.len().is_multiple_of(n);
                let Some(one) = self.of_one(n).filter(|_| fits) else {
                    return Ok(None);
                };
                let (len, out) = (x.len() / n, dy.len() / n);
                let mut norms = vec![0.0; n];
                threads::for_parts(norms.iter_mut(), |i, norm| {
                    let arguments = [&x[i * len..][..len], w, b];
                    let dy = &dy[i * out..][..out];
                    *norm = norm_of_one(&one, arguments, dy, [weight, bias]);
                });
                Ok(Some(norms))
            })
        })
    }
}

impl Node {
    /// See [`Norms`]; `None` if the op cannot tell.
    fn square_norms(&self, gradient: &Tensor, n: usize) -> Result<Option<Vec<f64>>> {
        match (&self.call, &self.more.norms) {
            (Call::Three(arguments, _), Some(op)) => {
                op.square_norms(arguments, &self.result, gradient, n)
            }
            _ => Ok(None),
        }
    }

    /// The gradients of those arguments that are no variables, with their ids.
    fn backward_to_inputs(&self, gradient: &Tensor) -> Result<Vec<(TensorId, Tensor)>> {
        let inputs = self.arguments().iter();
        if !inputs
            .clone()
            .any(|x| !x.is_variable() && wants_gradient(x))
        {
            return Ok(Vec::new());
        }
        // What is detached gets no gradient.
        let of = |x: &Tensor| match x.is_variable() {
            true => x.detach(),
            false => x.clone(),
        };
        let parts = match &self.call {
            Call::One(x, op) => [op.bwd(&of(x), &self.result, gradient)?, None, None],
            Call::Three(arguments, op) => {
                let [a, b, c] = arguments.each_ref().map(of);
                let (a, b, c) = op.bwd(&a, &b, &c, &self.result, gradient)?;
                [a, b, c]
            }
            Call::View(_) | Call::Sum(..) | Call::Stack(_) => self.backward(gradient, None)?,
        };
        let found = inputs.zip(parts).filter(|(x, _)| !x.is_variable());
        Ok(found
            .filter_map(|(x, part)| Some((x.id(), part?)))
            .collect())
    }
}

/// The squared norm of the gradient of weight and bias, each if it is wanted, for one sample.
fn norm_of_one<O: PerSample>(
    op: &O,
    arguments: [&[f32]; 3],
    dy: &[f32],
    [weight, bias]: [bool; 2],
) -> f64 {
    let (y, saved) = op.forward(arguments);
    let [_, dw, db] = op.backward(Context {
        arguments,
        result: &y,
        gradient: dy,
        saved: &saved,
        needs_gradient: [false, weight, bias],
    });
    let parts = [(dw, weight), (db, bias)].into_iter();
    parts
        .filter(|(_, is_wanted)| *is_wanted)
        .map(|(part, _)| square_sum(&part))
        .sum()
}

/// Sum of squares, in order.
pub(in crate::kernels) fn square_sum(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum()
}

/// Runs `forward`, which returns the mean loss of `n` samples from their logits `[n, classes]`; returns
/// the loss and the sum of the samples' gradients, each times what `factor` returns for its squared
/// norm over all variables. A sample's gradient is that of its own loss.
///
/// `None` if the network has something other than these ops, uses a weight twice, or mixes samples:
/// their gradients must then be computed one by one.
pub fn clipped_gradients(
    forward: impl FnOnce() -> Result<Tensor>,
    n: usize,
    factor: impl Fn(f64) -> f32,
) -> Result<Option<(Tensor, GradStore)>> {
    let (loss, mut tape) = record(forward)?;
    if !is_complete(&tape, &loss) || uses_twice(&tape) {
        return Ok(None);
    }
    let Some(last) = tape.pop().filter(|last| last.result().id() == loss.id()) else {
        return Ok(None);
    };
    let logits = last.arguments()[0].clone();
    let [Some(gradient), ..] = last.backward(&loss.ones_like()?, None)? else {
        return Ok(None);
    };
    // The loss is a mean: this undoes its division.
    let gradient = (gradient * n as f64)?;
    let Some(norms) = square_norms(&tape, (logits.id(), &gradient), n)? else {
        return Ok(None);
    };
    let factors: Vec<f32> = norms.into_iter().map(factor).collect();
    let factors = Tensor::from_vec(factors, (n, 1), gradient.device())?;
    let clipped = gradient.broadcast_mul(&factors)?;
    let gradients = walk(tape, (logits.id(), clipped), Backward::Plain)?;
    Ok(Some((loss, gradients)))
}

/// Whether a variable is an argument of more than one call: norms of its parts do not add up.
fn uses_twice(tape: &[Node]) -> bool {
    let mut seen = HashSet::new();
    let mut variables = tape.iter().flat_map(Node::arguments);
    variables.any(|x| x.is_variable() && !seen.insert(x.id()))
}

/// The squared norms over all variables.
fn square_norms(
    tape: &[Node],
    (start, gradient): (TensorId, &Tensor),
    n: usize,
) -> Result<Option<Vec<f64>>> {
    let mut pending = HashMap::from([(start, gradient.clone())]);
    let mut norms = vec![0.0; n];
    for node in tape.iter().rev() {
        let Some(gradient) = pending.remove(&node.result().id()) else {
            continue;
        };
        if node.arguments().iter().any(Tensor::is_variable) {
            let Some(own) = node.square_norms(&gradient, n)? else {
                return Ok(None);
            };
            norms.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        for (id, part) in node.backward_to_inputs(&gradient)? {
            let sum = match pending.remove(&id) {
                Some(earlier) => (earlier + part)?,
                None => part,
            };
            pending.insert(id, sum);
        }
    }
    Ok(Some(norms))
}
