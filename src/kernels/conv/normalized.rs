//! Convolution with the batch norm, ReLU and max pooling that follow it.
//!
//! Shapes as the convolution's. Its third argument is `[3, out]`: the convolution's bias, which batch
//! norm takes off again, and the norm's weight and bias.
//!
//! What batch norm costs is memory traffic: a batch does not fit the cache, and all of it must be
//! known before anything can be normalized. So only z, the result of the convolution, is kept. The
//! moments of a sample are taken while it is in the cache, and combined in order (Chan, Golub,
//! LeVeque: Algorithms for computing the sample variance, 1983, equation 2.1). What follows z is
//! computed again in the backward pass, and the gradient of z never leaves the cache.

use super::backward::{Backward, Task};
use super::forward::{each_sample, transposed};
use super::geometry::{Geometry, Windows, area};
use super::max_pool::{Each, MaxPool};
use super::method::{Wants, with_channels_last};
use super::options::{ConvOptions, MemoryFormat};
use super::unpool::unpool;
use super::{conv2d, has_large_pool, winograd};
use crate::kernels::activation::Activation;
use crate::kernels::batch_norm::{BatchMoments, BatchNormOptions, batch_norm};
use crate::kernels::buffers::{Saved, buffer, scratch};
use crate::kernels::channels::Channels;
use crate::kernels::pooling::max_pool2d;
use crate::kernels::slice_op::{Context, SliceOp, read3};
use crate::kernels::support::LANES;
use crate::kernels::{simd, tape, threads};
use candle_core::{Result, Shape, Tensor, bail};
use pulp::Simd;

struct Normalized<const RELU: bool> {
    /// Of all of it, with the pooling.
    geometry: Geometry,
    /// The convolution without its bias, `[n, conv pixels, out]`.
    z: Saved<f32>,
    mean: Vec<f32>,
    /// 1 / √(variance + ε)
    scale: Vec<f32>,
}

/// y before ReLU.
#[inline(always)]
fn normalized([factor, offset]: [f32; 2], z: f32) -> f32 {
    z * factor + offset
}

/// y, in vectors of channels.
struct Normalize<'a, const RELU: bool> {
    factor: &'a [f32],
    offset: &'a [f32],
}

impl<const RELU: bool> Each for Normalize<'_, RELU> {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, i: usize, z: S::f32s) -> S::f32s {
        let [factor, offset] = [self.factor, self.offset].map(|list| S::as_simd_f32s(list).0[i]);
        // Not fused, as in `normalized`.
        let y = simd.add_f32s(simd.mul_f32s(z, factor), offset);
        let zero = simd.splat_f32s(0.0);
        match RELU {
            // Not `max`, which would turn a NaN into 0.
            true => simd.select_f32s(simd.less_than_f32s(y, zero), zero, y),
            false => y,
        }
    }
}

/// dy, or 0 where ReLU clamped y.
#[inline(always)]
fn unclamped<const RELU: bool>(factors: [f32; 2], z: f32, dy: f32) -> f32 {
    match !RELU || normalized(factors, z) > 0.0 {
        true => dy,
        false => 0.0,
    }
}

impl<const RELU: bool> Normalized<RELU> {
    /// Elements of one sample of z, and of the result.
    fn lens(&self) -> [usize; 2] {
        let g = &self.geometry;
        [g.conv, g.pooled].map(|size| area(size) * g.outputs)
    }

    fn channels(&self) -> Channels {
        Channels::last(self.geometry.outputs, area(self.geometry.conv))
    }

    /// y = z · factor + offset, per channel: both, from the third argument.
    fn factors(&self, arguments: &[f32]) -> [Vec<f32>; 2] {
        let outputs = self.geometry.outputs;
        let [weight, bias] = [1, 2].map(|row| &arguments[row * outputs..][..outputs]);
        let factor: Vec<f32> = weight.iter().zip(&self.scale).map(|(w, s)| w * s).collect();
        let offset = bias.iter().zip(&self.mean).zip(&factor);
        let offset = offset
            .map(|((b, mean), factor)| b - mean * factor)
            .collect();
        [factor, offset]
    }

    /// Σ dy · (z − mean) and Σ dy, where ReLU clamped nothing, of samples with their dy and argmax.
    fn sums<'a>(
        &self,
        sample: &(impl Fn(usize) -> (&'a [f32], &'a [f32], &'a [u8]) + Sync),
        [factor, offset]: [&[f32]; 2],
    ) -> [Vec<f64>; 2] {
        let channels = self.channels();
        channels.totals_of(self.geometry.n, |index, [products, sums]| {
            let (z, dy, argmax) = sample(index);
            self.with_unpooled(dy, argmax, |dy| {
                simd::run_closure(
                    #[inline(always)]
                    || {
                        let factors = [factor, offset, &self.mean];
                        let terms = |[factor, offset, mean]: [f32; 3], z, dy| {
                            let dy = unclamped::<RELU>([factor, offset], z, dy);
                            [dy * (z - mean), dy]
                        };
                        channels.sums_last((z, dy), factors, terms, [products, sums]);
                    },
                );
            });
        })
    }

    /// The gradient of z is dy · factor + z · slope + base, where ReLU clamped nothing: slope and base,
    /// from the gradients of the norm's weight and bias.
    fn of_z(&self, [dw, db]: [&[f32]; 2], factor: &[f32]) -> [Vec<f32>; 2] {
        let n = (self.geometry.n * area(self.geometry.conv)) as f32;
        let slope: Vec<f32> = (factor.iter().zip(&self.scale).zip(dw))
            .map(|((factor, scale), dw)| -factor * scale * dw / n)
            .collect();
        let base = (factor.iter().zip(db).zip(&slope).zip(&self.mean))
            .map(|(((factor, db), slope), mean)| -factor * db / n - slope * mean)
            .collect();
        [slope, base]
    }

    /// Calls `task` with the gradient of a sample before pooling, `[conv pixels, out]`.
    fn with_unpooled(&self, dy: &[f32], argmax: &[u8], task: impl FnOnce(&[f32])) {
        let g = &self.geometry;
        with_channels_last(g, dy, |dy| match g.pool {
            None => task(dy),
            Some(window) => scratch(area(g.conv) * g.outputs, |unpooled| {
                unpool(g, window, (dy, argmax), unpooled);
                task(unpooled);
            }),
        });
    }
}

impl<const RELU: bool> SliceOp<3> for Normalized<RELU> {
    const NAME: &'static str = "convolution with batch norm";
    /// As the convolution's.
    type Saved = Saved<u8>;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from(self.geometry.result())
    }

    fn forward(&self, [_, _, arguments]: [&[f32]; 3]) -> (Vec<f32>, Saved<u8>) {
        let g = &self.geometry;
        let [z_len, len] = self.lens();
        let [factor, offset] = self.factors(arguments);
        let mut y = buffer(g.n * len);
        let mut argmax = Saved::new(if g.pool.is_some() { y.len() } else { 0 });
        let mut parts_of_argmax = argmax.chunks_mut(len);
        let parts = self.z.chunks(z_len).zip(y.chunks_mut(len));
        let parts = parts.map(|(z, y)| (z, y, parts_of_argmax.next().unwrap_or_default()));
        let windows = Windows::new(g);
        let normalize = |z: &[f32], y: &mut [f32]| {
            simd::run_closure(
                #[inline(always)]
                || {
                    let each = |factors, z, _| match normalized(factors, z) {
                        // Not `max`, which would turn a NaN into 0.
                        y if RELU && y < 0.0 => 0.0,
                        y => y,
                    };
                    let channels = self.channels();
                    channels.map_sample((z, z), [&factor, &offset], each, y);
                },
            );
        };
        threads::for_parts(parts, |_, (z, y, argmax)| {
            transposed(g, y, |y| {
                if g.pool.is_none() {
                    return normalize(z, y);
                }
                simd::run(MaxPool {
                    geometry: g,
                    windows: &windows,
                    first: 0,
                    z,
                    each: Normalize::<RELU> {
                        factor: &factor,
                        offset: &offset,
                    },
                    best: y,
                    argmax,
                });
            });
        });
        (y, argmax)
    }

    fn backward(&self, context: Context<'_, 3, Saved<u8>>) -> [Vec<f32>; 3] {
        let ([x, weight, arguments], dy, argmax) =
            (context.arguments, context.gradient, context.saved);
        let g = &self.geometry;
        let [z_len, len] = self.lens();
        let [factor, offset] = self.factors(arguments);
        let sample = |index: usize| {
            let range = index * len..(index + 1) * len;
            let z = &self.z[index * z_len..][..z_len];
            let argmax = argmax.get(range.clone()).unwrap_or_default();
            (z, &dy[range], argmax)
        };
        let sums = self.sums(&sample, [&factor, &offset]);
        let [products, sums] = sums.map(|s| s.into_iter().map(|s| s as f32).collect::<Vec<_>>());
        let pairs = products.iter().zip(&self.scale);
        let dw: Vec<f32> = pairs.map(|(product, scale)| product * scale).collect();
        let [slope, base] = self.of_z([&dw, &sums], &factor);
        let factors = [factor.as_slice(), &offset, &slope, &base];
        let each = |[factor, offset, slope, base]: [f32; 4], z, dy| {
            let dy = unclamped::<RELU>([factor, offset], z, dy);
            dy * factor + z * slope + base
        };
        let gradient = |index: usize, _: bool, task: &mut Task<'_>| {
            let (z, dy, argmax) = sample(index);
            self.with_unpooled(dy, argmax, |dy| {
                scratch(z_len, |dz| {
                    simd::run_closure(
                        #[inline(always)]
                        || self.channels().map_sample((z, dy), factors, each, dz),
                    );
                    task(dz);
                });
            });
        };
        let [input, of_weight, _] = context.needs_gradient;
        let task = Backward {
            geometry: &unnormalized(g),
            x,
            weight,
            argmax: &[],
            gradient,
        };
        let [dx, d_weight, mut d_arguments] = match input || of_weight {
            true => task.run(Wants {
                input,
                weight: of_weight,
            }),
            false => Default::default(),
        };
        // Whatever the bias is, batch norm takes it off.
        d_arguments.clear();
        d_arguments.resize(g.outputs, 0.0);
        d_arguments.extend(dw.iter().chain(&sums));
        [dx, d_weight, d_arguments]
    }
}

/// Of the convolution alone.
fn unnormalized(g: &Geometry) -> Geometry {
    Geometry {
        pool: None,
        pooled: g.conv,
        formats: [g.formats[0], MemoryFormat::ChannelsLast],
        ..*g
    }
}

/// The convolution without its bias, and mean and biased variance of its channels.
fn convolve(g: &Geometry, x: &[f32], weight: &[f32]) -> (Saved<f32>, [Vec<f64>; 2]) {
    let (g, pixels) = (unnormalized(g), area(g.conv));
    let (n, outputs) = (g.n, g.outputs);
    let channels = Channels::last(outputs, pixels);
    let mut z = Saved::new(n * pixels * outputs);
    let mut moments = [vec![0.0; outputs], vec![0.0; outputs]];
    scratch(2 * n * outputs, |samples| {
        let parts = z.chunks_mut(pixels * outputs);
        let parts = parts.zip(samples.chunks_exact_mut(2 * outputs));
        let parts = parts.map(|(z, moments)| (z, [].as_mut_slice(), moments));
        let arguments = [x, weight, &vec![0.0; outputs]];
        let tile = winograd::of_forward(&g, false);
        let of_z = |z: &[f32], moments: &mut [f32]| {
            let (means, squares) = moments.split_at_mut(outputs);
            simd::run_closure(
                #[inline(always)]
                || {
                    channels.sum((z, z), [], |[], z, _| z, means);
                    means.iter_mut().for_each(|mean| *mean /= pixels as f32);
                    let square = |[mean]: [f32; 1], z, _| (z - mean) * (z - mean);
                    channels.sum((z, z), [means], square, squares);
                },
            );
        };
        each_sample(&g, Activation::Identity, tile, arguments, parts, of_z);
        let of_sample = |part: usize, channel: usize| {
            let samples = samples.chunks_exact(2 * outputs);
            samples.map(move |moments| f64::from(moments[part * outputs + channel]))
        };
        let [means, variances] = &mut moments;
        for (channel, (mean, variance)) in means.iter_mut().zip(variances).enumerate() {
            *mean = of_sample(0, channel).sum::<f64>() / n as f64;
            let between = of_sample(0, channel)
                .map(|m| (m - *mean).powi(2))
                .sum::<f64>();
            let within = of_sample(1, channel).sum::<f64>();
            *variance = (within / pixels as f64 + between) / n as f64;
        }
    });
    (z, moments)
}

/// Convolution, batch norm by the statistics of the batch, which are returned as well, the activation
/// of the options (none or ReLU) and, if given, max pooling.
///
/// * `x`: `[n, c, h, w]`, or `[n, h, w, c]` by the options
/// * `weight`: `[out, c, kh, kw]`
/// * the bias of the convolution, weight and bias of the norm: `[out]`
/// * `epsilon`: added to the variance
///
/// Returns `[n, out, oh, ow]` in the memory format of the options, the same as the steps separately
/// but for rounding. The gradient of the convolution's bias is zero.
///
/// # Errors
/// When the shapes do not fit, or for another activation.
pub fn conv2d_batch_norm(
    x: &Tensor,
    weight: &Tensor,
    [bias, norm_weight, norm_bias]: [&Tensor; 3],
    options: ConvOptions,
    epsilon: f32,
) -> Result<(Tensor, BatchMoments)> {
    let relu = match options.activation {
        Activation::Identity => false,
        Activation::Relu => true,
        other => bail!("convolution with batch norm: {other:?} must follow separately"),
    };
    let size = options.formats[0].dims(x)?;
    let geometry = Geometry::checked(size, weight, bias, &options)?;
    // Statistics of one pixel of a sample say nothing.
    let is_fused = geometry.outputs.is_multiple_of(LANES) && area(geometry.conv) > 1;
    if !x.device().is_cpu() || has_large_pool(&options) || !is_fused {
        return one_by_one(x, weight, [bias, norm_weight, norm_bias], options, epsilon);
    }
    let (z, [mut mean, variance]) = read3([x, weight, bias], |[x, weight, _]| {
        Ok(convolve(&geometry, x, weight))
    })?;
    let arguments = tape::stack([bias, norm_weight, norm_bias])?;
    let arguments = [x, weight, &arguments];
    let moments = [&mean, &variance].map(Vec::as_slice);
    let y = match relu {
        true => recorded::<true>(arguments, geometry, z, moments, epsilon),
        false => recorded::<false>(arguments, geometry, z, moments, epsilon),
    };
    for (mean, bias) in mean.iter_mut().zip(bias.to_vec1::<f32>()?) {
        *mean += f64::from(bias);
    }
    let values = (geometry.n * area(geometry.conv)) as f64;
    let unbiased = values / (values - 1.0).max(1.0);
    let moments = BatchMoments {
        mean: mean.into_iter().map(|mean| mean as f32).collect(),
        variance: variance
            .into_iter()
            .map(|v| (v * unbiased) as f32)
            .collect(),
    };
    Ok((y?, moments))
}

/// The op's result.
fn recorded<const RELU: bool>(
    arguments: [&Tensor; 3],
    geometry: Geometry,
    z: Saved<f32>,
    [mean, variance]: [&[f64]; 2],
    epsilon: f32,
) -> Result<Tensor> {
    let scale = |variance: &f64| (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
    let op = Normalized::<RELU> {
        geometry,
        z,
        mean: mean.iter().map(|mean| *mean as f32).collect(),
        scale: variance.iter().map(scale).collect(),
    };
    tape::apply3(arguments, op)
}

/// The same with an op for each step.
fn one_by_one(
    x: &Tensor,
    weight: &Tensor,
    [bias, norm_weight, norm_bias]: [&Tensor; 3],
    options: ConvOptions,
    epsilon: f32,
) -> Result<(Tensor, BatchMoments)> {
    let plain = ConvOptions {
        activation: Activation::Identity,
        pool: None,
        ..options
    };
    let z = conv2d(x, weight, bias, plain)?;
    let norm = BatchNormOptions {
        epsilon,
        relu: options.activation == Activation::Relu,
        format: options.formats[1],
    };
    let (y, moments) = batch_norm(&z, norm_weight, norm_bias, norm)?;
    let pooled = options.pool.map(|pool| max_pool2d(&y, pool, norm.format));
    Ok((pooled.unwrap_or(Ok(y))?, moments))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{assert_close, var, window};
    use super::*;
    use candle_core::Var;

    const EPSILON: f32 = 1e-5;

    /// A variable without a pattern: the convolution of a sine is a sine, of which little is left when its
    /// mean is taken off.
    fn noise(shape: &[usize], seed: u32) -> Var {
        let n = shape.iter().product::<usize>() as u32;
        let value = |i: u32| {
            let hash = (i + 1).wrapping_mul(seed).wrapping_mul(2_654_435_761);
            (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d) as f32 / 2.0_f32.powi(31) - 1.0
        };
        let data: Vec<f32> = (0..n).map(value).collect();
        let tensor = Tensor::from_vec(data, shape, &candle_core::Device::Cpu).unwrap();
        Var::from_tensor(&tensor).unwrap()
    }

    #[test]
    fn it_is_the_steps_one_by_one() {
        use MemoryFormat::{ChannelsFirst, ChannelsLast};
        let pool = window(2, 2, 0);
        for (inputs, outputs, window, pool, formats) in [
            (1, 32, window(3, 1, 0), None, [ChannelsFirst, ChannelsLast]),
            (32, 32, window(3, 1, 0), Some(pool), [ChannelsLast; 2]),
            (16, 32, window(3, 2, 1), None, [ChannelsLast; 2]),
            (32, 16, window(3, 1, 1), None, [ChannelsLast, ChannelsFirst]),
            (
                3,
                16,
                window(5, 1, 2),
                Some(window(3, 2, 1)),
                [ChannelsFirst; 2],
            ),
            (16, 16, window(1, 2, 0), None, [ChannelsLast; 2]),
            // Not in one op: channels that fill no vector, and a single pixel.
            (2, 10, window(3, 1, 0), Some(pool), [ChannelsFirst; 2]),
            (32, 64, window(9, 1, 0), None, [ChannelsLast; 2]),
        ] {
            let dims = match formats[0] {
                ChannelsFirst => [5, inputs, 9, 9],
                ChannelsLast => [5, 9, 9, inputs],
            };
            let [kh, kw] = window.kernel;
            let arguments = [
                noise(&dims, 1),
                noise(&[outputs, inputs, kh, kw], 3),
                noise(&[outputs], 5),
                noise(&[outputs], 7),
                noise(&[outputs], 9),
            ];
            for activation in [Activation::Identity, Activation::Relu] {
                let options = ConvOptions {
                    window,
                    activation,
                    pool,
                    formats,
                };
                let name = format!("{inputs} to {outputs} channels, {activation:?}");
                check(&arguments, options, &name);
            }
        }
    }

    fn check(
        [x, weight, bias, norm_weight, norm_bias]: &[Var; 5],
        options: ConvOptions,
        name: &str,
    ) {
        let lists = [bias, norm_weight, norm_bias].map(Var::as_tensor);
        let (y, moments) = conv2d_batch_norm(x, weight, lists, options, EPSILON).unwrap();
        let (expected, of_steps) = one_by_one(x, weight, lists, options, EPSILON).unwrap();
        assert_close(&y, &expected, name);
        let pairs = [
            (moments.mean, of_steps.mean),
            (moments.variance, of_steps.variance),
        ];
        for pair in pairs {
            let [found, expected] = <[Vec<f32>; 2]>::from(pair).map(|m| {
                let len = m.len();
                Tensor::from_vec(m, len, y.device()).unwrap()
            });
            assert_close(&found, &expected, name);
        }
        // Not the sum, whose gradient batch norm takes off.
        let loss = |y: Tensor| (y.sqr().unwrap() * y).unwrap().sum_all().unwrap();
        let found = loss(y).backward().unwrap();
        let expected = loss(expected).backward().unwrap();
        for var in [x, weight, norm_weight, norm_bias] {
            assert_close(found.get(var).unwrap(), expected.get(var).unwrap(), name);
        }
        let of_bias = found.get(bias).unwrap().abs().unwrap();
        let most = of_bias.max(0).unwrap().to_scalar::<f32>().unwrap();
        assert!(most < 1e-2, "{name}: {most}");
    }

    #[test]
    fn another_activation_has_to_follow() {
        let args = [var(&[1, 1, 4, 4], 1.0), var(&[16, 1, 3, 3], 2.0)];
        let list = var(&[16], 3.0);
        let options = ConvOptions::new(window(3, 1, 0), Activation::Tanh, None);
        let lists = [list.as_tensor(); 3];
        let error = conv2d_batch_norm(&args[0], &args[1], lists, options, EPSILON);
        assert!(error.unwrap_err().to_string().contains("Tanh"));
    }
}
