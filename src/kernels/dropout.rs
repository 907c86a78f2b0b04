//! Dropout: while training, each element is zero with probability `rate`, and the others are
//! scaled by 1 / (1 − rate) so that the expected value stays (Srivastava et al. 2014, in the
//! "inverted" form all frameworks use).
//!
//! Shapes: any → the same.
//! Forward: y = x · mask. Backward: dx = dy · mask. The mask is never stored: each element's draw
//! is a hash of one 64-bit key and the element's index, so that both passes, and any number of
//! threads, see the same.

use super::support::{read, slice, tensor};
use super::{pool, tape};
use crate::random::Rng;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rand::RngCore;

/// Elements per chunk of work; each chunk has a key of its own.
const CHUNK: usize = 1 << 14;

struct Dropout {
    key: u64,
    /// Elements whose draw is below this are dropped.
    threshold: u32,
    scale: f32,
}

impl Dropout {
    fn new(rate: f32, key: u64) -> Self {
        // 2³² · rate fits: rate < 1.
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        Self {
            key,
            threshold,
            scale: 1.0 / (1.0 - rate),
        }
    }

    /// What the i-th element of a chunk is multiplied by.
    #[inline(always)]
    fn factor(&self, key: u32, i: usize) -> f32 {
        match hash(key ^ (i as u32).wrapping_mul(0x9e37_79b9)) < self.threshold {
            true => 0.0,
            false => self.scale,
        }
    }

    fn apply(&self, from: &[f32]) -> Vec<f32> {
        let mut to = vec![0.0; from.len()];
        let parts = from.chunks(CHUNK).zip(to.chunks_mut(CHUNK));
        pool::for_parts(parts, |chunk, (from, to)| {
            let key = chunk_key(self.key, chunk as u64);
            for (i, (from, to)) in from.iter().zip(to).enumerate() {
                *to = from * self.factor(key, i);
            }
        });
        to
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over key and chunk.
fn chunk_key(key: u64, chunk: u64) -> u32 {
    let mut z = key.wrapping_add(chunk.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 32) as u32
}

/// The finaliser of MurmurHash3 (Appleby, public domain): 32 bits in, 32 well mixed bits out.
#[inline(always)]
fn hash(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = self.apply(slice(x, layout)?);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dx = read(dy, |dy| Ok(self.apply(dy)))?;
        tensor(dx, x.shape()).map(Some)
    }
}

/// Drops elements of `x` at random and scales the rest; one draw from `rng` decides all.
///
/// * `x`: any shape
/// * `rate`: the probability of a zero, in `0.0..1.0`
pub fn dropout(x: &Tensor, rate: f32, rng: &mut Rng) -> Result<Tensor> {
    if !(0.0..1.0).contains(&rate) {
        bail!("dropout rate: expected at least 0 and less than 1, found {rate}");
    }
    let op = Dropout::new(rate, rng.next_u64());
    if x.device().is_cpu() {
        return tape::apply1(&x.contiguous()?, op);
    }
    let mask = tensor(op.apply(&vec![1.0; x.elem_count()]), x.shape())?;
    x * mask.to_device(x.device())?
}
