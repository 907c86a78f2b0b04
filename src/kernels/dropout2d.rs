//! Dropout of whole channels (Tompson et al. 2015, <https://arxiv.org/abs/1411.4280>, section 3.2),
//! like `torch.nn.Dropout2d`: while training, each channel of each sample is zero with probability
//! `rate`, and the others are scaled by 1 / (1 − rate).
//!
//! Shapes: `[n, channels, h, w]` → the same.
//! Forward: y = x · mask. Backward: dx = dy · mask. As in dropout, the mask is never stored.

use super::buffers::buffer;
use super::dropout::Mask;
use super::slice_op::{Context, SliceOp};
use super::support::tensor;
use super::{tape, threads};
use crate::random::Rng;
use candle_core::{Result, Tensor};

struct Dropout2d {
    mask: Mask,
    channels: usize,
    /// Values of a channel.
    pixels: usize,
}

impl Dropout2d {
    fn apply(&self, from: &[f32]) -> Vec<f32> {
        let mut to = buffer(from.len());
        // An empty tensor has no samples, but a chunk cannot be empty.
        let (pixels, sample) = (self.pixels.max(1), (self.channels * self.pixels).max(1));
        let parts = from.chunks(sample).zip(to.chunks_mut(sample));
        threads::for_parts_of(from.len(), parts, |sample, (from, to)| {
            let key = self.mask.chunk_key(sample as u64);
            let channels = from.chunks(pixels).zip(to.chunks_mut(pixels));
            for (channel, (from, to)) in (0u32..).zip(channels) {
                let factor = self.mask.factor(key, channel);
                for (from, to) in from.iter().zip(to) {
                    *to = from * factor;
                }
            }
        });
        to
    }
}

impl SliceOp<1> for Dropout2d {
    const NAME: &'static str = "dropout2d";
    type Saved = ();

    fn forward(&self, [x]: [&[f32]; 1]) -> (Vec<f32>, ()) {
        (self.apply(x), ())
    }

    fn backward(&self, context: Context<'_, 1, ()>) -> [Vec<f32>; 1] {
        [self.apply(context.gradient)]
    }
}

/// Drops channels of each sample of `x` at random and scales the others; one draw from `rng`
/// decides all.
///
/// * `x`: `[n, channels, h, w]`
/// * `rate`: the probability of a zero, in `0.0..1.0`
pub fn dropout2d(x: &Tensor, rate: f32, rng: &mut Rng) -> Result<Tensor> {
    let (_, channels, h, w) = x.dims4()?;
    let op = Dropout2d {
        mask: Mask::new(rate, rng)?,
        channels,
        pixels: h * w,
    };
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
    use candle_core::{DType, Device, Var};

    fn rng_of(step: u64) -> Rng {
        rng(3, Stream::Dropout, step, 0)
    }

    fn numbers(t: &Tensor) -> Vec<f32> {
        t.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn channels_are_dropped_whole_at_the_rate_and_the_others_scaled() {
        let ones = Tensor::ones((400, 25, 3, 5), DType::F32, &Device::Cpu).unwrap();
        for rate in [0.0, 0.25, 0.5, 0.9] {
            let y = numbers(&dropout2d(&ones, rate, &mut rng_of(1)).unwrap());
            let kept = 1.0 / (1.0 - rate);
            let channels: Vec<bool> = y
                .chunks(15)
                .map(|channel| {
                    assert!(channel.iter().all(|v| *v == channel[0]), "{channel:?}");
                    assert!(channel[0] == 0.0 || channel[0] == kept, "{}", channel[0]);
                    channel[0] == 0.0
                })
                .collect();
            // Of 10,000 channels, and of the 400 with the same index.
            let share = |dropped: &mut dyn Iterator<Item = &bool>, n: f32| {
                dropped.filter(|is| **is).count() as f32 / n
            };
            let all = share(&mut channels.iter(), 1e4);
            assert!((all - rate).abs() < 0.015, "{rate}: {all}");
            for first in 0..25 {
                let one = share(&mut channels.iter().skip(first).step_by(25), 400.0);
                assert!((one - rate).abs() < 0.1, "{rate}: {one} of channel {first}");
            }
        }
    }

    #[test]
    fn the_gradient_is_what_differences_say_and_none_passes_a_dropped_channel() {
        let start: Vec<f32> = (0..120).map(|i| (i % 17) as f32 / 8.0 - 1.0).collect();
        let x = Tensor::from_vec(start, (2, 5, 3, 4), &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let dy = Tensor::rand(-1f32, 1.0, (2, 5, 3, 4), &Device::Cpu).unwrap();
        let y = dropout2d(&x, 0.5, &mut rng_of(1)).unwrap();
        let loss = |x: &Tensor| {
            let y = dropout2d(x, 0.5, &mut rng_of(1)).unwrap();
            let loss = (y * &dy).unwrap().sum_all().unwrap();
            loss.to_scalar::<f32>().unwrap()
        };
        let gradients = (&y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        let gradient = numbers(gradients.get(&x).unwrap());
        let values = numbers(&x);
        for (i, expected) in gradient.iter().enumerate() {
            let moved = |step: f32| {
                let mut values = values.clone();
                values[i] += step;
                loss(&Tensor::from_vec(values, x.dims(), &Device::Cpu).unwrap())
            };
            // The loss is linear in x, so the step need not be small.
            let found = (moved(1.0) - moved(-1.0)) / 2.0;
            assert!((found - expected).abs() < 1e-4, "{i}: {found}, {expected}");
        }
        let zeros = numbers(&y).chunks(12).filter(|y| **y == [0.0; 12]).count();
        let cut = gradient.chunks(12).filter(|g| **g == [0.0; 12]).count();
        assert!(zeros == cut && 0 < cut && cut < 10, "{zeros} {cut}");
    }

    #[test]
    fn a_rate_of_one_and_a_flat_input_are_errors() {
        let image = Tensor::ones((1, 2, 3, 3), DType::F32, &Device::Cpu).unwrap();
        assert!(dropout2d(&image, 1.0, &mut rng_of(1)).is_err());
        let flat = image.flatten_from(1).unwrap();
        assert!(dropout2d(&flat, 0.5, &mut rng_of(1)).is_err());
    }
}
