//! Batch norm as part of the layer before it.

use crate::kernels::support::read;
use candle_core::{Result, Tensor, bail};

/// Weight and bias of a layer that includes the batch norm after it: in evaluation, that is a scale and
/// a shift per channel, w' = w · γ / √(σ² + ε), b' = (b − μ) · γ / √(σ² + ε) + β.
///
/// * `weight`: `[out, ..]`
/// * `bias`, and weight γ, bias β, mean μ and variance σ² of the norm: `[out]`
///
/// # Errors
/// When the shapes do not fit.
pub fn fold_batch_norm(
    [weight, bias]: [&Tensor; 2],
    norm: [&Tensor; 4],
    epsilon: f32,
) -> Result<[Tensor; 2]> {
    let [norm_weight, norm_bias, mean, variance] = norm.map(|tensor| {
        let values = tensor.to_vec1::<f32>()?;
        Ok::<Vec<f64>, candle_core::Error>(values.into_iter().map(f64::from).collect())
    });
    let (norm_bias, mean) = (norm_bias?, mean?);
    let scale: Vec<f64> = (norm_weight?.into_iter().zip(variance?))
        .map(|(weight, variance)| weight / (variance + f64::from(epsilon)).sqrt())
        .collect();
    let outputs = scale.len();
    let fits = [
        norm_bias.len(),
        mean.len(),
        bias.elem_count(),
        weight.dim(0)?,
    ];
    if fits != [outputs; 4] {
        bail!(
            "batch norm of {outputs} channels does not fit weight {:?} and bias {:?}",
            weight.dims(),
            bias.dims()
        );
    }
    let shifted = (bias
        .to_vec1::<f32>()?
        .into_iter()
        .zip(&mean)
        .zip(&norm_bias)
        .zip(&scale))
    .map(|(((bias, mean), shift), scale)| ((f64::from(bias) - mean) * scale + shift) as f32);
    let shifted: Vec<f32> = shifted.collect();
    let scaled = read(weight, |weight| {
        let mut scaled = weight.to_vec();
        for (channel, scale) in scaled.chunks_exact_mut(weight.len() / outputs).zip(&scale) {
            channel.iter_mut().for_each(|w| *w *= *scale as f32);
        }
        Ok(scaled)
    })?;
    let device = weight.device();
    Ok([
        Tensor::from_vec(scaled, weight.shape(), device)?,
        Tensor::from_vec(shifted, outputs, device)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{assert_close, var};
    use super::super::super::pooling::Window;
    use super::super::{ConvOptions, MemoryFormat, conv2d};
    use super::*;
    use crate::kernels::{Activation, BatchNormOptions, batch_norm_fixed};

    #[test]
    fn a_folded_norm_is_one_that_follows() {
        let (x, weight, bias) = (
            var(&[2, 3, 6, 5], 1.0),
            var(&[7, 3, 3, 3], 2.0),
            var(&[7], 3.0),
        );
        let [scale, shift, mean, variance] = [4.0, 5.0, 6.0, 7.0].map(|seed| var(&[7], seed));
        let variance = variance.abs().unwrap();
        let window = Window {
            kernel: [3; 2],
            stride: [1; 2],
            padding: [1; 2],
        };
        let options = ConvOptions::new(window, Activation::Identity, None);
        let norm = BatchNormOptions {
            epsilon: 0.1,
            relu: false,
            format: MemoryFormat::ChannelsFirst,
        };
        let z = conv2d(&x, &weight, &bias, options).unwrap();
        let expected = batch_norm_fixed(&z, &scale, &shift, [&mean, &variance], norm).unwrap();
        let norm = [&scale, &shift, &mean, &variance];
        let [weight, folded] = fold_batch_norm([&weight, &bias], norm, 0.1).unwrap();
        let found = conv2d(&x, &weight, &folded, options).unwrap();
        assert_close(&found, &expected, "folded");

        let error = fold_batch_norm([&var(&[8, 1], 0.0), &bias], norm, 0.1);
        assert!(error.is_err());
    }
}
