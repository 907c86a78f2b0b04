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
use crate::kernels::activation::Activation;
use crate::kernels::buffers::{buffer, scratch};
use crate::kernels::support::{per_chunk, reduce_rows};
use crate::kernels::threads;

/// The batch is cut into at most this many chunks.
// A constant, not the number of threads: results must not depend on it.
const CHUNKS: usize = 16;

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
        let is_dz = self.activation == Activation::Identity;
        if is_dz || method.skips_clamped() && !self.activation.is_curved() {
            return call(dy);
        }
        scratch(dy.len(), |grads| {
            self.activation.backward(y, dy, grads);
            call(grads);
        });
    }
}
