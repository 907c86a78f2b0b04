//! Peak arithmetic speed of the machine, to compare kernels with.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pulp::{Simd, WithSimd};

use super::{simd, threads};

/// Independent chains of fused multiply-adds. A core needs about eight to keep two units of four
/// cycles' latency busy, and with its two constants this many still fits the 16 registers of AVX2.
const CHAINS: usize = 12;

/// Rounds between two checks of the time: about a millisecond, so that starting the threads does
/// not count.
const ROUNDS: usize = 1 << 20;

/// Nothing but fused multiply-adds on values that stay in registers.
struct Chains;

impl WithSimd for Chains {
    /// Number of floating-point operations.
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u64 {
        // Hidden from the compiler, which would otherwise compute the result; x ← x/2 + 1 stays
        // finite.
        let half = simd.splat_f32s(black_box(0.5));
        let one = simd.splat_f32s(black_box(1.0));
        let mut sums = [one; CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, half, one);
            }
        }
        for sum in sums {
            black_box(simd.reduce_sum_f32s(sum));
        }
        (2 * CHAINS * ROUNDS * S::F32_LANES) as u64
    }
}

/// Returns the most floating-point operations per second that all kernel threads together reach
/// with the chosen instruction set; a fused multiply-add counts as two. Measures for `time` and
/// takes the best moment, because other programs can only lower it.
pub fn peak_flops(time: Duration) -> f64 {
    let threads = threads::threads();
    let begin = Instant::now();
    let mut best = 0.0_f64;
    loop {
        let start = Instant::now();
        let done = AtomicU64::new(0);
        threads::for_each(threads, |_| {
            done.fetch_add(simd::run(Chains), Ordering::Relaxed);
        });
        best = best.max(done.into_inner() as f64 / start.elapsed().as_secs_f64());
        if begin.elapsed() >= time {
            return best;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_manages_a_million_operations_a_second() {
        assert!(peak_flops(Duration::ZERO) > 1e6);
    }
}
