//! Statistics of all elements of a tensor, for display: in parallel, without a copy. Every sum adds
//! the same partial sums in the same order, for any number of threads.

use candle_core::{Device, Result, Tensor, bail};

use super::support::read;
use super::threads;

/// Elements per partial sum.
// A constant, not a share per thread: the sums must not depend on the number of threads.
const CHUNK: usize = 1 << 14;

/// Independent sums within a chunk, so that the compiler can vectorize them.
const SIDE_BY_SIDE: usize = 8;

/// Number, squares and zeros of a tensor's elements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of elements.
    pub n: usize,
    /// Sum of their squares.
    pub squares: f64,
    /// Number of elements that are exactly 0.
    pub zeros: usize,
}

/// Returns the sum of squares and the number of zeros of `x`.
///
/// # Errors
/// When `x` is not of f32.
pub fn moments(x: &Tensor) -> Result<Moments> {
    on_cpu(x, |x| {
        let parts = chunk_wise(x, |x| {
            let zeros = x.iter().filter(|v| **v == 0.0).count();
            (square_sum(x, x, |v, _| v), zeros)
        });
        Ok(parts.iter().fold(
            Moments {
                n: x.len(),
                ..Moments::default()
            },
            |sum, (squares, zeros)| Moments {
                squares: sum.squares + squares,
                zeros: sum.zeros + zeros,
                ..sum
            },
        ))
    })
}

/// Σ (a − b)² over all elements.
///
/// # Errors
/// When the two differ in their number of elements, or are not of f32.
pub fn square_distance(a: &Tensor, b: &Tensor) -> Result<f64> {
    on_cpu(a, |a| {
        on_cpu(b, |b| {
            if a.len() != b.len() {
                bail!("distance between {} and {} elements", a.len(), b.len());
            }
            let pairs: Vec<_> = a.chunks(CHUNK).zip(b.chunks(CHUNK)).collect();
            let parts = per_part(pairs, |(a, b)| square_sum(a, b, |a, b| a - b));
            Ok(parts.iter().sum())
        })
    })
}

/// At most `most` of the elements of `x`, evenly spaced.
///
/// # Errors
/// When `x` is not of f32.
pub fn sample(x: &Tensor, most: usize) -> Result<Vec<f32>> {
    // Odd, so as not to stay in the same columns of a weight, whose widths are mostly even.
    let stride = x.elem_count().div_ceil(most.max(1)).max(1) | 1;
    on_cpu(x, |x| Ok(x.iter().copied().step_by(stride).collect()))
}

/// Calls `task` with the elements of `x`, on any device.
fn on_cpu<R>(x: &Tensor, task: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    read(&x.detach().to_device(&Device::Cpu)?, task)
}

fn chunk_wise<R: Default + Send>(x: &[f32], task: impl Fn(&[f32]) -> R + Sync) -> Vec<R> {
    per_part(x.chunks(CHUNK).collect(), task)
}

/// The results of `task` for each part, in order.
fn per_part<P: Send, R: Default + Send>(parts: Vec<P>, task: impl Fn(P) -> R + Sync) -> Vec<R> {
    let mut results: Vec<R> = Vec::new();
    results.resize_with(parts.len(), R::default);
    let n_elements = parts.len() * CHUNK;
    let slots = results.iter_mut().zip(parts);
    threads::for_parts_of(n_elements, slots, |_, (result, part)| *result = task(part));
    results
}

/// Σ f(a, b)², in f64.
fn square_sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f64 {
    let mut sums = [0.0f64; SIDE_BY_SIDE];
    let (a_parts, b_parts) = (a.chunks_exact(SIDE_BY_SIDE), b.chunks_exact(SIDE_BY_SIDE));
    let rest = a_parts.remainder().iter().zip(b_parts.remainder());
    for (a, b) in a_parts.zip(b_parts) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let v = f64::from(f(a[lane], b[lane]));
            *sum += v * v;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest) {
        let v = f64::from(f(*a, *b));
        *sum += v * v;
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> (Vec<f32>, Tensor) {
        let values: Vec<f32> = (0..n).map(|i| (i % 101) as f32 / 10.0 - 5.0).collect();
        let tensor = Tensor::from_slice(&values, n, &Device::Cpu).unwrap();
        (values, tensor)
    }

    #[test]
    fn sums_are_those_of_a_plain_loop() {
        for n in [0, 1, 7, CHUNK - 1, CHUNK + 9, 40 * CHUNK + 3] {
            let (values, x) = numbers(n);
            let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
            let found = moments(&x).unwrap();
            assert!((found.squares - squares).abs() <= 1e-9 * squares, "{n}");
            assert_eq!(found.n, n);
            assert_eq!(found.zeros, values.iter().filter(|v| **v == 0.0).count());
            let moved = (&x + 0.5).unwrap();
            let distance = square_distance(&x, &moved).unwrap();
            assert!((distance - n as f64 * 0.25).abs() < 1e-6 * n as f64 + 1e-9);
        }
    }

    #[test]
    fn a_sample_is_even_and_no_larger_than_asked_for() {
        let (values, x) = numbers(1000);
        assert_eq!(sample(&x, 1000).unwrap(), values);
        assert_eq!(sample(&x, 334).unwrap().len(), 334);
        let few = sample(&x, 100).unwrap();
        assert!((90..=100).contains(&few.len()), "{}", few.len());
        assert_eq!(few[1], values[11]);
    }
}
