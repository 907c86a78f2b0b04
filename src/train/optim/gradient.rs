//! Changes to the gradients between the backward pass and the step: the L1 penalty's gradient is
//! added, then they are clipped.

use candle_core::{Result, Var};

use crate::train::config::{Clip, TrainConfig};

/// Whether `config` needs all gradients before the step.
pub(in crate::train) fn needs_transform(config: &TrainConfig) -> bool {
    config.l1 != 0.0 || config.clip != Clip::None
}

/// Adds the gradient of the L1 penalty, then clips: the penalty is part of the loss.
///
/// * `gradients`: each parameter with its gradient
pub(in crate::train) fn transform(
    config: &TrainConfig,
    gradients: &mut [(&Var, Vec<f32>)],
) -> Result<()> {
    if config.l1 != 0.0 {
        for (param, gradient) in gradients.iter_mut() {
            let weights: Vec<f32> = param.flatten_all()?.to_vec1()?;
            add_l1(config.l1, &weights, gradient);
        }
    }
    let mut values: Vec<&mut [f32]> = gradients.iter_mut().map(|(_, g)| &mut g[..]).collect();
    clip(config.clip, &mut values);
    Ok(())
}

pub(in crate::train) fn square_sum<'v>(values: impl IntoIterator<Item = &'v f32>) -> f64 {
    let squares = values.into_iter().map(|v| f64::from(*v) * f64::from(*v));
    squares.sum()
}

/// Adds the gradient of `l1 · Σ|w|`, which is 0 at 0.
fn add_l1(l1: f64, weights: &[f32], gradient: &mut [f32]) {
    for (g, w) in gradient.iter_mut().zip(weights) {
        if *w != 0.0 {
            *g += (l1 as f32).copysign(*w);
        }
    }
}

fn clip(clip: Clip, gradients: &mut [&mut [f32]]) {
    match clip {
        Clip::None => {}
        Clip::Norm { max } => {
            let squares = square_sum(gradients.iter().flat_map(|g| g.iter()));
            // PyTorch's guard against division by zero.
            let share = (max / (squares.sqrt() + 1e-6)).min(1.0) as f32;
            let values = gradients.iter_mut().flat_map(|g| g.iter_mut());
            values.for_each(|g| *g *= share);
        }
        Clip::Value { max } => {
            let max = max as f32;
            let values = gradients.iter_mut().flat_map(|g| g.iter_mut());
            values.for_each(|g| *g = g.clamp(-max, max));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    static FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/kernels.safetensors");

    #[test]
    fn penalties_and_clipping_are_pytorchs() {
        let tensors = candle_core::safetensors::load_buffer(FIXTURE, &Device::Cpu).unwrap();
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (name, limit) in [
            ("norm.1.5", Clip::Norm { max: 1.5 }),
            ("norm.1000.0", Clip::Norm { max: 1e3 }),
            ("value.0.4", Clip::Value { max: 0.4 }),
        ] {
            let of = |part: &str| values(&tensors[&format!("clip.{name}.{part}")]);
            let mut gradients = [of("g0"), of("g1")];
            for (gradient, weights) in gradients.iter_mut().zip([of("w0"), of("w1")]) {
                add_l1(0.3, &weights, gradient);
            }
            let [first, second] = &mut gradients;
            clip(limit, &mut [first, second]);
            for (found, expected) in gradients.iter().zip([of("shaped0"), of("shaped1")]) {
                for (found, expected) in found.iter().zip(expected) {
                    assert!(
                        (found - expected).abs() < 1e-6,
                        "{name}: {found} {expected}"
                    );
                }
            }
        }
    }
}
