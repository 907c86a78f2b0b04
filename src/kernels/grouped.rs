//! Grouped convolution: output channels are connected with the input channels of their own group
//! only; with as many groups as channels it is depthwise (Chollet 2017).
//!
//! Shapes: x `[n, c, h, w]`, weight `[out, c / groups, kh, kw]`, bias `[out]` → `[n, out, oh, ow]`.
//! Forward and backward go tap by tap: a row of the output is a sum of rows of the input, each
//! times one weight. A group has few channels, so a matrix product would gain nothing.

use super::pooling::Window;
use super::slice_op::{Context, SliceOp};
use super::tape::PerSample;
use super::{simd, tape, threads};
use candle_core::{Result, Shape, Tensor, bail};
use std::ops::Range;

#[derive(Clone, Copy)]
struct Grouped {
    window: Window,
    /// Number of samples.
    n: usize,
    /// Channels of the input and of the output.
    inputs: usize,
    outputs: usize,
    groups: usize,
    /// Height and width of the input and of the output.
    image: [usize; 2],
    conv: [usize; 2],
}

/// The rows that meet at one tap of the filter, and their columns.
struct Rows {
    from: usize,
    to: usize,
    len: usize,
}

impl Grouped {
    /// Input channels per filter.
    fn depth(&self) -> usize {
        self.inputs / self.groups
    }

    /// Weights per filter.
    fn filter(&self) -> usize {
        self.depth() * self.window.kernel[0] * self.window.kernel[1]
    }

    /// Start of one output channel's group of planes in a sample of the input.
    fn group(&self, output: usize) -> usize {
        output / (self.outputs / self.groups) * self.depth() * self.image[0] * self.image[1]
    }

    /// Outputs along one axis whose tap `k` falls inside the image.
    #[inline(always)]
    fn inside(&self, axis: usize, k: usize) -> Range<usize> {
        let (stride, padding) = (self.window.stride[axis], self.window.padding[axis]);
        let first = padding.saturating_sub(k).div_ceil(stride);
        let end = (self.image[axis] + padding).saturating_sub(k);
        first..end.div_ceil(stride).min(self.conv[axis])
    }

    /// Calls `each(tap, rows)` for every tap of a filter and every row of the output it reaches;
    /// offsets are within the group's planes and within the output's plane.
    #[inline(always)]
    fn rows(&self, mut each: impl FnMut(usize, Rows)) {
        let [kh, kw] = self.window.kernel;
        let [sy, sx] = self.window.stride;
        let [py, px] = self.window.padding;
        let [h, w] = self.image;
        for tap in 0..self.filter() {
            let (channel, ky, kx) = (tap / (kh * kw), tap / kw % kh, tap % kw);
            let cols = self.inside(1, kx);
            for row in self.inside(0, ky) {
                let from = (channel * h + row * sy + ky - py) * w;
                let rows = Rows {
                    from: from + cols.start * sx + kx - px,
                    to: row * self.conv[1] + cols.start,
                    len: cols.len(),
                };
                if rows.len > 0 {
                    each(tap, rows);
                }
            }
        }
    }

    fn forward_plane(&self, x: &[f32], w: &[f32], bias: f32, y: &mut [f32]) {
        let stride = self.window.stride[1];
        y.fill(bias);
        self.rows(|tap, at| {
            let y = &mut y[at.to..at.to + at.len];
            let x = &x[at.from..at.from + (at.len - 1) * stride + 1];
            if stride == 1 {
                y.iter_mut().zip(x).for_each(|(y, x)| *y += w[tap] * x);
            } else {
                let x = x.iter().step_by(stride);
                y.iter_mut().zip(x).for_each(|(y, x)| *y += w[tap] * x);
            }
        });
    }

    /// Adds one output plane's contribution to the gradient of its group's planes.
    fn backward_plane(&self, w: &[f32], dy: &[f32], dx: &mut [f32]) {
        let stride = self.window.stride[1];
        self.rows(|tap, at| {
            let dy = &dy[at.to..at.to + at.len];
            let dx = &mut dx[at.from..at.from + (at.len - 1) * stride + 1];
            if stride == 1 {
                dx.iter_mut().zip(dy).for_each(|(d, g)| *d += w[tap] * g);
            } else {
                let dx = dx.iter_mut().step_by(stride);
                dx.zip(dy).for_each(|(d, g)| *d += w[tap] * g);
            }
        });
    }

    /// Adds one sample's contribution to the gradient of a filter.
    fn filter_gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let stride = self.window.stride[1];
        self.rows(|tap, at| {
            let dy = &dy[at.to..at.to + at.len];
            let x = &x[at.from..at.from + (at.len - 1) * stride + 1];
            let pairs = x.iter().step_by(stride).zip(dy);
            dw[tap] += pairs.map(|(x, g)| x * g).sum::<f32>();
        });
    }

    /// Elements of a sample of the input and of a plane of the output.
    fn sizes(&self) -> (usize, usize) {
        let area = |[h, w]: [usize; 2]| h * w;
        (self.inputs * area(self.image), area(self.conv))
    }
}

impl SliceOp<3> for Grouped {
    const NAME: &'static str = "grouped-convolution";
    type Saved = ();

    fn shape(&self, _: &Shape) -> Shape {
        let [h, w] = self.conv;
        Shape::from((self.n, self.outputs, h, w))
    }

    fn forward(&self, [x, w, bias]: [&[f32]; 3]) -> (Vec<f32>, ()) {
        let (sample, plane) = self.sizes();
        let mut y = vec![0.0; self.n * self.outputs * plane];
        let parts = x
            .chunks_exact(sample)
            .zip(y.chunks_exact_mut(self.outputs * plane));
        threads::for_parts(parts, |_, (x, y)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    let planes = w.chunks_exact(self.filter()).zip(y.chunks_exact_mut(plane));
                    for (output, (w, y)) in planes.enumerate() {
                        self.forward_plane(&x[self.group(output)..], w, bias[output], y);
                    }
                },
            );
        });
        (y, ())
    }

    fn backward(&self, context: Context<'_, 3, ()>) -> [Vec<f32>; 3] {
        let ([x, w, _], dy) = (context.arguments, context.gradient);
        let (sample, plane) = self.sizes();
        let mut dx = vec![0.0; x.len()];
        let mut dw = vec![0.0; w.len()];
        let mut db = vec![0.0; self.outputs];
        let filters = w.chunks_exact(self.filter());
        let samples = dy.chunks_exact(self.outputs * plane);
        threads::for_parts(samples.zip(dx.chunks_exact_mut(sample)), |_, (dy, dx)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    let planes = filters.clone().zip(dy.chunks_exact(plane));
                    for (output, (w, dy)) in planes.enumerate() {
                        self.backward_plane(w, dy, &mut dx[self.group(output)..]);
                    }
                },
            );
        });
        let parts = dw.chunks_exact_mut(self.filter()).zip(&mut db);
        threads::for_parts(parts, |output, (dw, db)| {
            simd::run_closure(
                #[inline(always)]
                || {
                    let samples = x.chunks_exact(sample);
                    for (x, dy) in samples.zip(dy.chunks_exact(self.outputs * plane)) {
                        let dy = &dy[output * plane..][..plane];
                        self.filter_gradient(&x[self.group(output)..], dy, dw);
                        *db += dy.iter().sum::<f32>();
                    }
                },
            );
        });
        [dx, dw, db]
    }
}

impl PerSample for Grouped {
    fn of_one(self, n: usize) -> Option<Self> {
        (self.n == n).then_some(Grouped { n: 1, ..self })
    }
}

/// Convolution and bias, in `groups` groups.
///
/// * `x`: `[n, c, h, w]`
/// * `weight`: `[out, c / groups, kh, kw]`, with `window.kernel` = `[kh, kw]`
/// * `bias`: `[out]`
///
/// Returns `[n, out, oh, ow]`.
pub fn grouped_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    window: Window,
    groups: usize,
) -> Result<Tensor> {
    let (n, inputs, h, w) = x.dims4()?;
    let (outputs, depth, kh, kw) = weight.dims4()?;
    let fits = groups > 0
        && depth * groups == inputs
        && outputs % groups == 0
        && window.kernel == [kh, kw]
        && bias.dims() == [outputs]
        && n > 0;
    let Some(conv) = window.output([h, w]).filter(|_| fits) else {
        bail!(
            "grouped convolution: input {:?} does not fit weight {:?}, bias {:?}, {groups} groups \
             and {window:?}",
            x.dims(),
            weight.dims(),
            bias.dims()
        );
    };
    let op = Grouped {
        window,
        n,
        inputs,
        outputs,
        groups,
        image: [h, w],
        conv,
    };
    tape::apply3_per_sample([x, weight, bias], op)
}
