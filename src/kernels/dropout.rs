//! Dropout: while training, each element is zero with probability `rate`, and the others are
//! scaled by 1 / (1 − rate) to keep the expected value (Srivastava et al. 2014, in the "inverted"
//! form all frameworks use).
//!
//! Shapes: any → the same.
//! Forward: y = x · mask. Backward: dx = dy · mask. The mask is never stored: each element's draw
//! is a hash of one 64-bit key and the element's index, so that both passes, and any number of
//! threads, see the same.

use super::buffers::buffer;
use super::slice_op::{Context, SliceOp};
use super::support::tensor;
use super::{simd, tape, threads};
use crate::random::Rng;
use candle_core::{Result, Tensor, bail};
use rand::RngCore;

/// Elements per chunk of work; each chunk has its own key.
// Another number would give other masks, and so other bits of every run with dropout.
const CHUNK: usize = 1 << 14;

/// What decides which values are dropped.
#[derive(Clone, Copy)]
pub(super) struct Mask {
    key: u64,
    /// Values with a hash below this are dropped.
    threshold: u32,
    scale: f32,
}

impl Mask {
    /// One draw from `rng` decides all; an error if `rate` is not in `0.0..1.0`.
    pub fn new(rate: f32, rng: &mut Rng) -> Result<Self> {
        if !(0.0..1.0).contains(&rate) {
            bail!("dropout rate: expected at least 0 and less than 1, found {rate}");
        }
        // 2³² · rate fits: rate < 1.
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        Ok(Self {
            key: rng.next_u64(),
            threshold,
            scale: 1.0 / (1.0 - rate),
        })
    }

    /// The finalizer of SplitMix64 (Steele, Lea and Flood 2014) over key and chunk.
    pub fn chunk_key(self, chunk: u64) -> u32 {
        let mut z = self
            .key
            .wrapping_add(chunk.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// What the value at index `i` of the chunk with this key is multiplied by.
    #[inline(always)]
    pub fn factor(self, chunk_key: u32, i: u32) -> f32 {
        // The golden ratio's bits keep neighboring indices apart before they are mixed.
        let drawn = hash(chunk_key ^ i.wrapping_mul(0x9e37_79b9));
        if drawn < self.threshold {
            0.0
        } else {
            self.scale
        }
    }
}

struct Dropout(Mask);

impl Dropout {
    fn apply(&self, from: &[f32]) -> Vec<f32> {
        let mut to = buffer(from.len());
        let parts = from.chunks(CHUNK).zip(to.chunks_mut(CHUNK));
        threads::for_parts(parts, |chunk, (from, to)| {
            simd::run(Chunk {
                mask: self.0,
                key: self.0.chunk_key(chunk as u64),
                from,
                to,
            });
        });
        to
    }
}

/// Applies the mask to one chunk.
struct Chunk<'a> {
    mask: Mask,
    key: u32,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl pulp::WithSimd for Chunk<'_> {
    type Output = ();

    // Integers and one product, without a branch: the compiler vectorizes it, with the same bits
    // everywhere.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for (i, (from, to)) in (0u32..).zip(self.from.iter().zip(self.to)) {
            *to = from * self.mask.factor(self.key, i);
        }
    }
}

/// The finalizer of MurmurHash3 (Appleby, public domain): 32 bits in, 32 well mixed bits out.
#[inline(always)]
fn hash(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

impl SliceOp<1> for Dropout {
    const NAME: &'static str = "dropout";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        (self.apply(x), ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        [self.apply(context.gradient)]
    }
}

/// Drops elements of `x` at random and scales the others; one draw from `rng` decides all.
///
/// * `x`: any shape
/// * `rate`: the probability of a zero, in `0.0..1.0`
pub fn dropout(x: &Tensor, rate: f32, rng: &mut Rng) -> Result<Tensor> {
    let op = Dropout(Mask::new(rate, rng)?);
    if x.device().is_cpu() {
        return tape::apply1(x, op);
    }
    let mask = tensor(op.apply(&vec![1.0; x.elem_count()]), x.shape())?;
    x * mask.to_device(x.device())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, rng};
    use candle_core::{Device, Var};

    fn rng_of(step: u64) -> Rng {
        rng(3, Stream::Dropout, step, 0)
    }

    #[test]
    fn the_rate_is_met_and_the_mean_stays() {
        let ones = Tensor::ones(200_000, candle_core::DType::F32, &Device::Cpu).unwrap();
        for rate in [0.0, 0.25, 0.5, 0.9] {
            let y = dropout(&ones, rate, &mut rng_of(1)).unwrap();
            let y = y.to_vec1::<f32>().unwrap();
            let zeros = y.iter().filter(|v| **v == 0.0).count() as f32 / y.len() as f32;
            assert!((zeros - rate).abs() < 0.005, "{rate}: {zeros}");
            let kept = 1.0 / (1.0 - rate);
            assert!(y.iter().all(|v| *v == 0.0 || *v == kept), "{rate}");
        }
    }

    #[test]
    fn the_gradient_sees_the_same_mask_and_each_step_another() {
        let x = Tensor::ones(50_000, candle_core::DType::F32, &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let y = dropout(&x, 0.5, &mut rng_of(1)).unwrap();
        let gradients = y.sum_all().unwrap().backward().unwrap();
        let numbers = |t: &Tensor| t.to_vec1::<f32>().unwrap();
        assert_eq!(numbers(&y), numbers(gradients.get(&x).unwrap()));
        let again = dropout(&x, 0.5, &mut rng_of(1)).unwrap();
        assert_eq!(numbers(&y), numbers(&again));
        let other = dropout(&x, 0.5, &mut rng_of(2)).unwrap();
        assert_ne!(numbers(&y), numbers(&other));
    }

    #[test]
    fn a_rate_of_one_is_an_error() {
        let x = Tensor::ones(3, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(dropout(&x, 1.0, &mut rng_of(1)).is_err());
    }
}
