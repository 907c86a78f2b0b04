//! Max and average pooling over windows of an image.
//!
//! Shapes: `[n, c, h, w]` → `[n, c, oh, ow]` by [`Window::output`].
//! Max: padding counts as −∞; the gradient goes to the largest element, the first one in
//! row-major order where several are equal. Average: padding counts as zeros and as elements
//! (`count_include_pad`); every element gets an equal share. Both are PyTorch's conventions.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::{simd, tape, threads};
use candle_core::{Result, Shape, Tensor, bail};
use std::ops::Range;

/// A window that slides over an image; each field is `[vertical, horizontal]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Stride: distance between neighboring windows.
    pub stride: [usize; 2],
    /// Padding: rows and columns added on each side of the image.
    pub padding: [usize; 2],
}

impl Window {
    /// How many windows fit an image of `[height, width]`, rounded down; `None` if not even one
    /// does, or if kernel or stride is zero.
    pub fn output(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let free = (image[axis] + 2 * self.padding[axis]).checked_sub(self.kernel[axis])?;
            let steps = free.checked_div(self.stride[axis])?;
            (self.kernel[axis] > 0).then_some(steps + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// [`Window::output`], or an error that names the sizes.
    pub(super) fn output_or_error(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        match self.output(image) {
            Some(output) => Ok(output),
            None => bail!("{self:?} does not fit an image of {image:?}"),
        }
    }

    /// Like [`Window::output_or_error`], for pooling: every window must contain part of the image.
    pub(super) fn pooled_or_error(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        if (0..2).any(|axis| 2 * self.padding[axis] > self.kernel[axis]) {
            bail!("pooling: padding must be at most half of the kernel, found {self:?}");
        }
        self.output_or_error(image)
    }

    /// The part of the image, along one axis, that the `index`-th window covers.
    #[inline(always)]
    pub(super) fn cover(&self, axis: usize, index: usize, size: usize) -> Range<usize> {
        let start = index * self.stride[axis];
        let end = (start + self.kernel[axis]).saturating_sub(self.padding[axis]);
        start.saturating_sub(self.padding[axis])..end.min(size)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Max,
    Average,
}

struct Pooling {
    kind: Kind,
    window: Window,
    n: usize,
    channels: usize,
    image: [usize; 2],
    output: [usize; 2],
}

impl Pooling {
    /// The pixels under each window of a plane, as (window, rows, columns), in row-major order.
    fn windows(&self) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> + '_ {
        let [oh, ow] = self.output;
        (0..oh * ow).map(move |i| {
            let rows = self.window.cover(0, i / ow, self.image[0]);
            let cols = self.window.cover(1, i % ow, self.image[1]);
            (i, rows, cols)
        })
    }

    #[inline(always)]
    fn max_plane(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let Window {
            kernel,
            stride,
            padding,
        } = self.window;
        match ([kernel, stride], padding) {
            ([[2, 2], [2, 2]], [0, 0]) => self.max_of_fours(x, y, argmax),
            _ => self.max_of_windows(x, y, argmax),
        }
    }

    /// The common case, two rows at a time: without branches, for whole vectors.
    #[inline(always)]
    fn max_of_fours(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let (width, columns) = (self.image[1], self.output[1]);
        let rows = y
            .chunks_exact_mut(columns)
            .zip(argmax.chunks_exact_mut(columns));
        for (row, (y, argmax)) in rows.enumerate() {
            let start = 2 * row * width;
            let pairs = |start: usize| x[start..start + 2 * columns].as_chunks::<2>().0;
            let windows = pairs(start).iter().zip(pairs(start + width));
            let outputs = y.iter_mut().zip(argmax).zip((start as u32..).step_by(2));
            for ((above, below), ((y, argmax), at)) in windows.zip(outputs) {
                let mut best = (above[0], at);
                let next = width as u32;
                for (x, at) in [
                    (above[1], at + 1),
                    (below[0], at + next),
                    (below[1], at + next + 1),
                ] {
                    let is_better = x > best.0 || x.is_nan();
                    best.0 = if is_better { x } else { best.0 };
                    best.1 = if is_better { at } else { best.1 };
                }
                (*y, *argmax) = best;
            }
        }
    }

    fn max_of_windows(&self, x: &[f32], y: &mut [f32], argmax: &mut [u32]) {
        let width = self.image[1];
        for (i, rows, cols) in self.windows() {
            let mut best = (f32::NEG_INFINITY, rows.start * width + cols.start);
            for row in rows {
                let start = row * width + cols.start;
                for (at, &x) in (start..).zip(&x[start..start + cols.len()]) {
                    if x > best.0 || x.is_nan() {
                        best = (x, at);
                    }
                }
            }
            (y[i], argmax[i]) = (best.0, best.1 as u32);
        }
    }

    fn average_plane(&self, x: &[f32], y: &mut [f32]) {
        let width = self.image[1];
        let scale = self.share();
        for (i, rows, cols) in self.windows() {
            let mut sum = 0.0;
            for row in rows {
                for value in &x[row * width + cols.start..row * width + cols.end] {
                    sum += value;
                }
            }
            y[i] = sum * scale;
        }
    }

    /// Weight of one element in an average.
    fn share(&self) -> f32 {
        1.0 / (self.window.kernel[0] * self.window.kernel[1]) as f32
    }

    fn backward_plane(&self, dy: &[f32], argmax: &[u32], dx: &mut [f32]) {
        if self.kind == Kind::Max {
            for (dy, &at) in dy.iter().zip(argmax) {
                dx[at as usize] += dy;
            }
            return;
        }
        let width = self.image[1];
        let scale = self.share();
        for (i, rows, cols) in self.windows() {
            for row in rows {
                for dx in &mut dx[row * width + cols.start..row * width + cols.end] {
                    *dx += dy[i] * scale;
                }
            }
        }
    }

    fn sizes(&self) -> (usize, usize) {
        let area = |[h, w]: [usize; 2]| h * w;
        (area(self.image), area(self.output))
    }
}

impl SliceOp<1> for Pooling {
    const NAME: &'static str = "pooling";
    /// Argmax: for max pooling, the position of each maximum in its plane.
    type Saved = Vec<u32>;

    fn shape(&self, _: &Shape) -> Shape {
        let [h, w] = self.output;
        Shape::from((self.n, self.channels, h, w))
    }

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, Vec<u32>) {
        let (plane, pooled) = self.sizes();
        let c = self.channels;
        let mut y = buffer(self.n * c * pooled);
        // One chunk per sample.
        let mut argmax = vec![0; if self.kind == Kind::Max { y.len() } else { 0 }];
        let parts = x.chunks(c * plane).zip(y.chunks_mut(c * pooled));
        if self.kind == Kind::Average {
            threads::for_parts(parts, |_, (x, y)| {
                for (x, y) in x.chunks_exact(plane).zip(y.chunks_exact_mut(pooled)) {
                    self.average_plane(x, y);
                }
            });
        } else {
            let parts = parts.zip(argmax.chunks_mut(c * pooled));
            threads::for_parts(parts, |_, ((x, y), argmax)| {
                let outputs = y
                    .chunks_exact_mut(pooled)
                    .zip(argmax.chunks_exact_mut(pooled));
                simd::run(|| {
                    for (x, (y, argmax)) in x.chunks_exact(plane).zip(outputs) {
                        self.max_plane(x, y, argmax);
                    }
                });
            });
        }
        (y, argmax)
    }

    fn backward(&self, context: Context<'_, 1, Vec<u32>>) -> [Vec<f32>; 1] {
        let ([x], dy, argmax) = (context.arguments, context.gradient, context.saved);
        let (plane, pooled) = self.sizes();
        let c = self.channels;
        let mut dx = vec![0.0; x.len()];
        let parts = dy.chunks(c * pooled).zip(dx.chunks_mut(c * plane));
        threads::for_parts(parts, |sample, (dy, dx)| {
            let planes = dy.chunks_exact(pooled).zip(dx.chunks_exact_mut(plane));
            for (channel, (dy, dx)) in planes.enumerate() {
                let start = (sample * c + channel) * pooled;
                let argmax = argmax.get(start..start + pooled).unwrap_or_default();
                self.backward_plane(dy, argmax, dx);
            }
        });
        [dx]
    }
}

fn pooling(x: &Tensor, window: Window, kind: Kind) -> Result<Tensor> {
    let (n, channels, h, w) = x.dims4()?;
    let op = Pooling {
        kind,
        window,
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
/// * `x`: `[n, c, h, w]` → `[n, c, oh, ow]`
pub fn max_pool2d(x: &Tensor, window: Window) -> Result<Tensor> {
    pooling(x, window, Kind::Max)
}

/// The mean of each window; padding counts as zeros.
///
/// * `x`: `[n, c, h, w]` → `[n, c, oh, ow]`
pub fn avg_pool2d(x: &Tensor, window: Window) -> Result<Tensor> {
    pooling(x, window, Kind::Average)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn values_and_gradients_are_pytorchs() {
        for case in fixture::cases("max") {
            case.check(&["x"], |x| max_pool2d(&x[0], case.window()));
        }
        for case in fixture::cases("average") {
            case.check(&["x"], |x| avg_pool2d(&x[0], case.window()));
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
