//! The backward pass of a convolution: each chunk of samples sums its own weight and bias
//! gradients, which are then added in order.
//!
//! dz, the gradient before the activation, is made channels last, if it is not already. After max
//! pooling it is zero but for one pixel of each window; if there are enough input channels to fill
//! a vector, only those pixels are visited (`sparse.rs`), else all of them (`dense.rs`).

use super::dense::Dense;
use super::geometry::{Geometry, area};
use super::method::{Gradients, Method, Sample, Wants};
use super::patch_offsets::PatchOffsets;
use super::pooled_backward::Pooled;
use super::sparse::Sparse;
use crate::kernels::buffers::{buffer, scratch};
use crate::kernels::support::per_chunk;
use crate::kernels::threads;
use crate::kernels::vector::reduce_rows;
use std::ops::Range;

/// The batch is cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;
/// With more weights than this it is cut into half as many: each chunk writes a gradient of all.
const MANY_WEIGHTS: usize = 1 << 15;

/// Takes the gradient of one sample before the activation.
pub(super) type Task<'a> = dyn FnMut(&[f32]) + 'a;

/// The inputs of the backward pass, in the memory formats of the geometry.
pub(super) struct Backward<'a, D> {
    pub geometry: &'a Geometry,
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub argmax: &'a [u8],
    /// Calls a task with the gradient of a sample before the activation, by its index; if the second
    /// is true, it may be anything where the argmax is
    /// [`CLAMPED`](super::geometry::CLAMPED).
    pub gradient: D,
}

impl<D: Fn(usize, bool, &mut Task<'_>) + Sync> Backward<'_, D> {
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
        let weight_len = if wants.weight { method.weight_len() } else { 0 };
        let most = if weight_len > MANY_WEIGHTS {
            CHUNKS / 2
        } else {
            CHUNKS
        };
        let batch = per_chunk(g.n, most);
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
                let weight = wants.weight.then_some(weight);
                self.chunk(method, samples, dx.unwrap_or_default(), weight, bias);
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

    /// Adds the gradients of some samples; `dx` is empty if that of the input is not needed.
    fn chunk(
        &self,
        method: &impl Method,
        samples: Range<usize>,
        dx: &mut [f32],
        mut weight: Option<&mut [f32]>,
        bias: &mut [f32],
    ) {
        let (len, together) = (self.geometry.sample(), method.together());
        let kept_len = match together > 1 && weight.is_some() {
            true => method.kept_len(),
            false => 0,
        };
        let mut dx = dx.chunks_exact_mut(len);
        scratch(together * kept_len, |kept| {
            for first in samples.clone().step_by(together) {
                let group = first..samples.end.min(first + together);
                for index in group.clone() {
                    let mut input = dx.next();
                    self.sample(method, index, &mut |sample| {
                        let at = (index - first) * kept_len..(index - first + 1) * kept_len;
                        let is_kept = kept_len > 0;
                        let gradients = Gradients {
                            weight: weight.as_deref_mut().filter(|_| !is_kept),
                            kept: is_kept.then(|| &mut kept[at]),
                            bias,
                            input: input.as_deref_mut(),
                        };
                        method.sample(sample, gradients);
                    });
                }
                if let (Some(weight), true) = (&mut weight, kept_len > 0) {
                    let x = &self.x[group.start * len..group.end * len];
                    method.add_weights(x, &kept[..group.len() * kept_len], weight);
                }
            }
        });
    }

    /// Calls `task` with one sample.
    fn sample(&self, method: &impl Method, index: usize, task: &mut dyn FnMut(&Sample<'_>)) {
        let g = self.geometry;
        let argmax = area(g.pooled) * g.outputs_padded();
        let argmax = self.argmax.get(index * argmax..(index + 1) * argmax);
        (self.gradient)(index, method.skips_clamped(), &mut |grads| {
            task(&Sample {
                x: &self.x[index * g.sample()..][..g.sample()],
                grads,
                argmax: argmax.unwrap_or_default(),
            });
        });
    }
}
