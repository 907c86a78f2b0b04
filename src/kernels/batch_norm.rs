//! Batch norm: normalizes each channel by its statistics (Ioffe and Szegedy 2015); with the ReLU that
//! follows it, if wanted.
//!
//! Shapes: x `[n, channels, ..]`, or `[n, .., channels]` channels last, weight and bias `[channels]`
//! → as x.
//! Forward: x̂ = (x − mean) / √(variance + ε), y = x̂ · w + b, with mean and biased variance of the
//! batch, or given ones. Backward with those of the batch, and means over the channel's values:
//! dx = w / √(variance + ε) · (dy − mean dy − x̂ · mean(dy x̂)), dw = Σ dy · x̂, db = Σ dy, where dy is
//! 0 if ReLU clamped y.

use super::channels::Channels;
use super::conv::MemoryFormat;
use super::slice_op::{Context, SliceOp};
use super::support::read;
use super::tape;
use candle_core::{Result, Tensor, bail};

/// The options of [`batch_norm`].
#[derive(Clone, Copy, Debug)]
pub struct BatchNormOptions {
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether ReLU follows.
    pub relu: bool,
    /// The memory format of input and output; channels last only for whole vectors of channels.
    pub format: MemoryFormat,
}

/// The statistics of a batch, per channel.
#[derive(Clone, Debug)]
pub struct BatchMoments {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Unbiased variance of each channel (divided by n − 1), for the running estimate as in
    /// PyTorch. 0 for a single value.
    pub variance: Vec<f32>,
}

fn channels(x: &Tensor, weight: &Tensor, bias: &Tensor, format: MemoryFormat) -> Result<Channels> {
    let n = weight.elem_count();
    match Channels::of(x, n, format) {
        Some(channels) if bias.elem_count() == n => Ok(channels),
        _ => bail!(
            "batch norm: input {:?} does not fit weight {:?} and bias {:?}",
            x.dims(),
            weight.dims(),
            bias.dims()
        ),
    }
}

/// y, or 0 below if ReLU follows; a NaN stays.
#[inline(always)]
fn rectified<const RELU: bool>(y: f32) -> f32 {
    match RELU && y < 0.0 {
        true => 0.0,
        false => y,
    }
}

/// dy, or 0 where ReLU clamped y.
#[inline(always)]
fn unclamped<const RELU: bool>(y: f32, dy: f32) -> f32 {
    match !RELU || y > 0.0 {
        true => dy,
        false => 0.0,
    }
}

#[inline(always)]
fn normalized([mean, scale, w, b]: [f32; 4], x: f32) -> f32 {
    (x - mean) * scale * w + b
}

/// The gradient before ReLU.
#[inline(always)]
fn before_relu<const RELU: bool>(factors: [f32; 4], x: f32, dy: f32) -> f32 {
    unclamped::<RELU>(normalized(factors, x), dy)
}

/// The part of a value in dw.
#[inline(always)]
fn of_weight<const RELU: bool>(factors: [f32; 4], x: f32, dy: f32) -> f32 {
    let [mean, scale, ..] = factors;
    before_relu::<RELU>(factors, x, dy) * (x - mean) * scale
}

/// dx, from the means of dy and of dy · x̂.
#[inline(always)]
fn of_input<const RELU: bool>(factors: [f32; 6], x: f32, dy: f32) -> f32 {
    let [mean, scale, w, b, mean_g, mean_gx] = factors;
    let hat = (x - mean) * scale;
    let dz = before_relu::<RELU>([mean, scale, w, b], x, dy);
    w * scale * (dz - mean_g - hat * mean_gx)
}

struct BatchNorm<const RELU: bool> {
    channels: Channels,
    mean: Vec<f32>,
    /// 1 / √(variance + ε)
    scale: Vec<f32>,
}

impl<const RELU: bool> SliceOp<3> for BatchNorm<RELU> {
    const NAME: &'static str = "batch-norm";
    type Saved = ();

    fn forward(&self, [x, w, b]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let factors = [&self.mean, &self.scale, w, b];
        let y = self.channels.map((x, x), factors, |factors, x, _| {
            rectified::<RELU>(normalized(factors, x))
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, b], dy) = (context.arguments, context.gradient);
        let (of, mean, scale) = (self.channels, &self.mean, &self.scale);
        let factors = [mean, scale, w, b];
        let sums = of.totals(
            x,
            dy,
            #[inline(always)]
            |x, dy, [dw, db]| {
                of.sum((x, dy), factors, of_weight::<RELU>, dw);
                of.sum((x, dy), factors, before_relu::<RELU>, db);
            },
        );
        let [dw, db] = sums.map(|sums| sums.into_iter().map(|s| s as f32).collect::<Vec<_>>());
        let n = of.values(x) as f32;
        let means = [&dw, &db].map(|sums| sums.iter().map(|s| s / n).collect::<Vec<_>>());
        let factors = [mean, scale, w, b, &means[1], &means[0]];
        let dx = of.map((x, dy), factors, of_input::<RELU>);
        [dx, dw, db]
    }
}

/// Batch norm by the statistics of the batch, which are returned as well.
///
/// * `x`: `[n, channels, ..]`, or `[n, .., channels]` channels last
/// * `weight`, `bias`: `[channels]`
pub fn batch_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    options: BatchNormOptions,
) -> Result<(Tensor, BatchMoments)> {
    let channels = channels(x, weight, bias, options.format)?;
    let n = (x.elem_count() / channels.n) as f64;
    let [mean, variance] = read(x, |x| {
        let per_value =
            |sums: Vec<f64>| -> Vec<f32> { sums.into_iter().map(|sum| (sum / n) as f32).collect() };
        let [sums] = channels.totals(
            x,
            x,
            #[inline(always)]
            |x, g, [sums]| channels.sum((x, g), [], |[], x, _| x, sums),
        );
        let mean = per_value(sums);
        let [squares] = channels.totals(
            x,
            x,
            #[inline(always)]
            |x, g, [sums]| {
                let square = |[mean]: [f32; 1], x, _| (x - mean) * (x - mean);
                channels.sum((x, g), [&mean], square, sums);
            },
        );
        Ok([mean, per_value(squares)])
    })?;
    let scale = variance.iter().map(|v| 1.0 / (v + options.epsilon).sqrt());
    let (mean_of_op, scale) = (mean.clone(), scale.collect());
    let arguments = [x, weight, bias];
    let y = match options.relu {
        true => tape::apply3(
            arguments,
            BatchNorm::<true> {
                channels,
                mean: mean_of_op,
                scale,
            },
        ),
        false => tape::apply3(
            arguments,
            BatchNorm::<false> {
                channels,
                mean: mean_of_op,
                scale,
            },
        ),
    };
    let unbiased = (n / (n - 1.0).max(1.0)) as f32;
    let moments = BatchMoments {
        mean,
        variance: variance.iter().map(|v| v * unbiased).collect(),
    };
    Ok((y?, moments))
}

/// y = x · scale + shift, channel by channel.
struct Fixed<const RELU: bool> {
    channels: Channels,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl<const RELU: bool> SliceOp<1> for Fixed<RELU> {
    const NAME: &'static str = "batch-norm-fixed";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        let factors = [self.scale.as_slice(), &self.shift];
        let y = self.channels.map((x, x), factors, |[scale, shift], x, _| {
            rectified::<RELU>(x * scale + shift)
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        let ([x], dy) = (context.arguments, context.gradient);
        let factors = [self.scale.as_slice(), &self.shift];
        let dx = |[scale, shift]: [f32; 2], x, dy| unclamped::<RELU>(x * scale + shift, dy) * scale;
        [self.channels.map((x, dy), factors, dx)]
    }
}

/// Batch norm by given statistics, as in evaluation: only `x` gets a gradient.
///
/// * `x`: `[n, channels, ..]`, or `[n, .., channels]` channels last
/// * `weight`, `bias`, mean and variance: `[channels]`
pub fn batch_norm_fixed(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    [mean, variance]: [&Tensor; 2],
    options: BatchNormOptions,
) -> Result<Tensor> {
    let channels = channels(x, weight, bias, options.format)?;
    let [weight, bias, mean, variance] = [weight, bias, mean, variance].map(Tensor::to_vec1::<f32>);
    let (bias, mean) = (bias?, mean?);
    let pairs = weight?.into_iter().zip(variance?);
    let scale: Vec<f32> = pairs
        .map(|(w, v)| w / (v + options.epsilon).sqrt())
        .collect();
    let shift = bias.iter().zip(&mean).zip(&scale);
    let shift = shift.map(|((b, m), s)| b - m * s).collect();
    match options.relu {
        true => tape::apply1(
            x,
            Fixed::<true> {
                channels,
                scale,
                shift,
            },
        ),
        false => tape::apply1(
            x,
            Fixed::<false> {
                channels,
                scale,
                shift,
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::activation::{Activation, activate};
    use super::super::fixture::var;
    use super::*;

    #[test]
    fn relu_inside_is_relu_after_it() {
        let x = var(&[3, 32, 5, 4], 1.0);
        let last = x.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
        let last = candle_core::Var::from_tensor(&last).unwrap();
        let (w, b) = (var(&[32], 2.0), var(&[32], 3.0));
        let [mean, variance] = [4.0, 5.0].map(|seed| var(&[32], seed).abs().unwrap());
        let run = |x: &candle_core::Var, relu, format, is_fixed| {
            let options = BatchNormOptions {
                epsilon: 1e-5,
                relu,
                format,
            };
            let y = match is_fixed {
                true => batch_norm_fixed(x, &w, &b, [&mean, &variance], options).unwrap(),
                false => batch_norm(x, &w, &b, options).unwrap().0,
            };
            let y = match relu {
                true => y,
                false => activate(&y, Activation::Relu).unwrap(),
            };
            let gradients = y.sqr().unwrap().backward().unwrap();
            let dx = gradients.get(x).unwrap().clone();
            let others = [&w, &b].map(|v| gradients.get(v).cloned());
            let first = |t: Tensor| match format {
                MemoryFormat::ChannelsFirst => t,
                MemoryFormat::ChannelsLast => t.permute((0, 3, 1, 2)).unwrap(),
            };
            let [dw, db] = others;
            let all = [Some(first(y)), Some(first(dx)), dw, db];
            all.map(|t| t.map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap()))
        };
        for is_fixed in [false, true] {
            let after = run(&x, false, MemoryFormat::ChannelsFirst, is_fixed);
            assert!(after[0].as_ref().unwrap().contains(&0.0));
            assert_eq!(run(&x, true, MemoryFormat::ChannelsFirst, is_fixed), after);
            assert_eq!(
                run(&last, true, MemoryFormat::ChannelsLast, is_fixed),
                after
            );
        }
    }
}
