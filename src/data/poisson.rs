//! Poisson sampling, which the privacy of training rests on.

use rand::RngCore;

use crate::random::Rng;

/// A batch that each of `indices` is in with probability `rate`, whatever the others: so batches have
/// different sizes, and may be empty. In the order of `indices`.
pub fn poisson_sample(indices: &[u32], rate: f64, rng: &mut Rng) -> Vec<u32> {
    if rate >= 1.0 {
        return indices.to_vec();
    }
    // 2⁶⁴ · rate; comparing integers gives the same batch on every machine.
    let threshold = (rate.max(0.0) * 18_446_744_073_709_551_616.0) as u64;
    let is_drawn = |_: &&u32| rng.next_u64() < threshold;
    indices.iter().filter(is_drawn).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, rng};

    #[test]
    fn each_index_comes_as_often_as_the_rate_says_whatever_the_others() {
        let indices: Vec<u32> = (100..1100).collect();
        let draw = |step| poisson_sample(&indices, 0.1, &mut rng(1, Stream::Poisson, step, 0));
        let (mut counts, mut sizes) = (vec![0u32; 1000], Vec::new());
        for step in 0..2000 {
            let batch = draw(step);
            assert!(batch.is_sorted());
            batch
                .iter()
                .for_each(|&idx| counts[idx as usize - 100] += 1);
            sizes.push(batch.len() as f64);
        }
        // Binomial: 200 ± 13.4 per image, 100 ± 9.5 per batch.
        assert!(counts.iter().all(|n| (130..270).contains(n)), "{counts:?}");
        let mean = sizes.iter().sum::<f64>() / 2000.0;
        let variance = sizes.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 1999.0;
        assert!((mean - 100.0).abs() < 1.0, "{mean}");
        assert!((variance - 90.0).abs() < 12.0, "{variance}");
        assert_eq!(draw(3), draw(3));
    }

    #[test]
    fn a_rate_of_one_is_everything_and_of_zero_nothing() {
        let mut rng = rng(1, Stream::Poisson, 0, 0);
        assert_eq!(poisson_sample(&[4, 7], 1.0, &mut rng), [4, 7]);
        assert_eq!(poisson_sample(&[4, 7], 0.0, &mut rng), [0u32; 0]);
    }
}
