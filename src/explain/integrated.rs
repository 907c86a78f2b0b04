//! Integrated gradients from a black image: x · Σ wᵢ ∂z/∂x at αᵢ x, with nodes αᵢ and weights wᵢ of
//! Gauss and Legendre.

use super::Map;
use super::error::ExplainError;
use super::probe::Probe;

/// How much of the difference from the black image a map accounts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completeness {
    /// The sum of the map.
    pub sum: f64,
    /// The explained value minus that of the black image, which the sum should be.
    pub difference: f64,
}

impl Completeness {
    /// The share of the difference that the map accounts for, 1 if it is complete; `None` if there
    /// is no difference.
    pub fn share(&self) -> Option<f64> {
        let share = self.sum / self.difference;
        share.is_finite().then_some(share)
    }
}

pub(super) fn map(probe: &Probe<'_>, steps: usize) -> Result<Map, ExplainError> {
    let nodes = gauss_legendre(steps.max(1));
    let mut mean = vec![0.0f64; probe.input.len()];
    probe.each_gradient(
        nodes.len(),
        |idx, variant| {
            let alpha = nodes[idx].0 as f32;
            variant.iter_mut().for_each(|x| *x *= alpha);
        },
        |idx, gradient| {
            let weight = nodes[idx].1;
            let all = mean.iter_mut().zip(gradient);
            all.for_each(|(mean, g)| *mean += weight * f64::from(*g));
        },
    )?;
    let products = mean.iter().zip(probe.input);
    let values: Vec<f64> = products.map(|(g, x)| g * f64::from(*x)).collect();
    let mut black = 0.0;
    probe.each_value(1, |_, variant| variant.fill(0.0), |_, value| black = value)?;
    Ok(Map {
        values: values.iter().map(|v| *v as f32).collect(),
        completeness: Some(Completeness {
            sum: values.iter().sum(),
            difference: f64::from(probe.value) - f64::from(black),
        }),
        layer: None,
    })
}

/// The `n` nodes of Gauss and Legendre in `[0, 1]`, ascending, with their weights, which sum to 1:
/// exact for polynomials up to degree 2n − 1.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |i: usize| {
        // Newton's method from Tricomi's approximation of the root.
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).rev().map(node).collect()
}

/// The Legendre polynomial of degree `n` and its derivative, for |x| < 1.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (
            value,
            ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
        );
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_are_those_of_numpy() {
        // 0.5 * (1 + numpy.polynomial.legendre.leggauss(3)[0]), 0.5 * leggauss(3)[1]
        let expected = [
            (0.112_701_665_379_258_31, 0.277_777_777_777_777_9),
            (0.5, 0.444_444_444_444_444_4),
            (0.887_298_334_620_741_7, 0.277_777_777_777_777_9),
        ];
        for (found, expected) in gauss_legendre(3).iter().zip(expected) {
            assert!((found.0 - expected.0).abs() < 1e-14, "{found:?}");
            assert!((found.1 - expected.1).abs() < 1e-14, "{found:?}");
        }
    }

    #[test]
    fn polynomials_up_to_degree_2n_minus_1_are_exact() {
        for n in [1, 2, 7, 50, 300] {
            let nodes = gauss_legendre(n);
            assert!(nodes.is_sorted_by(|a, b| a.0 < b.0));
            for degree in [0, 1, n, 2 * n - 1] {
                let power = |x: f64| x.powi(degree as i32);
                let found: f64 = nodes.iter().map(|(x, w)| w * power(*x)).sum();
                let expected = 1.0 / (degree as f64 + 1.0);
                assert!((found - expected).abs() < 1e-12, "{n} {degree}: {found}");
            }
        }
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        let of = |sum, difference| Completeness { sum, difference }.share();
        assert_eq!(of(0.998, 1.0), Some(0.998));
        assert_eq!(of(-2.0, -2.0), Some(1.0));
        assert_eq!([of(0.0, 0.0), of(1.0, 0.0)], [None, None]);
    }
}
