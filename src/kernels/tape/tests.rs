//! The tape against candle's own backward pass, of a batch at once and in parts.

use super::*;
use crate::kernels::fixture::{assert_close, var};
use crate::kernels::{Activation, ConvOptions, Window, conv2d, cross_entropy, dense};
use candle_core::{Device, Var};

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
    let loss = |first: usize, n: usize| {
        let (images, labels) = (images.narrow(0, first, n)?, labels.narrow(0, first, n)?);
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
    let expected_loss = loss(0, 5).unwrap();
    let expected = expected_loss.backward().unwrap();
    let (_, found) = gradients(|| loss(0, 5)).unwrap();
    let parts = [(0, 2), (2, 3)];
    let (sum, in_parts) = gradients_of_sum(&[0.4, 0.6], |i| loss(parts[i].0, parts[i].1)).unwrap();
    let expected_loss = f64::from(expected_loss.to_scalar::<f32>().unwrap());
    assert!((sum - expected_loss).abs() < 1e-6, "{sum} {expected_loss}");
    for (i, var) in vars.iter().enumerate() {
        let expected = expected.get(var).unwrap();
        assert_close(found.get(var).unwrap(), expected, &format!("variable {i}"));
        let in_parts = in_parts.get(var).unwrap();
        assert_close(in_parts, expected, &format!("variable {i}, in parts"));
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
