//! The backward pass of a convolution: each chunk of samples sums its own weight and bias
//! gradients, which are then added in order.
//!
//! dz, the gradient before the activation, is made channels last, if it is not already. After max
//! pooling it is zero but for one pixel of each window; if there are enough input channels to fill
//! a vector, only those pixels are visited (`sparse.rs`), else all of them (`dense.rs`).

use super::super::buffers::{buffer, scratch};
use super::super::support::{per_chunk, reduce_rows};
use super::super::transpose::transpose;
use super::super::{Activation, threads};
use super::dense::Dense;
use super::geometry::{Geometry, area};
use super::patch_offsets::PatchOffsets;
use super::pooled_backward::Pooled;
use super::sparse::Sparse;

/// The batch is cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;

/// Which gradients are needed.
#[derive(Clone, Copy)]
pub(super) struct Wants {
    pub input: bool,
    /// Weight and bias.
    pub weight: bool,
}

/// The inputs of the backward pass, in the memory formats of the geometry.
pub(super) struct Backward<'a> {
    pub geometry: &'a Geometry,
    pub activation: Activation,
    pub argmax: &'a [u8],
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub y: &'a [f32],
    pub dy: &'a [f32],
}

/// One sample of the batch.
pub(super) struct Sample<'a> {
    /// `[c, h, w]`, or `[h, w, c]`
    pub x: &'a [f32],
    /// The gradient before the activation, `[out, pooled pixels]`, or `[pooled pixels, out]`;
    /// undefined where the argmax is [`CLAMPED`](super::geometry::CLAMPED).
    pub grads: &'a [f32],
    /// `[pooled pixels, out padded]`
    pub argmax: &'a [u8],
}

/// Where to put a sample's gradients.
pub(super) struct Gradients<'a> {
    /// Added to, in the method's own layout.
    pub weight: Option<&'a mut [f32]>,
    /// `[out]`, added to.
    pub bias: &'a mut [f32],
    /// Laid out like the sample's x, overwritten.
    pub input: Option<&'a mut [f32]>,
}

/// A way to compute the gradients of one sample.
pub(super) trait Method: Sync {
    /// Whether it skips results that ReLU clamped, by their argmax, so that dz need not be zero
    /// there.
    fn skips_clamped(&self) -> bool;
    /// Elements of a weight gradient.
    fn weight_len(&self) -> usize;
    /// Adds one sample's gradients.
    fn sample(&self, sample: &Sample<'_>, gradients: Gradients<'_>);
    /// Converts a weight gradient to `[out, taps]`.
    fn unpack(&self, packed: &[f32], weight: &mut [f32]);
}

impl Backward<'_> {
    /// Returns the gradients of input, weight and bias; empty if not needed.
    pub fn run(&self, wants: Wants) -> [Vec<f32>; 3] {
        let g = self.geometry;
        if Sparse::supports(g) {
            return Sparse::with(g, self.weight, |method| self.run_with(&method, wants));
        }
        match PatchOffsets::of(g) {
            Some(places) if !wants.input => self.run_with(&Pooled::new(g, &places), wants),
            places => Dense::with(g, self.weight, wants, places.is_some(), |method| {
                self.run_with(&method, wants)
            }),
        }
    }

    fn run_with(&self, method: &impl Method, wants: Wants) -> [Vec<f32>; 3] {
        let g = self.geometry;
        let batch = per_chunk(g.n, CHUNKS);
        let weight_len = if wants.weight { method.weight_len() } else { 0 };
        let len = weight_len + g.outputs;
        let mut dx = buffer(if wants.input { self.x.len() } else { 0 });
        let mut dw = buffer(if wants.weight { self.weight.len() } else { 0 });
        let mut db = vec![0.0; g.outputs];
        scratch(g.n.div_ceil(batch) * len, |partial| {
            let mut dx_parts = dx.chunks_mut(batch * g.sample());
            let parts = partial
                .chunks_mut(len)
                .map(|partial| (partial, dx_parts.next()));
            threads::for_parts(parts, |chunk, (partial, dx)| {
                partial.fill(0.0);
                let (weight, bias) = partial.split_at_mut(weight_len);
                let samples = chunk * batch..((chunk + 1) * batch).min(g.n);
                let mut dx = dx.map(|dx| dx.chunks_exact_mut(g.sample()));
                for index in samples {
                    let input = dx.as_mut().and_then(Iterator::next);
                    let gradients = Gradients {
                        weight: wants.weight.then_some(&mut *weight),
                        bias,
                        input,
                    };
                    self.sample(method, index, |sample| method.sample(sample, gradients));
                }
            });
            reduce_rows(partial, len);
            let (weight, bias) = partial[..len].split_at(weight_len);
            if wants.weight {
                method.unpack(weight, &mut dw);
            }
            db.copy_from_slice(bias);
        });
        [dx, dw, db]
    }

    /// Calls `task` with one sample.
    fn sample(&self, method: &impl Method, index: usize, task: impl FnOnce(&Sample<'_>)) {
        let g = self.geometry;
        let result = g.outputs * area(g.pooled);
        let argmax = area(g.pooled) * g.outputs_padded();
        let argmax = index * argmax..(index + 1) * argmax;
        let result = index * result..(index + 1) * result;
        let (y, dy) = (&self.y[result.clone()], &self.dy[result]);
        let call = |grads: &[f32]| {
            task(&Sample {
                x: &self.x[index * g.sample()..][..g.sample()],
                grads,
                argmax: self.argmax.get(argmax).unwrap_or_default(),
            });
        };
        if method.skips_clamped() && !self.activation.is_curved() {
            return call(dy);
        }
        scratch(dy.len(), |grads| {
            self.activation.backward(y, dy, grads);
            call(grads);
        });
    }
}

/// `[out, pooled pixels]` → `[pooled pixels, out padded]`.
pub(super) fn to_channels_last(g: &Geometry, grads: &[f32], transposed: &mut [f32]) {
    let (width, pixels) = (g.outputs_padded(), area(g.pooled));
    if width > g.outputs {
        transposed.fill(0.0);
    }
    transpose(grads, (g.outputs, pixels, pixels), transposed, width);
}

/// Calls `task` with dz of a sample as `[pooled pixels, out padded]`.
pub(super) fn with_channels_last(g: &Geometry, grads: &[f32], task: impl FnOnce(&[f32])) {
    if g.channels_last()[1] {
        return task(grads);
    }
    scratch(area(g.pooled) * g.outputs_padded(), |transposed| {
        to_channels_last(g, grads, transposed);
        task(transposed);
    });
}

/// Transposes a weight gradient `[taps, out padded]` to `[out, taps]`.
pub(super) fn unpack(g: &Geometry, packed: &[f32], weight: &mut [f32]) {
    let size = (g.taps(), g.outputs, g.outputs_padded());
    transpose(packed, size, weight, g.taps());
}

/// Adds the sum over pixels of each channel's dz to `bias`.
pub(super) fn add_bias(grads: &[f32], bias: &mut [f32]) {
    let pixels = grads.len() / bias.len();
    for (grads, bias) in grads.chunks_exact(pixels).zip(bias) {
        // Sixteen running sums: a single one would wait for each addition.
        let mut sums = [0.0f32; 16];
        let (whole, rest) = grads.as_chunks::<16>();
        for grads in whole {
            sums.iter_mut().zip(grads).for_each(|(sum, s)| *sum += s);
        }
        *bias += sums.iter().sum::<f32>() + rest.iter().sum::<f32>();
    }
}

/// The same for dz as `[pixels, width]`.
pub(super) fn add_bias_channels_last(grads: &[f32], width: usize, bias: &mut [f32]) {
    for grads in grads.chunks_exact(width) {
        bias.iter_mut().zip(grads).for_each(|(sum, s)| *sum += s);
    }
}

/// Copies the image without its border from channels-last `[padded pixels, width]` to the memory
/// format of the input.
pub(super) fn crop(g: &Geometry, wide: &[f32], width: usize, dx: &mut [f32]) {
    let [h, w] = g.image;
    let is_last = g.channels_last()[0];
    if !g.is_padded() && !is_last {
        return transpose(wide, (h * w, g.inputs, width), dx, h * w);
    }
    let [top, left] = g.window.padding;
    for row in 0..h {
        let start = ((row + top) * g.padded_image()[1] + left) * width;
        if is_last {
            let row = row * w * width..(row + 1) * w * width;
            dx[row.clone()].copy_from_slice(&wide[start..][..row.len()]);
            continue;
        }
        transpose(
            &wide[start..],
            (w, g.inputs, width),
            &mut dx[row * w..],
            h * w,
        );
    }
}
