//! The backward pass of a convolution: chunks of samples, each with weight and bias gradients of
//! its own that are added up in order.

use super::super::support::{padded, per_chunk, reduce_rows, transpose};
use super::super::tile::{Init, Product, Table};
use super::super::{Activation, pool, scratch, simd};
use super::geometry::{Geometry, area};

/// The batch is cut into at most this many chunks.
const CHUNKS: usize = 16;

/// Which gradients are asked for.
#[derive(Clone, Copy)]
pub(super) struct Wants {
    pub input: bool,
    /// Weight and bias.
    pub weight: bool,
}

/// What the backward pass starts from, channels-first.
pub(super) struct Backward<'a> {
    pub geometry: &'a Geometry,
    pub activation: Activation,
    pub winners: &'a [u8],
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub y: &'a [f32],
    pub dy: &'a [f32],
}

/// Offsets that all samples share.
struct Offsets {
    taps: Vec<usize>,
    corners: Vec<usize>,
    spread: Spread,
}

/// One sample of the batch.
#[derive(Clone, Copy)]
struct Sample<'a> {
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
    winners: &'a [u8],
}

impl Backward<'_> {
    /// The gradients of input, weight and bias; empty where not wanted.
    pub fn run(&self, wants: Wants) -> [Vec<f32>; 3] {
        let g = self.geometry;
        let offsets = Offsets {
            taps: g.tap_offsets(),
            corners: g.corners(),
            spread: Spread::new(g),
        };
        let mut dx = vec![0.0; if wants.input { self.x.len() } else { 0 }];
        // Weight gradients `[taps, out padded]`, then the bias's, for each chunk.
        let width = g.outputs_padded();
        let partial_len = (g.taps() + 1) * width;
        let batch = per_chunk(g.n, CHUNKS);
        let n_chunks = g.n.div_ceil(batch);
        let mut grads = [
            Vec::new(),
            vec![0.0; self.weight.len()],
            vec![0.0; g.outputs],
        ];
        let inputs_width = padded(g.inputs);
        let packed_len = if wants.input {
            offsets.spread.steps.len() * inputs_width
        } else {
            0
        };
        scratch::with(packed_len, |packed| {
            if wants.input {
                self.pack_for_input(packed);
            }
            let packed: &[f32] = packed;
            scratch::with(n_chunks * partial_len, |partial| {
                let mut dx_parts = dx.chunks_mut(batch * g.sample());
                let parts = partial
                    .chunks_mut(partial_len)
                    .map(|partial| (partial, dx_parts.next().unwrap_or_default()));
                pool::for_parts(parts, |chunk, (partial, dx)| {
                    self.chunk(chunk * batch, batch, &offsets, packed, (partial, dx, wants));
                });
                reduce_rows(partial, partial_len);
                let [_, dw, db] = &mut grads;
                transpose(partial, (g.taps(), g.outputs, width), dw, g.taps());
                db.copy_from_slice(&partial[g.taps() * width..][..g.outputs]);
            });
        });
        grads[0] = dx;
        grads
    }

    fn sample(&self, index: usize) -> Sample<'_> {
        let g = self.geometry;
        let result = g.outputs * area(g.pooled);
        let winners = area(g.pooled) * g.outputs_padded();
        Sample {
            x: &self.x[index * g.sample()..][..g.sample()],
            y: &self.y[index * result..][..result],
            dy: &self.dy[index * result..][..result],
            winners: self
                .winners
                .get(index * winners..(index + 1) * winners)
                .unwrap_or_default(),
        }
    }

    fn chunk(
        &self,
        start: usize,
        batch: usize,
        offsets: &Offsets,
        packed: &[f32],
        (partial, dx, wants): (&mut [f32], &mut [f32], Wants),
    ) {
        let g = self.geometry;
        let width = g.outputs_padded();
        let mut dx = dx.chunks_mut(g.sample());
        partial.fill(0.0);
        let (dw, db) = partial.split_at_mut(g.taps() * width);
        scratch::with(area(g.conv) * width, |dz| {
            for index in start..(start + batch).min(g.n) {
                let sample = self.sample(index);
                self.slopes(sample, dz);
                if wants.weight {
                    for dz in dz.chunks_exact(width) {
                        db.iter_mut().zip(dz).for_each(|(db, dz)| *db += dz);
                    }
                    self.weight_gradient(sample.x, dz, offsets, dw);
                }
                if let Some(dx) = dx.next() {
                    self.input_gradient(dz, offsets, packed, dx);
                }
            }
        });
    }

    /// dz, the gradient of the convolution's result before its activation, channels-last.
    fn slopes(&self, sample: Sample<'_>, dz: &mut [f32]) {
        let g = self.geometry;
        let width = g.outputs_padded();
        let pixels = area(g.pooled);
        dz.fill(0.0);
        let planes = sample
            .y
            .chunks_exact(pixels)
            .zip(sample.dy.chunks_exact(pixels));
        for (channel, (y, dy)) in planes.enumerate() {
            for (i, (&y, &dy)) in y.iter().zip(dy).enumerate() {
                let slope = dy * self.activation.slope(y);
                let pixel = match g.pool {
                    None => i,
                    Some(window) => {
                        let winner = usize::from(sample.winners[i * width + channel]);
                        let (ky, kx) = (winner / window.kernel[1], winner % window.kernel[1]);
                        let row = i / g.pooled[1] * window.stride[0] + ky - window.padding[0];
                        let col = i % g.pooled[1] * window.stride[1] + kx - window.padding[1];
                        row * g.conv[1] + col
                    }
                };
                dz[pixel * width + channel] += slope;
            }
        }
    }

    /// dw[tap][o] += Σ over pixels of x[pixel + tap] · dz[pixel][o]
    fn weight_gradient(&self, x: &[f32], dz: &[f32], offsets: &Offsets, dw: &mut [f32]) {
        let g = self.geometry;
        if g.is_padded() {
            return scratch::with(g.padded_sample(), |with_border| {
                g.pad(x, with_border);
                self.padded_weight_gradient(with_border, dz, offsets, dw);
            });
        }
        self.padded_weight_gradient(x, dz, offsets, dw);
    }

    fn padded_weight_gradient(&self, x: &[f32], dz: &[f32], offsets: &Offsets, dw: &mut [f32]) {
        let width = self.geometry.outputs_padded();
        simd::run(Product {
            a: x,
            row: |r| offsets.taps[r],
            n_rows: offsets.taps.len(),
            steps: Table {
                offsets: &offsets.corners,
                span: offsets.corners.last().map_or(0, |last| last + 1),
            },
            b: dz,
            ldb: width,
            cols: width,
            out: dw,
            ldc: width,
            init: Init::Output,
            relu: false,
        });
    }

    /// dx[pixel][i] = Σ over taps and o of dz[pixel − tap][o] · w[o, i, tap]: a convolution of the
    /// spread-out dz with the mirrored weights.
    fn input_gradient(&self, dz: &[f32], offsets: &Offsets, packed: &[f32], dx: &mut [f32]) {
        let g = self.geometry;
        let (spread, width) = (&offsets.spread, padded(g.inputs));
        scratch::with(spread.len(), |wide| {
            spread.fill(g, dz, wide);
            scratch::with(area(g.image) * width, |by_pixel| {
                simd::run(Product {
                    a: wide,
                    row: |r| spread.pixels[r],
                    n_rows: area(g.image),
                    steps: Table {
                        offsets: &spread.steps,
                        span: spread.span,
                    },
                    b: packed,
                    ldb: width,
                    cols: width,
                    out: by_pixel,
                    ldc: width,
                    init: Init::Zero,
                    relu: false,
                });
                transpose(
                    by_pixel,
                    (area(g.image), g.inputs, width),
                    dx,
                    area(g.image),
                );
            });
        });
    }

    /// `[out, in, taps]` → `[taps, out, in padded]`, the order of [`Spread::steps`].
    fn pack_for_input(&self, packed: &mut [f32]) {
        let g = self.geometry;
        let (taps, width) = (area(g.window.kernel), padded(g.inputs));
        packed.fill(0.0);
        for (o, weight) in self.weight.chunks_exact(g.inputs * taps).enumerate() {
            for (i, weight) in weight.chunks_exact(taps).enumerate() {
                for (tap, weight) in weight.iter().enumerate() {
                    packed[(tap * g.outputs + o) * width + i] = *weight;
                }
            }
        }
    }
}

/// dz with its pixels `stride` apart and a border as wide as the kernel reaches, channels-last:
/// there, the windows that saw an input pixel are its neighbours.
struct Spread {
    size: [usize; 2],
    width: usize,
    /// Where each input pixel's own window corner lies.
    pixels: Vec<usize>,
    /// The offsets of the windows that saw it, `[kh, kw, out]`.
    steps: Vec<usize>,
    span: usize,
}

impl Spread {
    fn new(g: &Geometry) -> Self {
        let [kh, kw] = g.window.kernel;
        let [top, left] = g.window.padding;
        let [ph, pw] = g.padded_image();
        let size = [ph + kh - 1, pw + kw - 1];
        let width = g.outputs;
        let at = |row: usize, col: usize| (row * size[1] + col) * width;
        let pixels = (0..area(g.image))
            .map(|p| at(p / g.image[1] + top, p % g.image[1] + left))
            .collect();
        let steps: Vec<usize> = (0..kh * kw * width)
            .map(|s| {
                let (ky, kx, o) = (s / width / kw, s / width % kw, s % width);
                at(kh - 1 - ky, kw - 1 - kx) + o
            })
            .collect();
        let span = steps.iter().max().map_or(0, |most| most + 1);
        Self {
            size,
            width,
            pixels,
            steps,
            span,
        }
    }

    fn len(&self) -> usize {
        area(self.size) * self.width
    }

    fn fill(&self, g: &Geometry, dz: &[f32], wide: &mut [f32]) {
        wide.fill(0.0);
        let [kh, kw] = g.window.kernel;
        let [sy, sx] = g.window.stride;
        for (p, dz) in dz.chunks_exact(g.outputs_padded()).enumerate() {
            let row = p / g.conv[1] * sy + kh - 1;
            let col = p % g.conv[1] * sx + kw - 1;
            let start = (row * self.size[1] + col) * self.width;
            wide[start..start + self.width].copy_from_slice(&dz[..self.width]);
        }
    }
}
