//! Batch norm: normalizes each channel by its statistics (Ioffe and Szegedy 2015).
//!
//! Shapes: x `[n, channels, ..]`, weight and bias `[channels]` → as x.
//! Forward: x̂ = (x − mean) / √(variance + ε), y = x̂ · w + b, with mean and biased variance of the
//! batch, or given ones. Backward with those of the batch, and means over the channel's values:
//! dx = w / √(variance + ε) · (dy − mean dy − x̂ · mean(dy x̂)), dw = Σ dy · x̂, db = Σ dy.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::support::read;
use super::{simd, tape, threads, vector};
use candle_core::{Result, Tensor, bail};
use std::sync::Mutex;

/// The statistics of a batch, per channel.
#[derive(Clone, Debug)]
pub struct BatchMoments {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Unbiased variance of each channel (divided by n − 1), for the running estimate as in
    /// PyTorch. 0 for a single value.
    pub variance: Vec<f32>,
}

/// The sizes of a call: `n` samples of `channels` planes of `plane` values.
#[derive(Clone, Copy)]
struct Sizes {
    channels: usize,
    plane: usize,
}

impl Sizes {
    fn new(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Sizes> {
        let channels = weight.elem_count();
        let fits = x.rank() >= 2 && x.dim(1)? == channels && bias.elem_count() == channels;
        if !fits || x.elem_count() == 0 {
            bail!(
                "batch norm: input {:?} does not fit weight {:?} and bias {:?}",
                x.dims(),
                weight.dims(),
                bias.dims()
            );
        }
        let plane = x.dims()[2..].iter().product();
        Ok(Sizes { channels, plane })
    }

    /// Calls `each(channel)` for all channels, on all threads; collects the two results.
    fn per_channel(self, each: impl Fn(usize) -> [f32; 2] + Sync) -> [Vec<f32>; 2] {
        let results = Mutex::new([vec![0.0; self.channels], vec![0.0; self.channels]]);
        threads::for_each(self.channels, |channel| {
            let [first, second] = simd::run(|| each(channel));
            // A panic in another thread leaves nothing half written here.
            let mut all = results
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            (all[0][channel], all[1][channel]) = (first, second);
        });
        results
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The planes of one channel, one per sample.
    fn planes(self, x: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> {
        let Sizes { channels, plane } = self;
        x.chunks_exact(channels * plane)
            .map(move |sample| &sample[channel * plane..(channel + 1) * plane])
    }

    /// Calls `each(channel, plane of x, plane of the result)` for all planes, on all threads; it has
    /// to fill the result.
    fn map(self, x: &[f32], each: impl Fn(usize, &[f32], &mut [f32]) + Sync) -> Vec<f32> {
        let mut y = buffer(x.len());
        let sample = self.channels * self.plane;
        let parts = x.chunks_exact(sample).zip(y.chunks_exact_mut(sample));
        threads::for_parts(parts, |_, (x, y)| {
            simd::run(|| {
                let planes = x.chunks_exact(self.plane);
                for (channel, (x, y)) in planes.zip(y.chunks_exact_mut(self.plane)).enumerate() {
                    each(channel, x, y);
                }
            });
        });
        y
    }
}

struct BatchNorm {
    sizes: Sizes,
    mean: Vec<f32>,
    /// 1 / √(variance + ε)
    scale: Vec<f32>,
}

impl SliceOp<3> for BatchNorm {
    const NAME: &'static str = "batch-norm";
    type Saved = ();

    fn forward(&self, [x, w, b]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let y = self.sizes.map(x, |c, x, y| {
            let (mean, scale, w, b) = (self.mean[c], self.scale[c], w[c], b[c]);
            for (x, y) in x.iter().zip(y) {
                *y = (x - mean) * scale * w + b;
            }
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, _], dy) = (context.arguments, context.gradient);
        let sizes = self.sizes;
        let n = (x.len() / sizes.channels) as f32;
        let [dw, db] = sizes.per_channel(|c| {
            let (mean, scale) = (self.mean[c], self.scale[c]);
            let (mut dw, mut db) = (0.0f64, 0.0f64);
            for (x, dy) in sizes.planes(x, c).zip(sizes.planes(dy, c)) {
                dw += f64::from(vector::sum2(x, dy, |x, g| g * (x - mean) * scale));
                db += f64::from(vector::sum(dy, |g| g));
            }
            [dw as f32, db as f32]
        });
        let mut dx = buffer(dy.len());
        let sample = sizes.channels * sizes.plane;
        let inputs = x.chunks_exact(sample).zip(dy.chunks_exact(sample));
        let parts = inputs.zip(dx.chunks_exact_mut(sample));
        threads::for_parts(parts, |_, ((x, dy), dx)| {
            simd::run(|| {
                let planes = x
                    .chunks_exact(sizes.plane)
                    .zip(dy.chunks_exact(sizes.plane));
                let planes = planes.zip(dx.chunks_exact_mut(sizes.plane));
                for (c, ((x, dy), dx)) in planes.enumerate() {
                    let (mean, scale) = (self.mean[c], self.scale[c]);
                    let (mean_g, mean_gx) = (db[c] / n, dw[c] / n);
                    for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                        let hat = (x - mean) * scale;
                        *dx = w[c] * scale * (dy - mean_g - hat * mean_gx);
                    }
                }
            });
        });
        [dx, dw, db]
    }
}

/// Batch norm by the statistics of the batch, which are returned as well.
///
/// * `x`: `[n, channels, ..]`
/// * `weight`, `bias`: `[channels]`
pub fn batch_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f32,
) -> Result<(Tensor, BatchMoments)> {
    let sizes = Sizes::new(x, weight, bias)?;
    let n = (x.elem_count() / sizes.channels) as f64;
    let [mean, variance] = read(x, |x| {
        Ok(sizes.per_channel(|c| {
            let plane_sum = |x: &[f32]| f64::from(vector::sum(x, |x| x));
            let mean = (sizes.planes(x, c).map(plane_sum).sum::<f64>() / n) as f32;
            let squares = |x: &[f32]| f64::from(vector::sum(x, |x| (x - mean) * (x - mean)));
            [
                mean,
                (sizes.planes(x, c).map(squares).sum::<f64>() / n) as f32,
            ]
        }))
    })?;
    let op = BatchNorm {
        sizes,
        mean: mean.clone(),
        scale: variance
            .iter()
            .map(|v| 1.0 / (v + epsilon).sqrt())
            .collect(),
    };
    let unbiased = (n / (n - 1.0).max(1.0)) as f32;
    let moments = BatchMoments {
        mean,
        variance: variance.iter().map(|v| v * unbiased).collect(),
    };
    Ok((tape::apply3([x, weight, bias], op)?, moments))
}

/// y = x · scale + shift, channel by channel.
struct Fixed {
    sizes: Sizes,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl SliceOp<1> for Fixed {
    const NAME: &'static str = "batch-norm-fixed";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        let y = self.sizes.map(x, |c, x, y| {
            let (scale, shift) = (self.scale[c], self.shift[c]);
            x.iter().zip(y).for_each(|(x, y)| *y = x * scale + shift);
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        [self.sizes.map(context.gradient, |c, dy, dx| {
            dy.iter().zip(dx).for_each(|(g, d)| *d = g * self.scale[c]);
        })]
    }
}

/// Batch norm by given statistics, as in evaluation: only `x` gets a gradient.
///
/// * `x`: `[n, channels, ..]`
/// * `weight`, `bias`, mean and variance: `[channels]`
pub fn batch_norm_fixed(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    [mean, variance]: [&Tensor; 2],
    epsilon: f32,
) -> Result<Tensor> {
    let sizes = Sizes::new(x, weight, bias)?;
    let [weight, bias, mean, variance] = [weight, bias, mean, variance].map(Tensor::to_vec1::<f32>);
    let (bias, mean) = (bias?, mean?);
    let pairs = weight?.into_iter().zip(variance?);
    let scale: Vec<f32> = pairs.map(|(w, v)| w / (v + epsilon).sqrt()).collect();
    let shift = bias.iter().zip(&mean).zip(&scale);
    let op = Fixed {
        sizes,
        shift: shift.map(|((b, m), s)| b - m * s).collect(),
        scale,
    };
    tape::apply1(x, op)
}
