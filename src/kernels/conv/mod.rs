//! Convolution, fused with the activation and the max pooling that follow it.
//!
//! Shapes: x `[n, c, h, w]`, weight `[out, c, kh, kw]`, bias `[out]` → `[n, out, oh, ow]`, or its
//! pooled shape. As everywhere in deep learning, "convolution" is the cross-correlation
//! z[o, y, x] = b[o] + Σ over i, ky, kx of w[o, i, ky, kx] · x[i, y·s + ky − p, x·s + kx − p].
//!
//! Fused, the intermediate images never leave the cache: forward saves the pooled result and one
//! byte per element for its argmax, the pixel of its window with the maximum; backward needs no
//! more.

mod backward;
mod border;
mod covering;
mod dense;
mod folded;
mod forward;
mod geometry;
mod input_gradient;
mod max_pool;
mod method;
mod normalized;
mod options;
mod patch_offsets;
mod planes;
mod pooled_backward;
mod pooled_forward;
mod running_max;
mod sparse;
mod unpool;
mod visit;
mod winograd;

use super::activation::{Activation, activate};
use super::buffers::{Saved, scratch};
use super::pooling::{Window, max_pool2d};
use super::slice_op::{Context, SliceOp};
use super::support::wants_gradient;
use super::tape;
use super::tape::PerSample;
use candle_core::{Result, Shape, Tensor, bail};
use covering::Covering;
pub use folded::fold_batch_norm;
use geometry::{CLAMPED, Geometry};
use method::Wants;
pub use normalized::conv2d_batch_norm;
pub use options::{ConvOptions, MemoryFormat};
use winograd::Tile;

#[derive(Clone, Copy)]
struct Conv {
    geometry: Geometry,
    activation: Activation,
    /// Of the forward pass, if it is computed by minimal filtering.
    tile: Option<Tile>,
}

impl SliceOp<3> for Conv {
    const NAME: &'static str = "convolution";
    /// Argmax of each pooled element, its pixel within the window:
    /// `[n, pooled pixels, out padded]`.
    type Saved = Saved<u8>;

    fn shape(&self, _: &Shape) -> Shape {
        Shape::from(self.geometry.result())
    }

    fn forward(&self, arguments: [&[f32]; 3]) -> (Vec<f32>, Saved<u8>) {
        forward::forward(&self.geometry, self.activation, self.tile, arguments)
    }

    fn backward(&self, context: Context<'_, 3, Saved<u8>>) -> [Vec<f32>; 3] {
        let ([x, weight, _], [input, of_weight, of_bias]) =
            (context.arguments, context.needs_gradient);
        let g = &self.geometry;
        let result = g.outputs * geometry::area(g.pooled);
        let gradient = |index: usize, skips_clamped: bool, task: &mut backward::Task<'_>| {
            let [y, dy] =
                [context.result, context.gradient].map(|all| &all[index * result..][..result]);
            match self.activation {
                Activation::Identity => task(dy),
                Activation::Relu if skips_clamped => task(dy),
                activation => scratch(result, |dz| {
                    activation.backward(y, dy, dz);
                    task(dz);
                }),
            }
        };
        let task = backward::Backward {
            geometry: g,
            x,
            weight,
            argmax: context.saved,
            gradient,
        };
        task.run(Wants {
            input,
            weight: of_weight || of_bias,
        })
    }
}

impl PerSample for Conv {
    fn of_one(self, n: usize) -> Option<Self> {
        let geometry = Geometry {
            n: 1,
            ..self.geometry
        };
        (self.geometry.n == n).then_some(Conv { geometry, ..self })
    }
}

/// Convolution, bias, activation and, if given, max pooling.
///
/// * `x`: `[n, c, h, w]`
/// * `weight`: `[out, c, kh, kw]`, with `options.window.kernel` = `[kh, kw]`
/// * `bias`: `[out]`
///
/// Returns `[n, out, oh, ow]`, the same values as the four steps separately. Input and output are
/// in the memory formats of the options; the formats change no bit.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, options: ConvOptions) -> Result<Tensor> {
    let geometry = Geometry::checked(options.formats[0].dims(x)?, weight, bias, &options)?;
    let [input_last, _] = geometry.channels_last();
    if !x.device().is_cpu() {
        let x = match input_last {
            true => x.permute((0, 3, 1, 2))?,
            false => x.clone(),
        };
        return in_format(&composite(&x, weight, bias, &options)?, options.formats[1]);
    }
    if let (Some(pool), true) = (options.pool, has_large_pool(&options)) {
        let unpooled = ConvOptions {
            pool: None,
            formats: [options.formats[0], MemoryFormat::ChannelsFirst],
            ..options
        };
        let y = conv2d(x, weight, bias, unpooled)?;
        return in_format(
            &max_pool2d(&y, pool, MemoryFormat::ChannelsFirst)?,
            options.formats[1],
        );
    }
    if let Some(op) = Covering::of(geometry, options.activation) {
        return tape::apply3_per_sample([x, weight, bias], op);
    }
    // An explanation: the gradient of the image, by weights that do not change.
    let keeps_ties = wants_gradient(x) && !wants_gradient(weight);
    let op = Conv {
        geometry,
        activation: options.activation,
        tile: winograd::of_forward(&geometry, keeps_ties),
    };
    tape::apply3_per_sample([x, weight, bias], op)
}

/// Whether the argmax of its pooling does not fit in a byte.
fn has_large_pool(options: &ConvOptions) -> bool {
    let area = |pool: Window| pool.kernel[0] * pool.kernel[1];
    options
        .pool
        .is_some_and(|pool| area(pool) > usize::from(CLAMPED))
}

/// A channels-first tensor in another format.
fn in_format(y: &Tensor, format: MemoryFormat) -> Result<Tensor> {
    match format {
        MemoryFormat::ChannelsFirst => Ok(y.clone()),
        MemoryFormat::ChannelsLast => y.permute((0, 2, 3, 1)),
    }
}

/// The same with candle's own ops, channels first, for other devices.
fn composite(x: &Tensor, weight: &Tensor, bias: &Tensor, options: &ConvOptions) -> Result<Tensor> {
    let window = options.window;
    let ([p, same_p], [s, same_s]) = (window.padding, window.stride);
    if p != same_p || s != same_s {
        bail!("convolution: {window:?} needs equal strides and paddings on this device");
    }
    let bias = bias.reshape((1, (), 1, 1))?;
    let z = x.conv2d(weight, p, s, 1, 1)?.broadcast_add(&bias)?;
    let y = activate(&z, options.activation)?;
    options.pool.map_or(Ok(y.clone()), |pool| {
        max_pool2d(&y, pool, MemoryFormat::ChannelsFirst)
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, window};
    use super::*;
    use candle_core::Var;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("conv") {
            case.check(&["x", "w", "b"], |t| {
                let (window, pool) = (case.window(), case.pool());
                let options = ConvOptions::new(window, case.activation(), pool);
                conv2d(&t[0], &t[1], &t[2], options)
            });
        }
    }

    #[test]
    fn gradients_are_the_same_for_images_that_want_none() {
        for case in fixture::cases("conv") {
            let x = case.tensor("x");
            case.check(&["w", "b"], |t| {
                let (window, pool) = (case.window(), case.pool());
                let options = ConvOptions::new(window, case.activation(), pool);
                conv2d(&x, &t[0], &t[1], options)
            });
        }
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    }

    /// Numbers between −1 and 1 that take long to repeat.
    fn numbers(shape: &[usize], seed: f32) -> Var {
        let n = shape.iter().product::<usize>();
        let data: Vec<f32> = (0..n).map(|i| (seed + i as f32 * 0.7).sin()).collect();
        let tensor = Tensor::from_vec(data, shape, &candle_core::Device::Cpu).unwrap();
        Var::from_tensor(&tensor).unwrap()
    }

    #[test]
    fn the_order_of_the_channels_changes_no_bit() {
        let pool = window(2, 2, 0);
        for (inputs, window, pool) in [
            (32, window(3, 1, 0), None),
            (32, window(3, 1, 0), Some(pool)),
            (32, window(3, 1, 1), Some(pool)),
            (32, window(3, 2, 1), None),
            (16, window(3, 1, 1), None),
            (16, window(3, 2, 1), None),
            (16, window(3, 1, 0), Some(pool)),
            (1, window(3, 1, 1), Some(pool)),
            (1, window(3, 1, 0), Some(window(4, 3, 0))),
        ] {
            let (x, w, b) = (
                numbers(&[3, inputs, 9, 8], 1.0),
                numbers(&[64, inputs, 3, 3], 2.0),
                numbers(&[64], 3.0),
            );
            let last = x.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
            let last = Var::from_tensor(&last).unwrap();
            let run = |x: &Tensor, formats| {
                let options = ConvOptions::new(window, Activation::Relu, pool);
                conv2d(x, &w, &b, ConvOptions { formats, ..options })
            };
            let first_orders = [MemoryFormat::ChannelsFirst; 2];
            let last_orders = match inputs {
                1 => [MemoryFormat::ChannelsFirst, MemoryFormat::ChannelsLast],
                _ => [MemoryFormat::ChannelsLast; 2],
            };
            let last = match inputs {
                1 => x.clone(),
                _ => last,
            };
            let expected = run(&x, first_orders).unwrap();
            let found = run(&last, last_orders).unwrap();
            let found = found.permute((0, 3, 1, 2)).unwrap();
            assert_eq!(values(&found), values(&expected), "{window:?} {pool:?}");

            let expected = run(&x, first_orders).unwrap().sqr().unwrap();
            let expected = expected.backward().unwrap();
            let found = run(&last, last_orders).unwrap().sqr().unwrap();
            let found = found.backward().unwrap();
            let dx = found.get(&last).unwrap();
            let dx = match inputs {
                1 => dx.clone(),
                _ => dx.permute((0, 3, 1, 2)).unwrap(),
            };
            let pairs = [
                (&dx, expected.get(&x).unwrap()),
                (found.get(&w).unwrap(), expected.get(&w).unwrap()),
            ];
            for (found, expected) in pairs {
                assert_eq!(values(found), values(expected), "{window:?} {pool:?}");
            }
            let [found, expected] = [&found, &expected].map(|g| g.get(&b).unwrap());
            fixture::assert_close(found, expected, "bias");
        }
    }

    #[test]
    fn channels_that_fill_no_vector_are_not_last() {
        let (x, w, b) = (
            numbers(&[1, 4, 4, 8], 1.0),
            numbers(&[32, 8, 3, 3], 2.0),
            numbers(&[32], 3.0),
        );
        let formats = [MemoryFormat::ChannelsLast, MemoryFormat::ChannelsFirst];
        let options = ConvOptions::new(window(3, 1, 0), Activation::Relu, None);
        assert!(conv2d(&x, &w, &b, ConvOptions { formats, ..options }).is_err());
    }

    #[test]
    fn one_by_one_gives_the_same_bits_as_fused() {
        for case in fixture::cases("conv") {
            let [x, w, b] = ["x", "w", "b"].map(|name| case.tensor(name));
            let (window, activation) = (case.window(), case.activation());
            let options = ConvOptions::new(window, activation, case.pool());
            let fused = conv2d(&x, &w, &b, options).unwrap();
            let options = ConvOptions::new(window, Activation::Identity, None);
            let z = conv2d(&x, &w, &b, options).unwrap();
            let y = activate(&z, activation).unwrap();
            let y = case
                .pool()
                .map_or(Ok(y.clone()), |pool| {
                    max_pool2d(&y, pool, MemoryFormat::ChannelsFirst)
                })
                .unwrap();
            assert_eq!(values(&fused), values(&y), "{}", case.name);
        }
    }

    /// Windows of four pixels, of fewer and of more, on numbers of pooled pixels that fill no group.
    #[test]
    fn first_layers_pooled_in_registers_give_the_bits_of_one_by_one() {
        let x = numbers(&[2, 1, 11, 13], 1.0);
        for (outputs, kernel, pool) in [
            (10, 3, window(2, 2, 0)),
            (16, 3, window(3, 2, 0)),
            (32, 5, window(2, 2, 0)),
            (32, 3, window(3, 3, 0)),
            (40, 3, window(1, 2, 0)),
            (48, 5, window(4, 1, 0)),
        ] {
            let w = numbers(&[outputs, 1, kernel, kernel], 2.0);
            let b = numbers(&[outputs], 3.0);
            let conv = |pool| {
                let options = ConvOptions::new(window(kernel, 1, 1), Activation::Relu, pool);
                conv2d(&x, &w, &b, options).unwrap()
            };
            let fused = conv(Some(pool));
            let pooled = max_pool2d(&conv(None), pool, MemoryFormat::ChannelsFirst).unwrap();
            assert_eq!(
                values(&fused),
                values(&pooled),
                "{outputs} {kernel} {pool:?}"
            );
        }
    }
}
