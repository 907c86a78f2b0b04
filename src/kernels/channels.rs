//! Sums and maps over the values of each channel, in either memory format.
//!
//! A channel's values are added in the same order in both: sixteen running sums per sample, the
//! pixels in turn, and then the samples. So the formats change no bit.

use super::buffers::{buffer, scratch};
use super::conv::MemoryFormat;
use super::support::LANES;
use super::{simd, threads, vector};
use candle_core::Tensor;

/// Running sums at a time.
const SUMS: usize = 4;

/// The sizes of samples of `n` channels of `plane` values each.
#[derive(Clone, Copy)]
pub(super) struct Channels {
    pub n: usize,
    plane: usize,
    is_last: bool,
}

impl Channels {
    /// Those of `x`: `[samples, n, ..]`, or `[samples, .., n]` channels last; `None` if it has not so
    /// many channels, or no value, or if the format does not support them.
    pub fn of(x: &Tensor, n: usize, format: MemoryFormat) -> Option<Channels> {
        let is_last = format == MemoryFormat::ChannelsLast;
        let dims = x.dims();
        let (found, pixels) = match dims {
            [_, pixels @ .., last] if is_last => (*last, pixels),
            [_, first, pixels @ ..] => (*first, pixels),
            _ => return None,
        };
        let plane = pixels.iter().product();
        let fits = found == n && x.elem_count() > 0 && (!is_last || n.is_multiple_of(LANES));
        fits.then_some(Channels {
            n,
            plane,
            // The two are the same for lists of values.
            is_last: is_last || plane == 1 && n.is_multiple_of(LANES),
        })
    }

    /// Samples of whole vectors of channels, channels last.
    pub fn last(n: usize, plane: usize) -> Channels {
        Channels {
            n,
            plane,
            is_last: true,
        }
    }

    /// Values per channel in all samples together.
    pub fn values(self, x: &[f32]) -> f64 {
        (x.len() / self.n) as f64
    }

    fn sample(self) -> usize {
        self.n * self.plane
    }

    /// For each channel the sums over all samples of what `of_sample` writes for one sample: `T` lists
    /// of a value per channel.
    pub fn totals<const T: usize>(
        self,
        x: &[f32],
        g: &[f32],
        of_sample: impl Fn(&[f32], &[f32], [&mut [f32]; T]) + Sync,
    ) -> [Vec<f64>; T] {
        let sample = self.sample();
        self.totals_of(x.len() / sample, |index, mut lists| {
            let [x, g] = [x, g].map(|values| &values[index * sample..][..sample]);
            simd::run_closure(
                #[inline(always)]
                || of_sample(x, g, lists.each_mut().map(|list| &mut **list)),
            );
        })
    }

    /// The same for samples that `of_sample` finds by their index.
    pub fn totals_of<const T: usize>(
        self,
        samples: usize,
        of_sample: impl Fn(usize, [&mut [f32]; T]) + Sync,
    ) -> [Vec<f64>; T] {
        let mut totals = std::array::from_fn(|_| vec![0.0; self.n]);
        scratch(samples * T * self.n, |sums| {
            threads::for_parts(sums.chunks_exact_mut(T * self.n), |index, sums| {
                let mut lists = sums.chunks_exact_mut(self.n);
                let lists = std::array::from_fn(|_| lists.next().unwrap_or_default());
                of_sample(index, lists);
            });
            for sums in sums.chunks_exact(T * self.n) {
                let lists = totals.iter_mut().zip(sums.chunks_exact(self.n));
                for (total, sum) in lists.flat_map(|(total, sums)| total.iter_mut().zip(sums)) {
                    *total += f64::from(*sum);
                }
            }
        });
        totals
    }

    /// For each channel of a sample, Σ term(factors, x, g) over its values; each channel has its own
    /// factors.
    #[inline(always)]
    pub fn sum<const K: usize>(
        self,
        (x, g): (&[f32], &[f32]),
        factors: [&[f32]; K],
        term: impl Fn([f32; K], f32, f32) -> f32,
        sums: &mut [f32],
    ) {
        if self.is_last {
            let step = self.n / LANES;
            for (block, sum) in sums.as_chunks_mut().0.iter_mut().enumerate() {
                let inputs = (&blocks(x)[block..], &blocks(g)[block..]);
                *sum = block_sum(inputs, step, block_of(factors, block), &term);
            }
            return;
        }
        let planes = x.chunks_exact(self.plane).zip(g.chunks_exact(self.plane));
        for (channel, ((x, g), sum)) in planes.zip(sums).enumerate() {
            let factors = factors.map(|f| f[channel]);
            *sum = vector::sum2(x, g, |x, g| term(factors, x, g));
        }
    }

    /// The same for two terms at once, channels last. The order of the sums is another one.
    #[inline(always)]
    pub fn sums_last<const K: usize>(
        self,
        (x, g): (&[f32], &[f32]),
        factors: [&[f32]; K],
        terms: impl Fn([f32; K], f32, f32) -> [f32; 2],
        sums: [&mut [f32]; 2],
    ) {
        let (x, g, step) = (blocks(x), blocks(g), self.n / LANES);
        let [first, second] = sums;
        let sums =
            (first.as_chunks_mut::<LANES>().0.iter_mut()).zip(second.as_chunks_mut::<LANES>().0);
        for (block, (first, second)) in sums.enumerate() {
            let factors = block_of(factors, block);
            // Of the even pixels and of the odd ones.
            let mut acc = [[[0.0f32; LANES]; 2]; 2];
            for start in (block..x.len()).step_by(2 * step) {
                for (i, [a, b]) in acc.iter_mut().enumerate() {
                    let at = start + i * step;
                    if at < x.len() {
                        let (x, g) = (x[at], g[at]);
                        for lane in 0..LANES {
                            let [of_a, of_b] = terms(factors_of(&factors, lane), x[lane], g[lane]);
                            a[lane] += of_a;
                            b[lane] += of_b;
                        }
                    }
                }
            }
            let [even, odd] = acc;
            for lane in 0..LANES {
                first[lane] = even[0][lane] + odd[0][lane];
                second[lane] = even[1][lane] + odd[1][lane];
            }
        }
    }

    /// each(factors, x, g) of all values; each channel has its own factors.
    pub fn map<const K: usize>(
        self,
        (x, g): (&[f32], &[f32]),
        factors: [&[f32]; K],
        each: impl Fn([f32; K], f32, f32) -> f32 + Sync,
    ) -> Vec<f32> {
        let mut y = buffer(x.len());
        let sample = self.sample();
        let inputs = x.chunks_exact(sample).zip(g.chunks_exact(sample));
        let parts = inputs.zip(y.chunks_exact_mut(sample));
        threads::for_parts(parts, |_, ((x, g), y)| {
            simd::run_closure(
                #[inline(always)]
                || self.map_sample((x, g), factors, &each, y),
            );
        });
        y
    }

    /// The same for one sample.
    #[inline(always)]
    pub fn map_sample<const K: usize>(
        self,
        (x, g): (&[f32], &[f32]),
        factors: [&[f32]; K],
        each: impl Fn([f32; K], f32, f32) -> f32,
        y: &mut [f32],
    ) {
        match self.is_last {
            true => map_last(self.n, (x, g), factors, each, y),
            false => map_first(self.plane, (x, g), factors, each, y),
        }
    }
}

/// Whole vectors of channels.
#[inline(always)]
fn blocks(values: &[f32]) -> &[[f32; LANES]] {
    values.as_chunks().0
}

/// A vector of each list of factors.
#[inline(always)]
fn block_of<const K: usize>(factors: [&[f32]; K], block: usize) -> [[f32; LANES]; K] {
    let mut blocks_of = [[0.0; LANES]; K];
    for i in 0..K {
        blocks_of[i] = blocks(factors[i])[block];
    }
    blocks_of
}

/// The factors of a lane. Not `map`, which the compiler does not vectorize.
#[inline(always)]
fn factors_of<const K: usize>(block: &[[f32; LANES]; K], lane: usize) -> [f32; K] {
    let mut factors = [0.0; K];
    for i in 0..K {
        factors[i] = block[i][lane];
    }
    factors
}

#[inline(always)]
fn add<const K: usize>(
    sum: &mut [f32; LANES],
    (x, g): ([f32; LANES], [f32; LANES]),
    factors: &[[f32; LANES]; K],
    term: &impl Fn([f32; K], f32, f32) -> f32,
) {
    for lane in 0..LANES {
        sum[lane] += term(factors_of(factors, lane), x[lane], g[lane]);
    }
}

/// Σ term(factors, x, g) of every `step`-th vector, lane by lane, in the order of [`vector::sum2`].
#[inline(always)]
fn block_sum<const K: usize>(
    (x, g): (&[[f32; LANES]], &[[f32; LANES]]),
    step: usize,
    factors: [[f32; LANES]; K],
    term: &impl Fn([f32; K], f32, f32) -> f32,
) -> [f32; LANES] {
    let mut sums = [[0.0f32; LANES]; LANES];
    let turn = LANES * step;
    let whole = x.len() / turn * turn;
    // A few of the sums at a time, which stay in registers.
    for (group, sums) in sums.as_chunks_mut::<SUMS>().0.iter_mut().enumerate() {
        let mut now = *sums;
        let first = group * SUMS * step;
        for start in (first..whole).step_by(turn) {
            for (i, sum) in now.iter_mut().enumerate() {
                let at = start + i * step;
                add(sum, (x[at], g[at]), &factors, term);
            }
        }
        let rest = (whole + first..x.len()).step_by(step);
        for (at, sum) in rest.zip(&mut now) {
            add(sum, (x[at], g[at]), &factors, term);
        }
        *sums = now;
    }
    let mut width = LANES / 2;
    while width > 0 {
        let (low, high) = sums.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(&*high) {
            low.iter_mut().zip(high).for_each(|(a, b)| *a += b);
        }
        width /= 2;
    }
    sums[0]
}

#[inline(always)]
fn map_last<const K: usize>(
    n: usize,
    (x, g): (&[f32], &[f32]),
    factors: [&[f32]; K],
    each: impl Fn([f32; K], f32, f32) -> f32,
    y: &mut [f32],
) {
    let (x, g, y) = (blocks(x), blocks(g), y.as_chunks_mut().0);
    let step = n / LANES;
    // Each vector is a cache line of its own, and the factors stay in registers.
    for block in 0..step {
        let factors = block_of(factors, block);
        for at in (block..y.len()).step_by(step) {
            // Copies, so that the compiler sees that what is written is not what is read.
            let (x, g): ([f32; LANES], [f32; LANES]) = (x[at], g[at]);
            let mut values = [0.0; LANES];
            for lane in 0..LANES {
                values[lane] = each(factors_of(&factors, lane), x[lane], g[lane]);
            }
            y[at] = values;
        }
    }
}

#[inline(always)]
fn map_first<const K: usize>(
    plane: usize,
    (x, g): (&[f32], &[f32]),
    factors: [&[f32]; K],
    each: impl Fn([f32; K], f32, f32) -> f32,
    y: &mut [f32],
) {
    let planes = x.chunks_exact(plane).zip(g.chunks_exact(plane));
    for (channel, ((x, g), y)) in planes.zip(y.chunks_exact_mut(plane)).enumerate() {
        let factors = factors.map(|f| f[channel]);
        for ((x, g), y) in x.iter().zip(g).zip(y) {
            *y = each(factors, *x, *g);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn both_formats_have_the_same_bits() {
        let (n, channels) = (3, 32);
        for plane in [1, 7, 16, 45] {
            let len = n * channels * plane;
            let value = |i: usize| (i as f32 * 0.7).sin();
            let first: Vec<f32> = (0..len).map(value).collect();
            let first = Tensor::from_vec(first, (n, channels, plane, 1), &Device::Cpu).unwrap();
            let last = first.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
            let factors: Vec<f32> = (5..5 + channels).map(value).collect();
            let run = |x: &Tensor, format| {
                let of = Channels::of(x, channels, format).unwrap();
                let x = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let totals = of.totals(&x, &x, |x, g, [sums]| {
                    of.sum((x, g), [&factors], |[f], x, g| (x - f) * g, sums);
                });
                let [totals] = totals.map(|t| t.into_iter().map(f64::to_bits).collect::<Vec<_>>());
                (totals, of.map((&x, &x), [&factors], |[f], x, g| x * f + g))
            };
            let (totals, y) = run(&first, MemoryFormat::ChannelsFirst);
            let (totals_last, y_last) = run(&last, MemoryFormat::ChannelsLast);
            assert_eq!(totals, totals_last, "{plane}");
            let y_last = Tensor::from_vec(y_last, last.shape(), &Device::Cpu).unwrap();
            let y_last = y_last.permute((0, 3, 1, 2)).unwrap().flatten_all().unwrap();
            assert_eq!(y, y_last.to_vec1::<f32>().unwrap(), "{plane}");
        }
    }

    #[test]
    fn what_does_not_fit_is_none() {
        let x = Tensor::zeros((2, 8, 3, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(Channels::of(&x, 8, MemoryFormat::ChannelsFirst).is_some());
        assert!(Channels::of(&x, 3, MemoryFormat::ChannelsLast).is_none());
        assert!(Channels::of(&x, 9, MemoryFormat::ChannelsFirst).is_none());
    }
}
