//! What the methods of the backward pass have in common: their trait, what they get, and the steps
//! they share.

use super::geometry::{Geometry, area};
use crate::kernels::buffers::scratch;
use crate::kernels::support::LANES;
use crate::kernels::transpose::transpose;
use crate::kernels::{simd, threads};

/// Which gradients are needed.
#[derive(Clone, Copy)]
pub(super) struct Wants {
    pub input: bool,
    /// Weight and bias.
    pub weight: bool,
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
    /// Instead, what the weight gradient of several samples together needs.
    pub kept: Option<&'a mut [f32]>,
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
    /// Samples whose weight gradients are to be added together, by [`Method::add_weights`].
    fn together(&self) -> usize {
        1
    }
    /// Elements that [`Method::sample`] leaves for that of each of several samples.
    fn kept_len(&self) -> usize {
        0
    }
    /// Adds the weight gradient of several samples, from their x and what was kept of each.
    fn add_weights(&self, _x: &[f32], _kept: &[f32], _weight: &mut [f32]) {}
    /// Converts a weight gradient to `[out, taps]`.
    fn unpack(&self, packed: &[f32], weight: &mut [f32]);
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
    let (taps, width) = (g.taps(), g.outputs_padded());
    let parts = weight.chunks_mut(LANES * taps);
    threads::for_parts_of(packed.len(), parts, |part, weight| {
        let size = (taps, weight.len() / taps, width);
        transpose(&packed[part * LANES..], size, weight, taps);
    });
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
    simd::run_closure(
        #[inline(always)]
        || {
            for (i, bias) in bias.chunks_mut(LANES).enumerate() {
                // Sixteen channels at a time, whose sums stay in a register.
                let mut sums = [0.0; LANES];
                sums[..bias.len()].copy_from_slice(bias);
                for grads in grads.chunks_exact(width) {
                    let grads = &grads[i * LANES..];
                    match grads.first_chunk::<LANES>() {
                        Some(grads) => sums.iter_mut().zip(grads).for_each(|(sum, s)| *sum += s),
                        None => sums.iter_mut().zip(grads).for_each(|(sum, s)| *sum += s),
                    }
                }
                bias.copy_from_slice(&sums[..bias.len()]);
            }
        },
    );
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
