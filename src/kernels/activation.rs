//! Activations: identity, ReLU, sigmoid, tanh, element by element.
//!
//! Shapes: any → the same.
//! Forward: y = f(x). Backward: dx = dy · f′, with f′ computed from y, so that only the result is
//! saved: ReLU y > 0, sigmoid y(1 − y), tanh 1 − y². ReLU's gradient at exactly 0 is 0, as in
//! PyTorch and TensorFlow.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::{simd, tape, threads, vector};
use candle_core::{Result, Tensor};
use pulp::{Simd, WithSimd};

/// Elements per chunk of work.
const CHUNK: usize = 1 << 14;

/// The activation after a convolution or a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// y = x
    Identity,
    /// y = max(x, 0)
    Relu,
    /// y = 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// y = tanh x
    Tanh,
}

impl Activation {
    /// Whether it is neither the identity nor ReLU.
    pub(super) fn is_curved(self) -> bool {
        matches!(self, Self::Sigmoid | Self::Tanh)
    }

    /// y for one x.
    #[inline(always)]
    pub(super) fn value(self, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            // Not `max`, which would turn a NaN into 0 and hide a diverged run.
            Self::Relu => match x < 0.0 {
                true => 0.0,
                false => x,
            },
            Self::Sigmoid => vector::sigmoid(x),
            Self::Tanh => vector::tanh(x),
        }
    }

    /// dy/dx, from y.
    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        match self {
            Self::Sigmoid => y * (1.0 - y),
            Self::Tanh => 1.0 - y * y,
            Self::Relu => f32::from(u8::from(y > 0.0)),
            Self::Identity => 1.0,
        }
    }

    /// Replaces every x by its y.
    #[inline(always)]
    pub(super) fn apply(self, values: &mut [f32]) {
        // The match is outside the loops, so that each of them can be vectorized.
        match self {
            Self::Identity => {}
            Self::Relu => values.iter_mut().for_each(|v| *v = Self::Relu.value(*v)),
            Self::Sigmoid => each(values, |x| Self::Sigmoid.value(x)),
            Self::Tanh => each(values, |x| Self::Tanh.value(x)),
        }
    }

    /// dx = dy · f′(y), element by element.
    pub(super) fn backward(self, y: &[f32], dy: &[f32], dx: &mut [f32]) {
        match self {
            Self::Identity => dx.copy_from_slice(dy),
            Self::Relu => simd::run(ReluBackward { y, dy, dx }),
            Self::Sigmoid => each_pair(y, dy, dx, |y, g| g * Self::Sigmoid.derivative(y)),
            Self::Tanh => each_pair(y, dy, dx, |y, g| g * Self::Tanh.derivative(y)),
        }
    }
}

#[inline(always)]
fn each(values: &mut [f32], f: impl Fn(f32) -> f32) {
    simd::run_closure(
        #[inline(always)]
        || {
            for v in &mut *values {
                *v = f(*v);
            }
        },
    );
}

fn each_pair(a: &[f32], b: &[f32], to: &mut [f32], f: impl Fn(f32, f32) -> f32) {
    simd::run_closure(
        #[inline(always)]
        || {
            for ((a, b), to) in a.iter().zip(b).zip(&mut *to) {
                *to = f(*a, *b);
            }
        },
    );
}

/// dx = dy where y > 0, else 0. The compiler alone would make a branch of this, mispredicted half
/// the time.
struct ReluBackward<'a> {
    y: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for ReluBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let ((y, y_rest), (dy, dy_rest)) = (S::as_simd_f32s(self.y), S::as_simd_f32s(self.dy));
        let (dx, dx_rest) = S::as_mut_simd_f32s(self.dx);
        for ((y, dy), dx) in y.iter().zip(dy).zip(dx) {
            *dx = simd.select_f32s(simd.less_than_f32s(zero, *y), *dy, zero);
        }
        for ((y, dy), dx) in y_rest.iter().zip(dy_rest).zip(dx_rest) {
            *dx = if *y > 0.0 { *dy } else { 0.0 };
        }
    }
}

struct ActivationOp(Activation);

impl SliceOp<1> for ActivationOp {
    const NAME: &'static str = "activation";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        let mut y = buffer(x.len());
        let parts = x.chunks(CHUNK).zip(y.chunks_mut(CHUNK));
        threads::for_parts(parts, |_, (x, y)| {
            y.copy_from_slice(x);
            simd::run_closure(
                #[inline(always)]
                || self.0.apply(y),
            );
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        let (y, dy) = (context.result, context.gradient);
        let mut dx = buffer(y.len());
        let parts = y
            .chunks(CHUNK)
            .zip(dy.chunks(CHUNK))
            .zip(dx.chunks_mut(CHUNK));
        threads::for_parts(parts, |_, ((y, dy), dx)| self.0.backward(y, dy, dx));
        [dx]
    }
}

/// y = f(x), element by element.
///
/// * `x`: any shape
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match (activation, x.device().is_cpu()) {
        (Activation::Identity, _) => Ok(x.clone()),
        (_, true) => tape::apply1(x, ActivationOp(activation)),
        (Activation::Relu, false) => x.relu(),
        (Activation::Sigmoid, false) => candle_nn::ops::sigmoid(x),
        (Activation::Tanh, false) => x.tanh(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("activation") {
            case.check(&["x"], |x| activate(&x[0], case.activation()));
        }
    }

    #[test]
    fn nan_stays_nan() {
        for f in [Activation::Relu, Activation::Sigmoid, Activation::Tanh] {
            assert!(f.value(f32::NAN).is_nan(), "{f:?}");
        }
    }
}
