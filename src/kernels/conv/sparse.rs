//! The backward pass after max pooling that visits only the argmax of each window: a quarter of the
//! pixels for windows of 2 × 2, fewer where ReLU is off.
//!
//! The lanes are input channels. For each output channel, and each of its argmax pixels with
//! gradient g: dw[o][tap][i] += g · x[pixel + tap][i] and dx[pixel + tap][i] += g · w[o][tap][i].

use super::geometry::{Geometry, area};
use super::method::{Gradients, Method, Sample, add_bias, add_bias_channels_last, crop};
use super::visit::{AddInput, AddWeight, Entry, GROUP, Group, Patch};
use crate::kernels::buffers::scratch;
use crate::kernels::simd;
use crate::kernels::transpose::transpose;
use pulp::{Simd, WithSimd};
use std::cell::RefCell;
use std::ops::Range;

/// Pooled rows per band of the weight gradient: for common sizes, the input under two of them fits
/// the first-level cache.
const BAND_ROWS: usize = 2;

pub(super) struct Sparse<'a> {
    geometry: &'a Geometry,
    /// Start of each pooled pixel's window in a padded image, in groups (may be before its start if
    /// the pooling is padded: adding the argmax's offset leads inside), and the offset of each pixel
    /// of a window.
    windows: Vec<isize>,
    max_offsets: Vec<isize>,
    /// `[out, taps, in padded]`
    packed: &'a [f32],
}

thread_local! {
    /// The entries of one output channel.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

impl Method for Sparse<'_> {
    fn skips_clamped(&self) -> bool {
        false
    }

    fn weight_len(&self) -> usize {
        self.packed.len()
    }

    fn sample(&self, sample: &Sample<'_>, gradients: Gradients<'_>) {
        let g = self.geometry;
        let (pixels, width) = (area(g.pooled), g.outputs_padded());
        scratch(pixels * width, |transposed| {
            let (first, last) = if g.channels_last()[1] {
                transpose(sample.grads, (pixels, width, width), transposed, pixels);
                add_bias_channels_last(sample.grads, width, gradients.bias);
                (&*transposed, sample.grads)
            } else {
                transpose(sample.grads, (g.outputs, pixels, pixels), transposed, width);
                add_bias(sample.grads, gradients.bias);
                (sample.grads, &*transposed)
            };
            if let Some(dw) = gradients.weight {
                self.weight_gradient(sample, first, dw);
            }
            if let Some(dx) = gradients.input {
                self.input_gradient(sample.argmax, last, dx);
            }
        });
    }

    fn unpack(&self, packed: &[f32], weight: &mut [f32]) {
        let g = self.geometry;
        let (taps, width) = (area(g.window.kernel), self.width());
        let channels = weight.chunks_exact_mut(g.inputs * taps);
        for (weight, packed) in channels.zip(packed.chunks_exact(taps * width)) {
            transpose(packed, (taps, g.inputs, width), weight, taps);
        }
    }
}

impl Sparse<'_> {
    /// Whether this method is faster: dz is mostly zeros, and vectors are mostly full.
    pub fn supports(g: &Geometry) -> bool {
        g.pool.is_some() && 2 * area(g.pooled) <= area(g.conv) && g.inputs > GROUP / 2
    }

    /// Calls `task` with this method, prepared for these weights.
    pub fn with<R>(geometry: &Geometry, weight: &[f32], task: impl FnOnce(Sparse<'_>) -> R) -> R {
        let (taps, width) = (
            area(geometry.window.kernel),
            geometry.inputs.next_multiple_of(GROUP),
        );
        let (windows, max_offsets) = geometry.pool.map_or_else(Default::default, |window| {
            geometry.window_offsets(window, width / GROUP)
        });
        scratch(geometry.outputs * taps * width, |packed| {
            packed.fill(0.0);
            let channels = packed.chunks_exact_mut(taps * width);
            for (packed, weight) in channels.zip(weight.chunks_exact(geometry.inputs * taps)) {
                transpose(weight, (geometry.inputs, taps, taps), packed, width);
            }
            task(Sparse {
                geometry,
                windows,
                max_offsets,
                packed,
            })
        })
    }

    /// Input channels, rounded up to a multiple of [`GROUP`].
    fn width(&self) -> usize {
        self.geometry.inputs.next_multiple_of(GROUP)
    }

    /// The weight gradient, from dz `[out, pooled pixels]`.
    fn weight_gradient(&self, sample: &Sample<'_>, grads: &[f32], dw: &mut [f32]) {
        let g = self.geometry;
        let (width, image) = (self.width(), area(g.padded_image()));
        let mut gradient = |x: &[f32]| {
            ENTRIES.with_borrow_mut(|entries| {
                simd::run(WeightGradient {
                    method: self,
                    argmax: sample.argmax,
                    grads,
                    x: groups(x),
                    dw: dw.as_chunks_mut().0,
                    entries,
                });
            });
        };
        if g.channels_last()[0] {
            return g.with_border(sample.x, gradient);
        }
        scratch(image * width, |x| {
            g.with_border(sample.x, |border| {
                if width > g.inputs {
                    x.fill(0.0);
                }
                transpose(border, (g.inputs, image, image), x, width);
            });
            gradient(x);
        });
    }

    /// The input gradient, from dz `[pooled pixels, out padded]`.
    fn input_gradient(&self, argmax: &[u8], grads: &[f32], to: &mut [f32]) {
        let g = self.geometry;
        let (width, image) = (self.width(), area(g.padded_image()));
        let gradient = |dx: &mut [f32]| {
            dx.fill(0.0);
            simd::run(InputGradient {
                method: self,
                argmax,
                grads,
                dx: dx.as_chunks_mut().0,
            });
        };
        if g.channels_last()[0] && !g.is_padded() {
            return gradient(to);
        }
        scratch(image * width, |dx| {
            gradient(dx);
            crop(g, dx, width, to);
        });
    }

    /// Lists those of the pooled `pixels` of output channel `o` whose gradient is not zero; returns
    /// how many.
    #[inline(always)]
    fn entries(
        &self,
        (argmax, grads): (&[u8], &[f32]),
        o: usize,
        pixels: Range<usize>,
        entries: &mut Vec<Entry>,
    ) -> usize {
        let width = self.geometry.outputs_padded();
        let plane = o * area(self.geometry.pooled);
        let grads = &grads[plane + pixels.start..plane + pixels.end];
        let argmax = argmax[pixels.start * width + o..].iter().step_by(width);
        entries.resize(pixels.len() + 1, Entry::default());
        // The slice: of the vector, the compiler reads address and length again for each entry.
        let entries = entries.as_mut_slice();
        let mut count = 0;
        for ((&grad, &max_index), &window) in grads.iter().zip(argmax).zip(&self.windows[pixels]) {
            // Always written, counted only if needed: a branch would be mispredicted half the time.
            let at = (window + self.max_offsets[usize::from(max_index)]) as u32;
            entries[count] = Entry { at, grad };
            count += usize::from(grad != 0.0);
        }
        count
    }

    fn patch(&self) -> Patch {
        Patch {
            kernel: self.geometry.window.kernel,
            row: self.geometry.padded_image()[1] * self.width() / GROUP,
            width: self.width() / GROUP,
        }
    }
}

/// The weight gradient of one sample, one band of rows at a time, so that the band stays in the
/// first-level cache for all output channels.
struct WeightGradient<'a> {
    method: &'a Sparse<'a>,
    /// `[pooled pixels, out padded]`
    argmax: &'a [u8],
    /// `[out, pooled pixels]`
    grads: &'a [f32],
    x: &'a [Group],
    dw: &'a mut [Group],
    entries: &'a mut Vec<Entry>,
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let g = self.method.geometry;
        let patch = self.method.patch();
        let channel = area(g.window.kernel) * patch.width;
        let band = BAND_ROWS * g.pooled[1];
        for start in (0..area(g.pooled)).step_by(band) {
            let pixels = start..(start + band).min(area(g.pooled));
            for (o, dw) in self.dw.chunks_exact_mut(channel).enumerate() {
                let won = (self.argmax, self.grads);
                let count = self.method.entries(won, o, pixels.clone(), self.entries);
                let mut block = AddWeight {
                    entries: &self.entries[..count],
                    x: self.x,
                    dw,
                };
                patch.visit(simd, &mut block);
            }
        }
    }
}

/// The input gradient of one sample, one argmax pixel at a time.
struct InputGradient<'a> {
    method: &'a Sparse<'a>,
    /// `[pooled pixels, out padded]`, both.
    argmax: &'a [u8],
    grads: &'a [f32],
    dx: &'a mut [Group],
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let g = self.method.geometry;
        let patch = self.method.patch();
        let channel = area(g.window.kernel) * patch.width;
        let (width, weights) = (g.outputs_padded(), groups(self.method.packed));
        let rows = self
            .argmax
            .chunks_exact(width)
            .zip(self.grads.chunks_exact(width));
        for ((argmax, grads), &window) in rows.zip(&self.method.windows) {
            for start in (0..g.outputs).step_by(64) {
                let won = argmax[start..width.min(start + 64)].as_chunks().0;
                let grads = &grads[start..g.outputs.min(start + 64)];
                let wanted = nonzero(grads);
                for (pixel, &offset) in self.method.max_offsets.iter().enumerate() {
                    // The channels whose argmax is this pixel of the window.
                    let channels = wanted & equal(won, pixel as u8);
                    if channels == 0 {
                        continue;
                    }
                    let mut block = AddInput {
                        channels,
                        grads,
                        weights: &weights[start * channel..],
                        at: (window + offset) as usize,
                        dx: self.dx,
                    };
                    patch.visit(simd, &mut block);
                }
            }
        }
    }
}

/// Values as groups of channels, which they fill.
#[inline(always)]
fn groups(values: &[f32]) -> &[Group] {
    values.as_chunks().0
}

/// Which values are not zero, bit by bit.
#[inline(always)]
fn nonzero(values: &[f32]) -> u64 {
    let bits = values.iter().enumerate();
    bits.fold(0, |bits, (i, value)| bits | u64::from(*value != 0.0) << i)
}

/// Which bytes have this value, bit by bit: eight at a time, without a branch.
#[inline(always)]
fn equal(bytes: &[[u8; 8]], value: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    /// Multiplied by it, the highest bits of eight bytes meet in the highest byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let value = u64::from_le_bytes([value; 8]);
    let eights = bytes.iter().enumerate();
    eights.fold(0, |bits, (i, eight)| {
        let difference = u64::from_le_bytes(*eight) ^ value;
        let zero = !(((difference & LOW) + LOW) | difference | LOW);
        bits | (zero.wrapping_mul(GATHER) >> 56) << (8 * i)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_tell_which_bytes_have_a_value() {
        let bytes: [[u8; 8]; 8] =
            std::array::from_fn(|i| std::array::from_fn(|j| (37 * (8 * i + j) % 11) as u8 * 25));
        for value in 0..=255 {
            let expected = bytes.as_flattened().iter().enumerate();
            let expected = expected.fold(0, |bits, (i, b)| bits | u64::from(*b == value) << i);
            assert_eq!(equal(&bytes, value), expected, "{value}");
        }
        assert_eq!(nonzero(&[0.0, 1.0, -0.0, f32::NAN, -2.0]), 0b11010);
    }
}
