//! Max and average pooling over windows of an image.
//!
//! Shapes: `[n, c, h, w]` → `[n, c, oh, ow]` by [`Window::output`], or the same channels last.
//! Max: padding counts as −∞; the gradient goes to the largest element, the first one in
//! row-major order where several are equal. Average: padding counts as zeros and as elements
//! (`count_include_pad`); every element gets an equal share. Both are PyTorch's conventions. The
//! memory formats change no bit.

mod first;
mod last;
mod window;

use super::buffers::{Saved, buffer};
use super::conv::MemoryFormat;
use super::slice_op::{Context, SliceOp};
use super::{simd, tape, threads};
use candle_core::{Result, Shape, Tensor, bail};
use std::ops::Range;
pub use window::Window;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Max,
    Average,
}

struct Pooling {
    kind: Kind,
    window: Window,
    format: MemoryFormat,
    n: usize,
    channels: usize,
    image: [usize; 2],
    output: [usize; 2],
}

impl Pooling {
    /// The pixels under each window, as (window, rows, columns), in row-major order.
    fn windows(&self) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> + '_ {
        let [oh, ow] = self.output;
        (0..oh * ow).map(move |i| {
            let rows = self.window.cover(0, i / ow, self.image[0]);
            let cols = self.window.cover(1, i % ow, self.image[1]);
            (i, rows, cols)
        })
    }

    /// Whether the windows are of 2 × 2 side by side, without padding: the common case.
    fn is_fours(&self) -> bool {
        let window = self.window;
        [window.kernel, window.stride, window.padding] == [[2, 2], [2, 2], [0, 0]]
    }

    /// Weight of one element in an average.
    fn share(&self) -> f32 {
        1.0 / (self.window.kernel[0] * self.window.kernel[1]) as f32
    }

    /// Pixels of a plane, before and after.
    fn sizes(&self) -> (usize, usize) {
        let area = |[h, w]: [usize; 2]| h * w;
        (area(self.image), area(self.output))
    }

    #[inline(always)]
    fn forward_sample(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        match (self.format, self.kind) {
            (MemoryFormat::ChannelsFirst, Kind::Max) => self.max_first(x, y, argmax),
            (MemoryFormat::ChannelsFirst, Kind::Average) => self.average_first(x, y),
            (MemoryFormat::ChannelsLast, Kind::Max) => self.max_last(x, y, argmax),
            (MemoryFormat::ChannelsLast, Kind::Average) => self.average_last(x, y),
        }
    }

    /// Adds the gradients to `dx`, which is zero.
    #[inline(always)]
    fn backward_sample(&self, dy: &[f32], argmax: &[u32], dx: &mut [f32]) {
        match (self.format, self.kind) {
            (MemoryFormat::ChannelsFirst, Kind::Max) => self.max_first_backward(dy, argmax, dx),
            (MemoryFormat::ChannelsFirst, Kind::Average) => self.average_first_backward(dy, dx),
            (MemoryFormat::ChannelsLast, Kind::Max) => self.max_last_backward(dy, argmax, dx),
            (MemoryFormat::ChannelsLast, Kind::Average) => self.average_last_backward(dy, dx),
        }
    }
}

impl SliceOp<1> for Pooling {
    const NAME: &'static str = "pooling";
    /// Argmax: for max pooling, the pixel of each maximum.
    type Saved = Saved<u32>;

    fn shape(&self, _: &Shape) -> Shape {
        let [h, w] = self.output;
        Shape::from(match self.format {
            MemoryFormat::ChannelsFirst => (self.n, self.channels, h, w),
            MemoryFormat::ChannelsLast => (self.n, h, w, self.channels),
        })
    }

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, Saved<u32>) {
        let (plane, pooled) = self.sizes();
        let c = self.channels;
        let mut y = buffer(self.n * c * pooled);
        let mut argmax = Saved::new(if self.kind == Kind::Max { y.len() } else { 0 });
        let mut parts_of_argmax = argmax.chunks_mut(c * pooled);
        let parts = x.chunks(c * plane).zip(y.chunks_mut(c * pooled));
        let parts = parts.map(|(x, y)| (x, y, parts_of_argmax.next().unwrap_or_default()));
        threads::for_parts(parts, |_, (x, y, argmax)| {
            simd::run_closure(
                #[inline(always)]
                || self.forward_sample(x, y, argmax),
            );
        });
        (y, argmax)
    }

    fn backward(&self, context: Context<'_, 1, Saved<u32>>) -> [Vec<f32>; 1] {
        let ([x], dy, argmax) = (context.arguments, context.gradient, context.saved);
        let (plane, pooled) = self.sizes();
        let c = self.channels;
        let mut dx = buffer(x.len());
        let parts = dy.chunks(c * pooled).zip(dx.chunks_mut(c * plane));
        threads::for_parts(parts, |sample, (dy, dx)| {
            let argmax = argmax.get(sample * dy.len()..(sample + 1) * dy.len());
            simd::run_closure(
                #[inline(always)]
                || {
                    dx.fill(0.0);
                    self.backward_sample(dy, argmax.unwrap_or_default(), dx);
                },
            );
        });
        [dx]
    }
}

fn pooling(x: &Tensor, window: Window, format: MemoryFormat, kind: Kind) -> Result<Tensor> {
    let (n, channels, h, w) = format.dims(x)?;
    let op = Pooling {
        kind,
        window,
        format,
        n,
        channels,
        image: [h, w],
        output: window.pooled_or_error([h, w])?,
    };
    if !x.device().is_cpu() {
        bail!("pooling: not available on {:?}", x.device().location());
    }
    tape::apply1(x, op)
}

/// The largest element of each window; padding counts as −∞.
///
/// * `x`: `[n, c, h, w]` → `[n, c, oh, ow]`, or the same channels last
pub fn max_pool2d(x: &Tensor, window: Window, format: MemoryFormat) -> Result<Tensor> {
    pooling(x, window, format, Kind::Max)
}

/// The mean of each window; padding counts as zeros.
///
/// * `x`: `[n, c, h, w]` → `[n, c, oh, ow]`, or the same channels last
pub fn avg_pool2d(x: &Tensor, window: Window, format: MemoryFormat) -> Result<Tensor> {
    pooling(x, window, format, Kind::Average)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use candle_core::{Device, Var};

    const FIRST: MemoryFormat = MemoryFormat::ChannelsFirst;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("max") {
            case.check(&["x"], |x| max_pool2d(&x[0], case.window(), FIRST));
        }
        for case in fixture::cases("average") {
            case.check(&["x"], |x| avg_pool2d(&x[0], case.window(), FIRST));
        }
    }

    #[test]
    fn windows_of_four_are_as_any_others() {
        let window = Window {
            kernel: [2, 2],
            stride: [2, 2],
            padding: [0, 0],
        };
        for image in [[2, 2], [5, 7], [8, 34]] {
            let op = Pooling {
                kind: Kind::Max,
                window,
                format: FIRST,
                n: 1,
                channels: 1,
                image,
                output: window.output(image).unwrap(),
            };
            let (plane, pooled) = op.sizes();
            let value = |i: usize| match i % 11 {
                3 => f32::NAN,
                5 => f32::NEG_INFINITY,
                // Many are equal.
                _ => ((i * i) % 5) as f32 - 2.0,
            };
            let x: Vec<f32> = (0..plane).map(value).collect();
            let result = || (vec![0.0; pooled], vec![0; pooled]);
            let (mut fours, mut windows) = (result(), result());
            op.max_of_fours(&x, &mut fours.0, &mut fours.1);
            op.max_of_windows(&x, &mut windows.0, &mut windows.1);
            let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&fours.0), bits(&windows.0));
            assert_eq!(fours.1, windows.1);
            op.average_of_fours(&x, &mut fours.0);
            op.average_of_windows(&x, &mut windows.0);
            assert_eq!(bits(&fours.0), bits(&windows.0));
            let (mut of_fours, mut of_windows) = (vec![0.0; plane], vec![0.0; plane]);
            op.average_of_fours_backward(&x[..pooled], &mut of_fours);
            op.average_of_windows_backward(&x[..pooled], &mut of_windows);
            assert_eq!(bits(&of_fours), bits(&of_windows));
        }
    }

    #[test]
    fn the_order_of_the_channels_changes_no_bit() {
        let window = |kernel, stride, padding| Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
        };
        let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (window, kind) in [
            (window(2, 2, 0), Kind::Max),
            (window(3, 2, 1), Kind::Max),
            (window(2, 2, 0), Kind::Average),
            (window(3, 1, 1), Kind::Average),
            (window(7, 1, 0), Kind::Average),
        ] {
            // Many are equal.
            let values: Vec<f32> = (0..2 * 32 * 7 * 9).map(|i| ((i * i) % 23) as f32).collect();
            let first = Tensor::from_vec(values, (2, 32, 7, 9), &Device::Cpu).unwrap();
            let last = first.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
            let run = |x: &Tensor, format| {
                let x = Var::from_tensor(x).unwrap();
                let y = pooling(&x, window, format, kind).unwrap();
                let gradients = y.sqr().unwrap().backward().unwrap();
                (y, gradients.get(&x).unwrap().clone())
            };
            let (y, dx) = run(&first, FIRST);
            let (y_last, dx_last) = run(&last, MemoryFormat::ChannelsLast);
            let to_first = |x: &Tensor| flat(&x.permute((0, 3, 1, 2)).unwrap());
            assert_eq!(flat(&y), to_first(&y_last), "{window:?}");
            assert_eq!(flat(&dx), to_first(&dx_last), "{window:?}");
        }
    }

    #[test]
    fn output_is_rounded_down_and_none_if_nothing_fits() {
        let window = |kernel, stride, padding| Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
        };
        assert_eq!(window(2, 2, 0).output([11, 13]), Some([5, 6]));
        assert_eq!(window(3, 2, 1).output([1, 28]), Some([1, 14]));
        assert_eq!(window(5, 1, 0).output([4, 9]), None);
        assert_eq!(window(0, 1, 0).output([4, 4]), None);
        assert_eq!(window(2, 0, 0).output([4, 4]), None);
    }
}
