//! The noise of private training.

use rand::Rng as _;
use rand_distr::StandardNormal;

use super::ledger::Ledger;
use crate::kernels;
use crate::random::Stream;

/// Values that are drawn from one generator.
// A constant, not the number of threads: results must not depend on it.
const CHUNK: usize = 1 << 13;

/// Adds Gaussian noise with standard deviation `deviation` to the gradient of each parameter, for
/// update number `step`, counted from 0. The same bits for any number of threads.
pub(in crate::train) fn add_noise(
    gradients: &mut [Vec<f32>],
    deviation: f64,
    ledger: &Ledger,
    step: u64,
) {
    let chunks = gradients
        .iter_mut()
        .flat_map(|gradient| gradient.chunks_mut(CHUNK));
    kernels::for_parts(chunks, |idx, chunk| {
        let mut rng = ledger.rng(Stream::PrivateNoise, step, idx as u64);
        for value in chunk {
            // Added in f64, so that small sums do not round the noise.
            let noise: f64 = rng.sample(StandardNormal);
            *value = (f64::from(*value) + deviation * noise) as f32;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats;

    #[test]
    fn the_noise_has_its_deviation_and_each_update_its_own() {
        let ledger = Ledger::new(1, &[]);
        let drawn = |step| {
            let mut gradients = vec![vec![0.0; 30_001], vec![0.0; 20_000]];
            add_noise(&mut gradients, 3.0, &ledger, step);
            gradients
        };
        let values: Vec<f64> = drawn(0).concat().into_iter().map(f64::from).collect();
        let squares = values.iter().map(|v| v * v);
        assert!(stats::mean(values.iter().copied()).abs() < 0.05);
        assert!((stats::mean(squares).sqrt() - 3.0).abs() < 0.05);
        assert_eq!(drawn(0), drawn(0));
        assert_ne!(drawn(0), drawn(1));
        let first = drawn(0);
        assert_ne!(first[0][..20_000], first[1][..]);
    }
}
