//! The forward pass of a convolution, sample by sample: channels last inside, so that the lanes
//! are output channels.

use super::geometry::{Geometry, Windows, area};
use super::max_pool::{AsIs, MaxPool};
use super::patch_offsets::PatchOffsets;
use super::planes::{self, Planes};
use super::pooled_forward::PooledForward;
use super::winograd::{self, Filters, Finish, Image, Tile};
use crate::kernels::activation::Activation;
use crate::kernels::buffers::{Saved, buffer, scratch};
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Table};
use crate::kernels::pooling::Window;
use crate::kernels::support::padded;
use crate::kernels::transpose::transpose;
use crate::kernels::{simd, threads};
use std::ops::Range;

/// Taps of a chunk of weights to pack.
const TAPS: usize = 96;

/// What all samples share.
struct Forward<'a> {
    geometry: &'a Geometry,
    activation: Activation,
    /// `[taps, out padded]`
    weight: &'a [f32],
    /// `[out padded]`
    bias: &'a [f32],
    tables: &'a Tables,
    /// For a layer that is pooled in registers and needs no tables.
    held: Option<&'a PatchOffsets>,
    /// For a layer convolved by minimal filtering.
    filters: Option<Filters<'a>>,
}

/// Offsets into a sample.
#[derive(Default)]
struct Tables {
    taps: Vec<usize>,
    corners: Vec<usize>,
    windows: Windows,
}

impl Tables {
    /// Those that a method needs: `is_held` if it pools in registers, `by_patch` if it is minimal
    /// filtering.
    fn new(geometry: &Geometry, is_held: bool, by_patch: bool) -> Self {
        match (is_held, by_patch) {
            (true, _) => Self::default(),
            (false, true) => Self {
                windows: Windows::new(geometry),
                ..Self::default()
            },
            (false, false) => Self {
                taps: geometry.tap_offsets(),
                corners: geometry.corners(),
                windows: Windows::new(geometry),
            },
        }
    }
}

/// Returns the result `[n, out, h, w]` and the argmax of its pooling windows (empty without
/// pooling).
pub(super) fn forward(
    geometry: &Geometry,
    activation: Activation,
    tile: Option<Tile>,
    arguments: [&[f32]; 3],
) -> (Vec<f32>, Saved<u8>) {
    let pixels = area(geometry.pooled);
    let mut y = buffer(geometry.n * geometry.outputs * pixels);
    let argmax_len = match geometry.pool {
        Some(_) => pixels * geometry.outputs_padded(),
        None => 0,
    };
    let mut argmax = Saved::new(geometry.n * argmax_len);
    let mut parts_of_argmax = argmax.chunks_mut(argmax_len.max(1));
    let parts = y
        .chunks_mut(geometry.outputs * pixels)
        .map(|y| (y, parts_of_argmax.next().unwrap_or_default(), ()));
    each_sample(geometry, activation, tile, arguments, parts, |_, ()| {});
    (y, argmax)
}

/// Computes every sample into its part, result and argmax, and calls `after` with the result, still in
/// the cache, and what else the part has.
pub(super) fn each_sample<'a, T: Send>(
    geometry: &Geometry,
    activation: Activation,
    tile: Option<Tile>,
    [x, weight, bias]: [&[f32]; 3],
    parts: impl Iterator<Item = (&'a mut [f32], &'a mut [u8], T)>,
    after: impl Fn(&[f32], T) + Sync,
) {
    // ReLU may as well follow max pooling.
    let held = (!activation.is_curved())
        .then(|| PatchOffsets::of(geometry))
        .flatten();
    let tables = Tables::new(geometry, held.is_some(), tile.is_some());
    with_packed(geometry, weight, bias, tile, |weight, bias, filters| {
        let task = Forward {
            geometry,
            activation,
            weight,
            bias,
            tables: &tables,
            held: held.as_deref(),
            filters,
        };
        let mut parts = x.chunks(geometry.sample()).zip(parts);
        let Some((filters, together)) = task.together() else {
            return threads::for_parts(parts, |_, (x, (y, argmax, more))| {
                task.sample(x, y, argmax);
                after(y, more);
            });
        };
        let groups = std::iter::from_fn(|| {
            let group: Vec<_> = parts.by_ref().take(together).collect();
            (!group.is_empty()).then_some(group)
        });
        threads::for_parts(groups, |_, group| {
            let (mut samples, mut rest) = (Vec::new(), Vec::new());
            for (x, (y, argmax, more)) in group {
                samples.push((x, y, argmax));
                rest.push(more);
            }
            task.samples(filters, &mut samples);
            for ((_, y, _), more) in samples.into_iter().zip(rest) {
                after(y, more);
            }
        });
    });
}

/// Calls `task` with the weights `[taps, out padded]`, the bias `[out padded]` and, for tiles of minimal
/// filtering, the transformed taps.
fn with_packed(
    geometry: &Geometry,
    weight: &[f32],
    bias: &[f32],
    tile: Option<Tile>,
    task: impl FnOnce(&[f32], &[f32], Option<Filters<'_>>),
) {
    let (taps, channels) = (geometry.taps(), geometry.inputs);
    let width = geometry.outputs_padded();
    let places = tile.map_or(0, |tile| tile.places() * channels);
    scratch((taps + 1 + places) * width, |packed| {
        let (packed, rest) = packed.split_at_mut(taps * width);
        let (packed_bias, data) = rest.split_at_mut(width);
        pack(weight, geometry.outputs, packed);
        packed_bias.fill(0.0);
        packed_bias[..geometry.outputs].copy_from_slice(bias);
        let filters = tile.map(|tile| {
            let taps = winograd::Taps {
                tile,
                weight: packed,
                taps: std::array::from_fn(|tap| tap * width),
                stride: 9 * width,
                channels,
                width,
                to: data,
            };
            taps.transform()
        });
        task(packed, packed_bias, filters);
    });
}

/// `[out, taps]` → `[taps, out padded]`, with zeros in the padding.
pub(super) fn pack(weight: &[f32], outputs: usize, packed: &mut [f32]) {
    let (taps, width) = (weight.len() / outputs, padded(outputs));
    let parts = packed.chunks_mut(TAPS * width).enumerate();
    threads::for_parts_of(weight.len(), parts, |_, (part, packed)| {
        if width > outputs {
            packed.fill(0.0);
        }
        let size = (outputs, packed.len() / width, taps);
        transpose(&weight[part * TAPS..], size, packed, width);
    });
}

/// Calls `task` with a channels-last buffer `[pooled pixels, out padded]` for its result, and
/// transposes it to `y` if that is channels first.
pub(super) fn transposed(g: &Geometry, y: &mut [f32], task: impl FnOnce(&mut [f32])) {
    if g.channels_last()[1] {
        return task(y);
    }
    let (pixels, width) = (area(g.pooled), g.outputs_padded());
    scratch(pixels * width, |last| {
        task(last);
        transpose(last, (pixels, g.outputs, width), y, pixels);
    });
}

/// Whether the result is computed by rows of pixels.
fn is_by_rows(g: &Geometry) -> bool {
    let is_plain = g.window.stride == [1, 1] && g.pool.is_none();
    is_plain && g.channels_last() == [false; 2] && planes::supports(g.outputs, g.conv)
}

impl Forward<'_> {
    fn sample(&self, x: &[f32], y: &mut [f32], argmax: &mut [u8]) {
        let g = self.geometry;
        if is_by_rows(g) {
            return self.by_rows(x, y);
        }
        transposed(g, y, |y| match self.filters {
            Some(filters) => winograd::with_image(filters.tile, g, x, |image| {
                self.by_patch(filters, image, y, argmax);
            }),
            None => g.with_border(x, |x| self.result(x, y, argmax)),
        });
    }

    /// The filters of [`Forward::samples`] and how many samples it should take, if it can take several.
    fn together(&self) -> Option<(Filters<'_>, usize)> {
        let g = self.geometry;
        let is_one_pass = g.pool.is_none() || winograd::pools_tiles(g);
        let can = g.channels_last()[1] && is_one_pass && !self.activation.is_curved();
        let filters = self.filters.filter(|_| can)?;
        let samples = winograd::together(g, filters.tile);
        (samples > 1).then_some((filters, samples))
    }

    /// Some samples together, by minimal filtering: x, y and argmax of each.
    fn samples(&self, filters: Filters<'_>, samples: &mut [(&[f32], &mut [f32], &mut [u8])]) {
        let (g, finish) = (self.geometry, self.finish());
        let samples = samples.iter_mut();
        if g.pool.is_some() {
            let sinks = samples.map(|(x, y, argmax)| {
                let sink = winograd::Pooled {
                    finish,
                    size: g.pooled,
                    best: y,
                    argmax,
                };
                (*x, sink)
            });
            winograd::convolve_together(g, &mut sinks.collect::<Vec<_>>(), filters);
        } else {
            let sinks = samples.map(|(x, y, _)| {
                let sink = winograd::Pixels {
                    finish,
                    size: g.conv,
                    to: y,
                };
                (*x, sink)
            });
            winograd::convolve_together(g, &mut sinks.collect::<Vec<_>>(), filters);
        }
    }

    fn finish(&self) -> Finish<'_> {
        Finish {
            bias: self.bias,
            relu: self.activation == Activation::Relu,
        }
    }

    /// Computes a result of few channels.
    fn by_rows(&self, x: &[f32], y: &mut [f32]) {
        let (g, padded) = (self.geometry, self.geometry.padded_image());
        planes::with_border(x, g.image, padded, g.window.padding, |image| {
            simd::run(Planes {
                image,
                row: padded[1],
                taps: &self.tables.taps,
                weight: self.weight,
                width: g.outputs_padded(),
                bias: &self.bias[..g.outputs],
                size: g.conv,
                out: y,
            });
        });
        self.activation.apply(y);
    }

    /// Computes the result by minimal filtering.
    fn by_patch(&self, filters: Filters<'_>, x: Image<'_>, y: &mut [f32], argmax: &mut [u8]) {
        let g = self.geometry;
        let finish = self.finish();
        if winograd::pools_tiles(g) && !self.activation.is_curved() {
            let mut sink = winograd::Pooled {
                finish,
                size: g.pooled,
                best: y,
                argmax,
            };
            return winograd::convolve(x, g.conv, filters, &mut sink);
        }
        let pixels = |to: &mut [f32]| {
            let size = g.conv;
            let mut sink = winograd::Pixels { finish, size, to };
            winograd::convolve(x, g.conv, filters, &mut sink);
            if !finish.relu {
                self.activation.apply(sink.to);
            }
        };
        if g.pool.is_none() {
            return pixels(y);
        }
        scratch(area(g.conv) * g.outputs_padded(), |z| {
            pixels(z);
            simd::run(MaxPool {
                geometry: g,
                windows: &self.tables.windows,
                first: 0,
                z,
                each: AsIs,
                best: y,
                argmax,
            });
        });
    }

    /// Computes some rows of the activated convolution, `[conv pixels, out padded]`.
    fn channels_last(&self, x: &[f32], rows: Range<usize>, z: &mut [f32]) {
        let width = self.geometry.outputs_padded();
        let row = self.geometry.conv[1];
        Gemm {
            a: x,
            rows: Rows::Table(&self.tables.corners[rows.start * row..rows.end * row]),
            steps: Table::new(&self.tables.taps),
            b: self.weight,
            ldb: width,
            cols: width,
            out: z,
            ldc: width,
            init: Init::Bias(self.bias),
            relu: self.activation == Activation::Relu,
            prefetch: NO_PREFETCH,
        }
        .run();
        if self.activation != Activation::Relu {
            self.activation.apply(z);
        }
    }

    /// Computes the result channels last, `[pooled pixels, out padded]`.
    fn result(&self, x: &[f32], y: &mut [f32], argmax: &mut [u8]) {
        let g = self.geometry;
        match (g.pool, self.held) {
            (None, _) => self.channels_last(x, 0..g.conv[0], y),
            (Some(_), Some(places)) => simd::run(PooledForward {
                places,
                x,
                weight: self.weight,
                bias: self.bias,
                relu: self.activation == Activation::Relu,
                best: y,
                argmax,
            }),
            (Some(window), None) => scratch(area(g.conv) * g.outputs_padded(), |z| {
                self.pooled(x, window, z, y, argmax);
            }),
        }
    }

    /// Convolution and max pooling, one row of the pooled image at a time, so that what is pooled
    /// is still in the first-level cache.
    fn pooled(
        &self,
        x: &[f32],
        window: Window,
        z: &mut [f32],
        best: &mut [f32],
        argmax: &mut [u8],
    ) {
        let g = self.geometry;
        let (row, pooled_row) = (
            g.conv[1] * g.outputs_padded(),
            g.pooled[1] * g.outputs_padded(),
        );
        let mut done = 0;
        let outputs = best
            .chunks_exact_mut(pooled_row)
            .zip(argmax.chunks_exact_mut(pooled_row));
        for (py, (best, argmax)) in outputs.enumerate() {
            let needed = window.cover(0, py, g.conv[0]);
            let rows = needed.start.max(done)..needed.end;
            done = needed.end;
            self.channels_last(x, rows.clone(), &mut z[rows.start * row..rows.end * row]);
            simd::run(MaxPool {
                geometry: g,
                windows: &self.tables.windows,
                first: py * g.pooled[1],
                z,
                each: AsIs,
                best,
                argmax,
            });
        }
    }
}
