//! The backward pass that visits every pixel.
//!
//! dw[tap][o] = Σ over pixels of x[pixel + tap] · dz[pixel][o]; the lanes are output channels.
//! dx[pixel][i] = Σ over taps and o of dz[pixel − tap][o] · w[o, i, tap]; the lanes are input
//! channels: a convolution of the dilated dz with the mirrored weights.

use super::dilated::DilatedGradient;
use super::geometry::{Geometry, area};
use super::method::{
    Gradients, Method, Sample, Wants, add_bias, add_bias_channels_last, to_channels_last, unpack,
    with_channels_last,
};
use super::winograd::{self, Filters, Finish, Image};
use crate::kernels::buffers::scratch;
use crate::kernels::gemm::{Gemm, Init, NO_PREFETCH, Rows, Table};
use crate::kernels::pooling::Window;
use crate::kernels::simd;
use crate::kernels::support::padded;
use crate::kernels::transpose::transpose;

pub(super) struct Dense<'a> {
    geometry: &'a Geometry,
    taps: Vec<usize>,
    corners: Vec<usize>,
    skips_clamped: bool,
    /// For the gradient of the input.
    dilated: DilatedGradient,
    /// The weights in the order of [`DilatedGradient::steps`], `[taps, out, in padded]`.
    packed: &'a [f32],
    /// For an input gradient by minimal filtering.
    filters: Option<Filters<'a>>,
}

impl Method for Dense<'_> {
    fn skips_clamped(&self) -> bool {
        self.skips_clamped
    }

    fn weight_len(&self) -> usize {
        self.geometry.taps() * self.geometry.outputs_padded()
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

    fn unpack(&self, packed: &[f32], weight: &mut [f32]) {
        unpack(self.geometry, packed, weight);
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
        let (dilated, width) = match wants.input {
            true => (DilatedGradient::new(geometry), padded(geometry.inputs)),
            false => (DilatedGradient::default(), 0),
        };
        let by_patch = wants.input && winograd::supports_input_gradient(geometry);
        let channels = geometry.outputs;
        let places = match by_patch {
            true => winograd::PLACES * channels,
            false => 0,
        };
        scratch((dilated.steps.len() + places) * width, |packed| {
            let (packed, filters) = packed.split_at_mut(dilated.steps.len() * width);
            if wants.input {
                pack(geometry, weight, packed);
            }
            if by_patch {
                simd::run(winograd::Taps {
                    weight: packed,
                    // Mirrored.
                    taps: std::array::from_fn(|tap| (8 - tap) * channels * width),
                    stride: width,
                    channels,
                    width,
                    to: filters,
                });
            }
            task(Dense {
                geometry,
                taps: geometry.tap_offsets(),
                skips_clamped,
                corners: geometry.corners(),
                dilated,
                packed,
                filters: by_patch.then_some(Filters {
                    channels,
                    width,
                    data: filters,
                }),
            })
        })
    }

    /// The gradients except the bias's, from dz `[conv pixels, out padded]`.
    fn unpooled(&self, x: &[f32], dz: &[f32], gradients: Gradients<'_>) {
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
            simd::run(Unpool {
                geometry: g,
                window,
                pooled,
                argmax: sample.argmax,
                dz,
            });
        });
    }

    fn weight_gradient(&self, x: &[f32], dz: &[f32], dw: &mut [f32]) {
        let g = self.geometry;
        let width = g.outputs_padded();
        g.with_border(x, |x| {
            simd::run(Gemm {
                a: x,
                rows: Rows::Table(&self.taps),
                steps: Table::new(&self.corners),
                b: dz,
                ldb: width,
                cols: width,
                out: dw,
                ldc: width,
                init: Init::Output,
                relu: false,
                prefetch: NO_PREFETCH,
            });
        });
    }

    fn input_gradient(&self, dz: &[f32], dx: &mut [f32]) {
        let g = self.geometry;
        let (dilated, width) = (&self.dilated, padded(g.inputs));
        scratch(dilated.len(), |wide| {
            dilated.fill(g, dz, wide);
            let product = |out: &mut [f32]| {
                if let Some(filters) = self.filters {
                    return self.by_patch(filters, wide, out);
                }
                simd::run(Gemm {
                    a: wide,
                    rows: Rows::Table(&dilated.pixels),
                    steps: Table::new(&dilated.steps),
                    b: self.packed,
                    ldb: width,
                    cols: width,
                    out,
                    ldc: width,
                    init: Init::Zero,
                    relu: false,
                    prefetch: NO_PREFETCH,
                });
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

    /// The input gradient `[pixels, in padded]` by minimal filtering, from the dilated dz.
    fn by_patch(&self, filters: Filters<'_>, wide: &[f32], out: &mut [f32]) {
        let g = self.geometry;
        let [top, left] = g.window.padding;
        let (channels, row) = (filters.channels, self.dilated.size[1] * filters.channels);
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
            winograd::convolve(image, winograd::tiles(size), filters, &mut sink);
        });
    }
}

/// `[out, in, taps]` → `[taps, out, in padded]`.
fn pack(g: &Geometry, weight: &[f32], packed: &mut [f32]) {
    let (taps, width) = (area(g.window.kernel), padded(g.inputs));
    packed.fill(0.0);
    for (o, weight) in weight.chunks_exact(g.inputs * taps).enumerate() {
        let packed = &mut packed[o * width..];
        transpose(weight, (g.inputs, taps, taps), packed, g.outputs * width);
    }
}

/// The inverse of max pooling: each gradient goes to the pixel of its argmax.
struct Unpool<'a> {
    geometry: &'a Geometry,
    window: Window,
    /// `[pooled pixels, out padded]`
    pooled: &'a [f32],
    argmax: &'a [u8],
    /// `[conv pixels, out padded]`
    dz: &'a mut [f32],
}

impl pulp::WithSimd for Unpool<'_> {
    type Output = ();

    // The inner loop has no branch, so the compiler vectorizes it.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let (g, window) = (self.geometry, self.window);
        let width = g.outputs_padded();
        self.dz.fill(0.0);
        let inputs = self
            .pooled
            .chunks_exact(width)
            .zip(self.argmax.chunks_exact(width));
        for (i, (pooled, argmax)) in inputs.enumerate() {
            let (py, px) = (i / g.pooled[1], i % g.pooled[1]);
            for row in window.cover(0, py, g.conv[0]) {
                let ky = row + window.padding[0] - py * window.stride[0];
                for col in window.cover(1, px, g.conv[1]) {
                    let kx = col + window.padding[1] - px * window.stride[1];
                    let index = (ky * window.kernel[1] + kx) as u8;
                    let dz = &mut self.dz[(row * g.conv[1] + col) * width..][..width];
                    for ((dz, grad), max_index) in dz.iter_mut().zip(pooled).zip(argmax) {
                        *dz += if *max_index == index { *grad } else { 0.0 };
                    }
                }
            }
        }
    }
}
