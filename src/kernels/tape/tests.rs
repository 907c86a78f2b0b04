//! The tape against candle's own backward pass.

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
