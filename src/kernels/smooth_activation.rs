//! Activations whose derivative needs their input: leaky ReLU, GELU, SiLU.
//!
//! Shapes: any → the same.
//! Forward: y = f(x). Backward: dx = dy · f′(x), saved. Leaky ReLU: f′ is 1 above 0, else the
//! slope (so at exactly 0, as in PyTorch). GELU (Hendrycks and Gimpel 2016, the exact form):
//! y = x Φ(x), f′ = Φ(x) + x φ(x). SiLU: y = x σ(x), f′ = σ(x) (1 + x (1 − σ(x))).

use super::buffers::{Saved, buffer};
use super::slice_op::{Context, SliceOp};
use super::support::{flush_tiny, wants_gradient};
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
    /// f(x) and f′(x).
    #[inline(always)]
    fn at(self, x: f32) -> [f32; 2] {
        match self {
            Self::LeakyRelu(slope) => {
                let derivative = if x > 0.0 { 1.0 } else { slope };
                [x * derivative, derivative]
            }
            Self::Gelu => {
                let (below, density) = normal(x);
                [x * below, below + x * density].map(flush_tiny)
            }
            Self::Silu => {
                let s = vector::sigmoid(x);
                [x * s, s * (1.0 + x * (1.0 - s))].map(flush_tiny)
            }
        }
    }

    /// Computes y, and f′(x) unless `derivatives` is empty.
    fn apply(self, x: &[f32], y: &mut [f32], derivatives: &mut [f32]) {
        // The match is outside the loops, so that each of them can be vectorized.
        match self {
            Self::LeakyRelu(_) => each(
                x,
                y,
                derivatives,
                #[inline(always)]
                |x| self.at(x),
            ),
            Self::Gelu => each(
                x,
                y,
                derivatives,
                #[inline(always)]
                |x| Self::Gelu.at(x),
            ),
            Self::Silu => each(
                x,
                y,
                derivatives,
                #[inline(always)]
                |x| Self::Silu.at(x),
            ),
        }
    }
}

fn each(x: &[f32], y: &mut [f32], derivatives: &mut [f32], f: impl Fn(f32) -> [f32; 2]) {
    simd::run_closure(
        #[inline(always)]
        || {
            if derivatives.is_empty() {
                y.iter_mut().zip(x).for_each(|(y, x)| *y = f(*x)[0]);
                return;
            }
            for ((x, y), derivative) in x.iter().zip(&mut *y).zip(&mut *derivatives) {
                [*y, *derivative] = f(*x);
            }
        },
    );
}

struct Smooth {
    curve: SmoothActivation,
    wants_gradient: bool,
}

impl SliceOp<1> for Smooth {
    const NAME: &'static str = "smooth-activation";
    /// f′(x): most of its work is that of f(x). Empty if no gradient is needed.
    type Saved = Saved<f32>;

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, Saved<f32>) {
        let mut y = buffer(x.len());
        let mut derivatives = match self.wants_gradient {
            true => Saved::new(x.len()),
            false => Saved::default(),
        };
        let mut saved = derivatives.chunks_mut(CHUNK);
        let parts = x.chunks(CHUNK).zip(y.chunks_mut(CHUNK));
        let parts: Vec<_> = parts
            .map(|part| (part, saved.next().unwrap_or_default()))
            .collect();
        threads::for_parts(parts, |_, ((x, y), saved)| self.curve.apply(x, y, saved));
        (y, derivatives)
    }

    fn backward(&self, context: Context<'_, 1, Saved<f32>>) -> [Vec<f32>; 1] {
        let dy = context.gradient;
        let mut dx = buffer(dy.len());
        let parts = context
            .saved
            .chunks(CHUNK)
            .zip(dy.chunks(CHUNK))
            .zip(dx.chunks_mut(CHUNK));
        threads::for_parts(parts, |_, ((derivative, dy), dx)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    for ((d, dy), dx) in derivative.iter().zip(dy).zip(&mut *dx) {
                        *dx = dy * d;
                    }
                },
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
    let wants_gradient = wants_gradient(x);
    tape::apply1(
        x,
        Smooth {
            curve,
            wants_gradient,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_below_zero_nothing_is_left_of_it() {
        for curve in [SmoothActivation::Gelu, SmoothActivation::Silu] {
            for i in 0..1200 {
                for value in curve.at(i as f32 * -0.1) {
                    assert!(value == 0.0 || value.abs() > 1e-17, "{curve:?} {i}");
                }
            }
            assert_eq!(curve.at(-90.0), [0.0; 2], "{curve:?}");
        }
    }

    #[test]
    fn nan_stays_nan() {
        for curve in [
            SmoothActivation::LeakyRelu(0.1),
            SmoothActivation::Gelu,
            SmoothActivation::Silu,
        ] {
            let mut y = [0.0; 2];
            curve.apply(&[f32::NAN, 1.0], &mut y, &mut []);
            assert!(y[0].is_nan() && y[1] > 0.5, "{curve:?}");
        }
    }
}
