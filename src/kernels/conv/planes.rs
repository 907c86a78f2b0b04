//! Convolution to few channels, channels first: the lanes are the pixels of a row, where channels
//! would leave most of a vector empty.

use super::border::copy_inside;
use super::geometry::area;
use crate::kernels::buffers::scratch;
use pulp::{Simd, WithSimd};

/// More channels than this fill vectors well enough.
pub(super) const MOST_CHANNELS: usize = 8;
/// Shorter rows leave most of a vector empty, too.
const LEAST_PIXELS: usize = 10;
/// What the vector of a last row that is shorter reads beyond the image, at most.
const BEYOND: usize = 16;
/// Vectors of pixels at a time.
const VECTORS: usize = 2;

/// Whether to compute a result of so many channels and this size by rows.
pub(super) fn supports(channels: usize, [_, w]: [usize; 2]) -> bool {
    channels <= MOST_CHANNELS && w >= LEAST_PIXELS
}

/// Calls `task` with planes of `size` inside a border of zeros, and room behind them.
pub(super) fn with_border(
    x: &[f32],
    size: [usize; 2],
    padded: [usize; 2],
    place: [usize; 2],
    task: impl FnOnce(&[f32]),
) {
    let len = area(padded);
    let planes = x.len() / area(size);
    scratch(planes * len + BEYOND, |to| {
        for (x, to) in x.chunks_exact(area(size)).zip(to.chunks_exact_mut(len)) {
            copy_inside(x, size[1], (to, padded[1]), place);
        }
        to[planes * len..].fill(0.0);
        task(to);
    });
}

/// out[r][y, x] = bias[r] + Σ over taps of weight[tap][r] · image[tap + (y, x)]
pub(super) struct Planes<'a> {
    /// Inside its border, with room behind it.
    pub image: &'a [f32],
    /// Elements from one of its rows to the next.
    pub row: usize,
    /// Offsets into it.
    pub taps: &'a [usize],
    /// `[taps, width]`
    pub weight: &'a [f32],
    pub width: usize,
    /// One for each channel of the result.
    pub bias: &'a [f32],
    /// Height and width of the result.
    pub size: [usize; 2],
    /// `[channels, h, w]`
    pub out: &'a mut [f32],
}

impl WithSimd for Planes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [h, w] = self.size;
        let lanes = S::F32_LANES;
        // The last vector of a row begins within the one before, so that both are stored whole; where
        // they meet, both compute the same.
        let last = w.saturating_sub(lanes);
        for y in 0..h {
            for x in (0..w).step_by(VECTORS * lanes) {
                let pair = [x.min(last), (x + lanes).min(last)];
                let is_pair = w - x > lanes;
                let mut channel = 0;
                while channel < self.bias.len() {
                    let n = (self.bias.len() - channel).min(6);
                    match (n, is_pair) {
                        (6, true) => self.block::<S, 6, VECTORS>(simd, channel, y, pair),
                        (6, _) => self.block::<S, 6, 1>(simd, channel, y, [pair[0]]),
                        (3.., true) => self.block::<S, 3, VECTORS>(simd, channel, y, pair),
                        (3.., _) => self.block::<S, 3, 1>(simd, channel, y, [pair[0]]),
                        (_, true) => self.block::<S, 1, VECTORS>(simd, channel, y, pair),
                        _ => self.block::<S, 1, 1>(simd, channel, y, [pair[0]]),
                    }
                    channel += match n {
                        6 => 6,
                        3.. => 3,
                        _ => 1,
                    };
                }
            }
        }
    }
}

impl Planes<'_> {
    /// `N` channels from one on, `V` vectors of pixels of a row.
    #[inline(always)]
    fn block<S: Simd, const N: usize, const V: usize>(
        &mut self,
        simd: S,
        channel: usize,
        y: usize,
        xs: [usize; V],
    ) {
        let lanes = S::F32_LANES;
        let mut acc = [[simd.splat_f32s(0.0); V]; N];
        for (acc, bias) in acc.iter_mut().zip(&self.bias[channel..]) {
            *acc = [simd.splat_f32s(*bias); V];
        }
        let image = &self.image[y * self.row..];
        let weights = self.weight.chunks_exact(self.width);
        for (tap, weights) in self.taps.iter().zip(weights) {
            let weights = &weights[channel..][..N];
            let mut pixels = [simd.splat_f32s(0.0); V];
            for v in 0..V {
                pixels[v] = S::as_simd_f32s(&image[tap + xs[v]..][..lanes]).0[0];
            }
            for n in 0..N {
                let weight = simd.splat_f32s(weights[n]);
                for v in 0..V {
                    acc[n][v] = simd.mul_add_e_f32s(weight, pixels[v], acc[n][v]);
                }
            }
        }
        let [h, w] = self.size;
        for (n, acc) in acc.iter().enumerate() {
            let row = &mut self.out[((channel + n) * h + y) * w..][..w];
            for v in 0..V {
                let to = &mut row[xs[v]..];
                match to.len() >= lanes {
                    true => S::as_mut_simd_f32s(to).0[0] = acc[v],
                    false => simd.partial_store_f32s(to, acc[v]),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::var;
    use super::super::super::pooling::Window;
    use super::super::{ConvOptions, conv2d};
    use super::*;
    use crate::kernels::Activation;
    use candle_core::{Tensor, Var};

    fn bits(tensor: &Tensor) -> Vec<u32> {
        let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    }

    fn cat(a: &Tensor, b: &Tensor, dim: usize) -> Var {
        Var::from_tensor(&Tensor::cat(&[a, b], dim).unwrap()).unwrap()
    }

    /// Of few channels, by rows, against the same among more, with channels as lanes.
    #[test]
    fn rows_of_pixels_give_the_bits_of_lanes_of_channels() {
        for (few, kernel, padding) in [(1, 5, 2), (4, 3, 0), (6, 5, 0), (8, 3, 1)] {
            let more = MOST_CHANNELS + 1 - few;
            let window = Window {
                kernel: [kernel; 2],
                stride: [1; 2],
                padding: [padding; 2],
            };
            let options = ConvOptions::new(window, Activation::Tanh, None);
            let run = |x: &Tensor, w: &Tensor, b: &Tensor| conv2d(x, w, b, options).unwrap();
            assert!(supports(few, [14 + 2 * padding + 1 - kernel; 2]));

            let (x, w) = (
                var(&[2, 3, 14, 17], 1.0),
                var(&[few, 3, kernel, kernel], 2.0),
            );
            let (b, all_b) = (var(&[few], 3.0), var(&[few + more], 3.0));
            let all_w = cat(&w, &var(&[more, 3, kernel, kernel], 4.0), 0);
            let among = run(&x, &all_w, &all_b).narrow(1, 0, few).unwrap();
            assert_eq!(bits(&run(&x, &w, &b)), bits(&among), "{few} results");

            let (x, w) = (
                var(&[2, few, 14, 17], 1.0),
                var(&[12, few, kernel, kernel], 2.0),
            );
            let all_x = cat(&x, &var(&[2, more, 14, 17], 5.0), 1);
            let all_w = cat(&w, &var(&[12, more, kernel, kernel], 6.0), 1);
            let b = var(&[12], 3.0);
            let options = ConvOptions::new(window, Activation::Identity, None);
            let gradient = |x: &Var, w: &Var| {
                let y = conv2d(x, w, &b, options).unwrap();
                // Linear, so that dz does not depend on the images.
                let factors = var(y.dims(), 7.0).as_detached_tensor();
                let loss = (y * factors).unwrap().sum_all().unwrap();
                loss.backward().unwrap().get(x).unwrap().clone()
            };
            let among = gradient(&all_x, &all_w).narrow(1, 0, few).unwrap();
            assert_eq!(bits(&gradient(&x, &w)), bits(&among), "{few} inputs");
        }
    }
}
