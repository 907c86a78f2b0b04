//! The backward pass after max pooling that visits only the pixels that won their window: a
//! quarter of them for windows of 2 × 2, fewer where ReLU is off.
//!
//! The lanes are input channels. For each output channel, and each of its winning pixels with
//! slope s: dw[o][tap][i] += s · x[pixel + tap][i] and dx[pixel + tap][i] += s · w[o][tap][i].

use super::super::transpose::transpose;
use super::super::{scratch, simd};
use super::Window;
use super::backward::{Gradients, Method, Sample, add_bias, crop};
use super::geometry::{Geometry, area};
use super::visit::{AddInput, AddWeight, Entry, GROUP, Patch, Visit};
use std::cell::RefCell;

pub(super) struct Sparse<'a> {
    geometry: &'a Geometry,
    /// Where each pooled pixel's window starts in a padded image (may be before its start if the
    /// pooling is padded: then winners add up to it), and what each winner adds to that.
    windows: Vec<isize>,
    winners: Vec<isize>,
    /// `[out, taps, in padded]`
    packed: &'a [f32],
}

thread_local! {
    /// The entries of one output channel.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

impl Method for Sparse<'_> {
    fn weight_len(&self) -> usize {
        self.packed.len()
    }

    fn sample(&self, sample: &Sample<'_>, mut gradients: Gradients<'_>) {
        let g = self.geometry;
        let width = self.width();
        let image = area(g.padded_image());
        add_bias(sample.slopes, gradients.bias);
        scratch::with(image * width, |x| {
            g.with_border(sample.x, |border| {
                if width > g.inputs {
                    x.fill(0.0);
                }
                transpose(border, (g.inputs, image, image), x, width);
            });
            let wants_input = gradients.input.is_some();
            scratch::with(if wants_input { image * width } else { 0 }, |dx| {
                dx.fill(0.0);
                ENTRIES.with_borrow_mut(|entries| {
                    let channel = area(g.window.kernel) * width;
                    for o in 0..g.outputs {
                        self.entries(sample, o, entries);
                        let weights = o * channel..(o + 1) * channel;
                        if let Some(dw) = &mut gradients.weight {
                            self.add_weight(entries, x, &mut dw[weights.clone()]);
                        }
                        if wants_input {
                            self.add_input(entries, &self.packed[weights], dx);
                        }
                    }
                });
                if let Some(to) = gradients.input {
                    crop(g, dx, width, to);
                }
            });
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
    /// Whether this is the better method: the slopes are mostly zero, and vectors mostly full.
    pub fn suits(g: &Geometry) -> bool {
        g.pool.is_some() && 2 * area(g.pooled) <= area(g.conv) && g.inputs > GROUP / 2
    }

    /// Calls `task` with this method, ready for these weights.
    pub fn with<R>(geometry: &Geometry, weight: &[f32], task: impl FnOnce(Sparse<'_>) -> R) -> R {
        let (windows, winners) = geometry
            .pool
            .map_or_else(Default::default, |window| offsets(geometry, window));
        let (taps, width) = (
            area(geometry.window.kernel),
            geometry.inputs.next_multiple_of(GROUP),
        );
        scratch::with(geometry.outputs * taps * width, |packed| {
            packed.fill(0.0);
            let channels = packed.chunks_exact_mut(taps * width);
            for (packed, weight) in channels.zip(weight.chunks_exact(geometry.inputs * taps)) {
                transpose(weight, (geometry.inputs, taps, taps), packed, width);
            }
            task(Sparse {
                geometry,
                windows,
                winners,
                packed,
            })
        })
    }

    /// Input channels, rounded up to whole groups.
    fn width(&self) -> usize {
        self.geometry.inputs.next_multiple_of(GROUP)
    }

    /// Lists the winning pixels of output channel `o` whose slope is not zero.
    fn entries(&self, sample: &Sample<'_>, o: usize, entries: &mut Vec<Entry>) {
        let g = self.geometry;
        let pixels = area(g.pooled);
        let width = g.outputs_padded();
        entries.resize(pixels + 1, Entry::default());
        let slopes = &sample.slopes[o * pixels..(o + 1) * pixels];
        let winners = sample.winners[o..].iter().step_by(width);
        let mut count = 0;
        for ((&slope, &winner), &window) in slopes.iter().zip(winners).zip(&self.windows) {
            // Written always and counted if needed: a branch would be mispredicted half the time.
            let at = (window + self.winners[usize::from(winner)]) as u32;
            entries[count] = Entry { at, slope };
            count += usize::from(slope != 0.0);
        }
        entries.truncate(count);
    }

    fn add_weight(&self, entries: &[Entry], x: &[f32], dw: &mut [f32]) {
        simd::run(Visit(self.patch(), AddWeight { entries, x, dw }));
    }

    fn add_input(&self, entries: &[Entry], weight: &[f32], dx: &mut [f32]) {
        simd::run(Visit(
            self.patch(),
            AddInput {
                entries,
                weight,
                dx,
            },
        ));
    }

    fn patch(&self) -> Patch {
        Patch {
            kernel: self.geometry.window.kernel,
            row: self.geometry.padded_image()[1] * self.width(),
            width: self.width(),
        }
    }
}

/// In elements of a padded channels-last image: where each pooled pixel's window starts, and what
/// each pixel of a window adds.
fn offsets(g: &Geometry, window: Window) -> (Vec<isize>, Vec<isize>) {
    let width = g.inputs.next_multiple_of(GROUP) as isize;
    let row = g.padded_image()[1] as isize;
    let at = |y: isize, x: isize| {
        (y * g.window.stride[0] as isize * row + x * g.window.stride[1] as isize) * width
    };
    let corner =
        |p: usize, axis: usize| (p * window.stride[axis]) as isize - window.padding[axis] as isize;
    let windows = (0..area(g.pooled))
        .map(|p| at(corner(p / g.pooled[1], 0), corner(p % g.pooled[1], 1)))
        .collect();
    let winners = (0..area(window.kernel))
        .map(|k| {
            at(
                (k / window.kernel[1]) as isize,
                (k % window.kernel[1]) as isize,
            )
        })
        .collect();
    (windows, winners)
}
