//! Sums and activations over plain slices, written so that the compiler can vectorize them: sixteen
//! partial sums whatever the machine's width, so that every machine adds in the same order.

use super::support::LANES;
use super::{simd, threads};

/// Floats per chunk when rows are added.
const PIECE: usize = 1 << 11;

/// y += x, element by element.
pub(super) fn add_assign(y: &mut [f32], x: &[f32]) {
    simd::run_closure(
        #[inline(always)]
        || {
            for (y, x) in y.iter_mut().zip(x) {
                *y += x;
            }
        },
    );
}

/// Sums the rows of `partial`, of `len` each, into the first, in order.
pub(super) fn reduce_rows(partial: &mut [f32], len: usize) {
    let work = partial.len();
    let (total, rest) = partial.split_at_mut(len);
    let rows = rest.chunks_exact(len);
    threads::for_parts_of(work, total.chunks_mut(PIECE), |piece, total| {
        for row in rows.clone() {
            add_assign(total, &row[piece * PIECE..][..total.len()]);
        }
    });
}

/// Σ f(a[i], b[i]).
#[inline(always)]
pub(crate) fn sum2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut acc = [0.0f32; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_parts.remainder().iter().zip(b_parts.remainder());
    for (a, b) in a_parts.zip(b_parts) {
        for lane in 0..LANES {
            acc[lane] += f(a[lane], b[lane]);
        }
    }
    for (acc, (a, b)) in acc.iter_mut().zip(rest) {
        *acc += f(*a, *b);
    }
    reduce(acc, |a, b| a + b)
}

/// All lanes as one, by halves: the same order on every machine.
#[inline(always)]
fn reduce(lanes: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|i| f(lanes[i], lanes[i + 8]));
    let four: [f32; 4] = std::array::from_fn(|i| f(eight[i], eight[i + 4]));
    f(f(four[0], four[2]), f(four[1], four[3]))
}

/// Σ f(a[i]).
#[inline(always)]
pub(super) fn sum(a: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(a, a, |a, _| f(a))
}

/// A softmax takes what is less than e to this power, 10⁻¹³, as zero beside a largest one of 1: see
/// [`flush_tiny`](super::support::flush_tiny).
const LEAST_POWER: f32 = -30.0;

/// Softmax of whole vectors, scaled: exp(x · scale), divided by the sum. −∞, which fills up the last
/// vector, becomes zero.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32], scale: f32) {
    let (row, _) = row.as_chunks_mut::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for x in row.iter() {
        for lane in 0..LANES {
            most[lane] = if x[lane] > most[lane] {
                x[lane]
            } else {
                most[lane]
            };
        }
    }
    let largest = reduce(most, |a, b| if a > b { a } else { b });
    let mut sums = [0.0; LANES];
    for x in row.iter_mut() {
        for lane in 0..LANES {
            let power = (x[lane] - largest) * scale;
            x[lane] = if power < LEAST_POWER { 0.0 } else { exp(power) };
            sums[lane] += x[lane];
        }
    }
    let factor = 1.0 / reduce(sums, |a, b| a + b);
    for x in row.as_flattened_mut() {
        *x *= factor;
    }
}

/// eˣ with a relative error of 2 · 10⁻⁷, for x in −87 to 88; clamped beyond. NaN stays.
///
/// The method of the Cephes library (Moshier): x = k · ln 2 + r with |r| ≤ ½ ln 2, a polynomial
/// for eʳ, and k added to the exponent's bits.
// Without `mul_add`: processors that have no fused multiply-adds call a function for each.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it leaves a float's nearest integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    // ln 2 in two parts, the first with few enough bits that its product with k is exact.
    let r = x - k * 0.693_359_4 - k * -2.121_944_4e-4;
    let mut p = 1.987_569_2e-4f32;
    for c in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = p * r + c;
    }
    let power = (shifted.to_bits() << 23).wrapping_add(127 << 23);
    ((p * r) * r + r + 1.0) * f32::from_bits(power)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// tanh x, to 2 · 10⁻⁷.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp(2.0 * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_close_to_the_exact_ones() {
        for i in -8000..8000 {
            let x = i as f32 * 0.01;
            let exact = f64::from(x);
            let relative = f64::from(exp(x)) / exact.exp() - 1.0;
            assert!(relative.abs() < 3e-7, "exp {x}: {relative}");
            let error = f64::from(sigmoid(x)) - 1.0 / (1.0 + (-exact).exp());
            assert!(error.abs() < 3e-7, "sigmoid {x}: {error}");
            let error = f64::from(tanh(x)) - exact.tanh();
            assert!(error.abs() < 3e-7, "tanh {x}: {error}");
        }
        assert!(exp(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        assert_eq!(tanh(f32::INFINITY), 1.0);
    }

    #[test]
    fn softmax_leaves_out_what_fills_up_the_row() {
        for n in [1, 15, 16, 17, 49] {
            let mut row: Vec<f32> = (0..64).map(|i| (i as f32 * 0.7).sin() * 9.0).collect();
            row[n..].fill(f32::NEG_INFINITY);
            let mut found = row.clone();
            softmax(&mut found, 0.25);
            let power = |x: &f32| (f64::from(*x) * 0.25).exp();
            let total: f64 = row[..n].iter().map(power).sum();
            for (found, x) in found[..n].iter().zip(&row) {
                assert!((f64::from(*found) - power(x) / total).abs() < 1e-6);
            }
            assert!(found[n..].iter().all(|x| *x == 0.0));
        }
        let mut row = [-31.0; LANES];
        row[..3].copy_from_slice(&[0.0, -29.0, -1.0]);
        softmax(&mut row, 1.0);
        assert!((row[0] + row[2] - 1.0).abs() < 1e-6 && row[1] > 1e-13);
        assert!(row[3..].iter().all(|x| *x == 0.0));
        let mut row = [f32::NAN; LANES];
        softmax(&mut row, 1.0);
        assert!(row.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn rows_are_added_in_order_however_long() {
        for (len, n) in [(1, 3), (PIECE + 1, 1), (3 * PIECE + 5, 40)] {
            let mut rows: Vec<f32> = (0..len * n).map(|i| (i as f32 * 0.7).sin()).collect();
            let expected: Vec<f32> = (0..len)
                .map(|at| (1..n).fold(rows[at], |sum, row| sum + rows[row * len + at]))
                .collect();
            reduce_rows(&mut rows, len);
            assert_eq!(rows[..len], expected);
        }
    }

    #[test]
    fn sums_see_every_element() {
        for n in [0, 1, 15, 16, 17, 100] {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            assert_eq!(sum(&a, |v| v), (n * n.max(1) - n) as f32 / 2.0);
        }
    }
}
