//! Activations whose derivative needs their input: leaky ReLU, GELU, SiLU.
//!
//! Shapes: any → the same.
//! Forward: y = f(x). Backward: dx = dy · f′(x), from x. Leaky ReLU: f′ is 1 above 0, else the
//! slope (so at exactly 0, as in PyTorch). GELU (Hendrycks and Gimpel 2016, the exact form):
//! y = x Φ(x), f′ = Φ(x) + x φ(x). SiLU: y = x σ(x), f′ = σ(x) (1 + x (1 − σ(x))).

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::{simd, tape, threads, vector};
use candle_core::{Result, Tensor, bail};

/// Elements per chunk of work.
const CHUNK: usize = 1 << 13;

/// An activation computed from its input in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SmoothActivation {
    /// Leaky ReLU: y = x above 0, else this times x.
    LeakyRelu(f32),
    /// GELU: y = x Φ(x), with Φ of the normal distribution.
    Gelu,
    /// SiLU: y = x / (1 + e⁻ˣ)
    Silu,
}

/// Φ(x) to 10⁻⁷ and φ(x): Abramowitz and Stegun 7.1.26, with the tail computed on the left, where
/// there is no cancellation.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let mut p = 1.061_405_4f32;
    for c in [-1.453_152, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
        p = p * t + c;
    }
    let bell = vector::exp(-0.5 * x * x);
    let tail = 0.5 * p * t * bell;
    let phi = 0.398_942_3 * bell;
    (if x < 0.0 { tail } else { 1.0 - tail }, phi)
}

impl SmoothActivation {
    #[inline(always)]
    fn apply(self, values: &mut [f32]) {
        // The match is outside the loops, so that each of them can be vectorized.
        match self {
            Self::LeakyRelu(slope) => {
                values
                    .iter_mut()
                    .for_each(|v| *v *= if *v > 0.0 { 1.0 } else { slope });
            }
            Self::Gelu => values.iter_mut().for_each(|v| *v *= normal(*v).0),
            Self::Silu => values.iter_mut().for_each(|v| *v *= vector::sigmoid(*v)),
        }
    }

    #[inline(always)]
    fn gradient(self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let all = x.iter().zip(dy).zip(dx);
        match self {
            Self::LeakyRelu(slope) => {
                all.for_each(|((x, g), d)| *d = g * if *x > 0.0 { 1.0 } else { slope });
            }
            Self::Gelu => all.for_each(|((&x, g), d)| {
                let (below, density) = normal(x);
                *d = g * (below + x * density);
            }),
            Self::Silu => all.for_each(|((x, g), d)| {
                let s = vector::sigmoid(*x);
                *d = g * s * (1.0 + x * (1.0 - s));
            }),
        }
    }
}

impl SliceOp<1> for SmoothActivation {
    const NAME: &'static str = "smooth-activation";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        let mut y = buffer(x.len());
        let parts = x.chunks(CHUNK).zip(y.chunks_mut(CHUNK));
        threads::for_parts(parts, |_, (x, y)| {
            y.copy_from_slice(x);
            simd::run_closure(
                #[inline(always)]
                || self.apply(y),
            );
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        let ([x], dy) = (context.arguments, context.gradient);
        let mut dx = buffer(x.len());
        let parts = x
            .chunks(CHUNK)
            .zip(dy.chunks(CHUNK))
            .zip(dx.chunks_mut(CHUNK));
        threads::for_parts(parts, |_, ((x, dy), dx)| {
            simd::run_closure(
                #[inline(always)]
                || self.gradient(x, dy, dx),
            );
        });
        [dx]
    }
}

/// y = f(x), element by element.
///
/// * `x`: any shape
pub fn smooth_activation(x: &Tensor, curve: SmoothActivation) -> Result<Tensor> {
    if !x.device().is_cpu() {
        bail!("{curve:?}: not available on {:?}", x.device().location());
    }
    tape::apply1(x, curve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_stays_nan() {
        for curve in [
            SmoothActivation::LeakyRelu(0.1),
            SmoothActivation::Gelu,
            SmoothActivation::Silu,
        ] {
            let mut values = [f32::NAN, 1.0];
            curve.apply(&mut values);
            assert!(values[0].is_nan() && values[1] > 0.5, "{curve:?}");
        }
    }
}
