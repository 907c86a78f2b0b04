//! The backward pass that visits every pixel.
//!
//! dw[tap][o] = Σ over pixels of x[pixel + tap] · dz[pixel][o]; the lanes are output channels.
//! dx[pixel][i] = Σ over taps and o of dz[pixel − tap][o] · w[o, i, tap]; the lanes are input
//! channels: a convolution of dz with the mirrored weights.

use super::geometry::{Geometry, area};
use super::input_gradient::InputGradient;
use super::method::{
    Gradients, Method, Sample, Wants, add_bias, add_bias_channels_last, to_channels_last, unpack,
    with_channels_last,
};
use super::planes::{self, MOST_CHANNELS, Planes};
use super::unpool::unpool;
use super::winograd::{self, Filters, Finish, Image, Tile};
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Table};
use crate::kernels::support::{in_step, padded};
use crate::kernels::transpose::{transpose, transpose_rows};
use crate::kernels::{simd, threads};

/// Samples whose weight gradients are added together have, with their dz, about so many elements: they
/// are still in the second-level cache.
const NEAR: usize = 1 << 15;
/// Outputs of a chunk of weights to pack.
const OUTPUTS: usize = 8;
/// More samples at a time do not pay.
const MOST_TOGETHER: usize = 8;

pub(super) struct Dense<'a> {
    geometry: &'a Geometry,
    taps: Vec<usize>,
    /// Of as many samples as are taken together.
    corners: Vec<usize>,
    skips_clamped: bool,
    /// For the gradient of the input.
    of_input: InputGradient,
    /// The weights in the order of [`InputGradient::taps`], `[taps, out, in padded]`.
    packed: &'a [f32],
    /// For an input gradient by minimal filtering.
    filters: Option<Filters<'a>>,
}

impl Method for Dense<'_> {
    fn skips_clamped(&self) -> bool {
        self.skips_clamped
    }

    fn weight_len(&self) -> usize {
        let (g, width) = (self.geometry, self.geometry.outputs_padded());
        match winograd::of_weight_gradient(g) {
            Some(tile) => tile.places() * g.inputs * width,
            None => g.taps() * width,
        }
    }

    fn sample(&self, sample: &Sample<'_>, gradients: Gradients<'_>) {
        let g = self.geometry;
        if g.channels_last()[1] && g.pool.is_none() {
            add_bias_channels_last(sample.grads, g.outputs, gradients.bias);
            return self.unpooled(sample.x, sample.grads, gradients);
        }
        scratch(area(g.conv) * g.outputs_padded(), |dz| {
            self.unpooled_grads(sample, dz);
            match g.pool {
                Some(_) => add_bias_channels_last(dz, g.outputs_padded(), gradients.bias),
                None => add_bias(sample.grads, gradients.bias),
            }
            self.unpooled(sample.x, dz, gradients);
        });
    }

    fn together(&self) -> usize {
        let g = self.geometry;
        let is_same_size = g.channels_last() == [true; 2] && g.pool.is_none();
        match is_same_size {
            true => (NEAR / (g.sample() + self.kept_len())).clamp(1, MOST_TOGETHER),
            false => 1,
        }
    }

    fn kept_len(&self) -> usize {
        area(self.geometry.conv) * self.geometry.outputs_padded()
    }

    fn add_weights(&self, x: &[f32], kept: &[f32], weight: &mut [f32]) {
        self.weight_gradient(x, kept, weight);
    }

    fn unpack(&self, packed: &[f32], weight: &mut [f32]) {
        let (g, width) = (self.geometry, self.geometry.outputs_padded());
        let Some(tile) = winograd::of_weight_gradient(g) else {
            return unpack(g, packed, weight);
        };
        scratch(g.taps() * width, |taps| {
            winograd::tap_gradients(tile, packed, width, taps);
            unpack(g, taps, weight);
        });
    }
}

impl Dense<'_> {
    /// Calls `task` with this method, prepared for these weights.
    pub fn with<R>(
        geometry: &Geometry,
        weight: &[f32],
        wants: Wants,
        skips_clamped: bool,
        task: impl FnOnce(Dense<'_>) -> R,
    ) -> R {
        let tile = winograd::of_input_gradient(geometry).filter(|_| wants.input);
        let (of_input, width) = match wants.input {
            true => (
                InputGradient::new(geometry, tile.map_or(1, Tile::side)),
                padded(geometry.inputs),
            ),
            false => (InputGradient::default(), 0),
        };
        let channels = geometry.outputs;
        let places = tile.map_or(0, |tile| tile.places() * channels);
        let taps = of_input.taps.len() * channels;
        scratch((taps + places) * width, |packed| {
            let (packed, filters) = packed.split_at_mut(taps * width);
            if wants.input {
                pack(geometry, &of_input.taps, weight, packed);
            }
            let filters = tile.map(|tile| {
                let taps = winograd::Taps {
                    tile,
                    weight: packed,
                    // Mirrored.
                    taps: std::array::from_fn(|tap| (8 - tap) * channels * width),
                    stride: width,
                    channels,
                    width,
                    to: filters,
                };
                taps.transform()
            });
            let mut method = Dense {
                geometry,
                taps: geometry.tap_offsets(),
                skips_clamped,
                corners: geometry.corners(),
                of_input,
                packed,
                filters,
            };
            let len = geometry.inputs * area(geometry.padded_image());
            let of_all = (0..method.together()).flat_map(|sample| {
                let corners = method.corners.iter();
                corners.map(move |corner| sample * len + corner)
            });
            method.corners = of_all.collect();
            task(method)
        })
    }

    /// The gradients except the bias's, from dz `[conv pixels, out padded]`.
    fn unpooled(&self, x: &[f32], dz: &[f32], gradients: Gradients<'_>) {
        if let Some(kept) = gradients.kept {
            kept.copy_from_slice(dz);
        }
        if let Some(dw) = gradients.weight {
            self.weight_gradient(x, dz, dw);
        }
        if let Some(dx) = gradients.input {
            self.input_gradient(dz, dx);
        }
    }

    /// Computes dz before pooling, channels last: `[conv pixels, out padded]`.
    fn unpooled_grads(&self, sample: &Sample<'_>, dz: &mut [f32]) {
        let g = self.geometry;
        let Some(window) = g.pool else {
            return to_channels_last(g, sample.grads, dz);
        };
        with_channels_last(g, sample.grads, |pooled| {
            unpool(g, window, (pooled, sample.argmax), dz);
        });
    }

    /// Adds the weight gradient of samples with their dz, `[conv pixels, out padded]`.
    fn weight_gradient(&self, x: &[f32], dz: &[f32], dw: &mut [f32]) {
        let g = self.geometry;
        let width = g.outputs_padded();
        let samples = x.chunks_exact(g.sample());
        let samples = samples.zip(dz.chunks_exact(area(g.conv) * width));
        if let Some(tile) = winograd::of_weight_gradient(g) {
            return winograd::add_products(tile, g, samples, dw);
        }
        g.with_border(x, |x| {
            let n = dz.len() / (area(g.conv) * width);
            Gemm {
                a: x,
                rows: Rows::Table(&self.taps),
                steps: Table::new(&self.corners[..n * area(g.conv)]),
                b: dz,
                ldb: width,
                cols: width,
                out: dw,
                ldc: width,
                init: Init::Output,
                relu: false,
                prefetch: NO_PREFETCH,
            }
            .run();
        });
    }

    fn input_gradient(&self, dz: &[f32], dx: &mut [f32]) {
        let g = self.geometry;
        let (of_input, width) = (&self.of_input, padded(g.inputs));
        if self.is_by_rows() {
            return self.by_rows(dz, dx);
        }
        scratch(of_input.len(), |wide| {
            of_input.fill(g, dz, wide);
            let product = |out: &mut [f32]| match self.filters {
                Some(filters) => self.by_patch(filters, wide, out),
                None => self.by_phase(wide, out),
            };
            if g.channels_last()[0] {
                return product(dx);
            }
            scratch(area(g.image) * width, |by_pixel| {
                product(by_pixel);
                transpose(
                    by_pixel,
                    (area(g.image), g.inputs, width),
                    dx,
                    area(g.image),
                );
            });
        });
    }

    /// Whether the input gradient is computed by rows of pixels.
    fn is_by_rows(&self) -> bool {
        let g = self.geometry;
        let [input_last, _] = g.channels_last();
        g.window.stride == [1, 1] && !input_last && planes::supports(g.inputs, g.image)
    }

    /// The input gradient of few channels, `[in, pixels]`.
    fn by_rows(&self, dz: &[f32], dx: &mut [f32]) {
        let (g, width, pixels) = (
            self.geometry,
            self.geometry.outputs_padded(),
            area(self.geometry.conv),
        );
        let [kh, kw] = g.window.kernel;
        let reach = [kh - 1, kw - 1];
        let padded_dz = [0, 1].map(|axis| g.conv[axis] + 2 * reach[axis]);
        let [top, left] = g.window.padding;
        // In the order of the packed weights: mirrored.
        let taps = (0..kh * kw).flat_map(|tap| {
            let [y, x] = [kh - 1 - tap / kw + top, kw - 1 - tap % kw + left];
            let at = y * padded_dz[1] + x;
            (0..g.outputs).map(move |o| o * area(padded_dz) + at)
        });
        let taps: Vec<usize> = taps.collect();
        scratch(g.outputs * pixels, |planes_of_dz| {
            transpose(dz, (pixels, g.outputs, width), planes_of_dz, pixels);
            planes::with_border(planes_of_dz, g.conv, padded_dz, reach, |image| {
                simd::run(Planes {
                    image,
                    row: padded_dz[1],
                    taps: &taps,
                    weight: self.packed,
                    width: padded(g.inputs),
                    bias: &[0.0; MOST_CHANNELS][..g.inputs],
                    size: g.image,
                    out: dx,
                });
            });
        });
    }

    /// The input gradient `[pixels, in padded]`, from dz in its border.
    fn by_phase(&self, wide: &[f32], out: &mut [f32]) {
        let width = padded(self.geometry.inputs);
        let mut packed = self.packed;
        for phase in &self.of_input.phases {
            let (b, rest) = packed.split_at(phase.steps.len() * width);
            packed = rest;
            let product = |out: &mut [f32]| {
                Gemm {
                    a: wide,
                    rows: Rows::Table(&phase.corners),
                    steps: Table::new(&phase.steps),
                    b,
                    ldb: width,
                    cols: width,
                    out,
                    ldc: width,
                    init: Init::Zero,
                    relu: false,
                    prefetch: NO_PREFETCH,
                }
                .run();
            };
            if self.of_input.phases.len() == 1 {
                return product(out);
            }
            scratch(phase.pixels.len() * width, |part| {
                product(part);
                for (part, pixel) in part.chunks_exact(width).zip(&phase.pixels) {
                    out[pixel * width..][..width].copy_from_slice(part);
                }
            });
        }
    }

    /// The input gradient `[pixels, in padded]` by minimal filtering, from dz in its border.
    fn by_patch(&self, filters: Filters<'_>, wide: &[f32], out: &mut [f32]) {
        let g = self.geometry;
        let [top, left] = g.window.padding;
        let (channels, row) = (filters.channels, self.of_input.size[1] * filters.channels);
        let image = Image {
            data: &wide[top * row + left * channels..],
            channels,
            row,
        };
        scratch(filters.width, |bias| {
            bias.fill(0.0);
            let finish = Finish { bias, relu: false };
            let size = g.image;
            let mut sink = winograd::Pixels {
                finish,
                size,
                to: out,
            };
            winograd::convolve(image, size, filters, &mut sink);
        });
    }
}

/// `[out, in, taps]` → `[taps, out, in padded]`, with the taps in this order.
fn pack(g: &Geometry, order: &[usize], weight: &[f32], packed: &mut [f32]) {
    let (taps, width) = (area(g.window.kernel), padded(g.inputs));
    // Without padding, rows of several outputs follow each other on both sides.
    let outputs = match width == g.inputs {
        true => OUTPUTS,
        false => 1,
    };
    let planes = packed.chunks_exact_mut(g.outputs * width);
    let mut planes: Vec<_> = order.iter().zip(planes).collect();
    planes.sort_unstable_by_key(|(tap, _)| **tap);
    let planes = planes.into_iter().map(|(_, plane)| plane);
    let weights = weight.chunks(outputs * g.inputs * taps);
    let parts = weights.zip(in_step(planes, outputs * width));
    threads::for_parts_of(weight.len(), parts, |_, (weight, mut planes)| {
        if width > g.inputs {
            planes.iter_mut().for_each(|plane| plane.fill(0.0));
        }
        transpose_rows(weight, (weight.len() / taps, taps, taps), &mut planes);
    });
}
