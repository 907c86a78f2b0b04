//! The uncertainty of a share.

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Returns the 95 % interval of a share of `n_right` in `n` (Wilson 1927): unlike the usual one it
/// stays within 0 and 1, and is right for few images and for shares near 1.
pub fn wilson(n_right: u64, n: u64) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let (share, n) = (n_right as f64 / n as f64, n as f64);
    let center = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let (low, high) = ((center - reach) / scale, (center + reach) / scale);
    // Rounding errors would exclude a share that was seen.
    [low.clamp(0.0, share), high.clamp(share, 1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_zero_and_one() {
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
        let [low, high] = wilson(10, 10);
        assert!((low - 0.722_467_0).abs() < 1e-6, "{low}");
        assert_eq!(high, 1.0);
        assert_eq!(wilson(0, 10)[0], 0.0);
    }
}
