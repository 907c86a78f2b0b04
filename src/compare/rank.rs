//! Rank correlation: whether a metric rises or falls with a setting, whatever the shape.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The correlation of two columns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Correlation {
    /// Spearman's ρ, from −1 (one falls as the other rises) to 1.
    pub rho: f64,
    /// p value: how often chance alone would show one as large, two-sided.
    pub p: f64,
}

/// Computes Spearman's rank correlation (1904); ties share their mean rank. `None` for fewer than
/// three pairs, or if a column does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Correlation> {
    let n = x.len().min(y.len());
    if n < 3 {
        return None;
    }
    let (x, y) = (ranks(&x[..n]), ranks(&y[..n]));
    // The mean rank, ties or not.
    let mean = (n as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let spread = product(&x, &x) * product(&y, &y);
    if spread <= 0.0 {
        return None;
    }
    let rho = (product(&x, &y) / spread.sqrt()).clamp(-1.0, 1.0);
    let freedom = n as f64 - 2.0;
    let t = rho.abs() * (freedom / (1.0 - rho * rho)).sqrt();
    let p = match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if t.is_finite() => 2.0 * student.sf(t),
        _ => 0.0,
    };
    Some(Correlation { rho, p })
}

/// Returns ranks from 1; equal values share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = start as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&idx| ranks[idx] = rank);
        start += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::seeds::tests::fixture;

    #[test]
    fn correlations_are_scipys() {
        for case in fixture()["spearman"].as_array().unwrap() {
            let column = |name: &str| -> Vec<f64> {
                let values = case[name].as_array().unwrap().iter();
                values.map(|v| v.as_f64().unwrap()).collect()
            };
            let found = spearman(&column("x"), &column("y")).unwrap();
            assert!(
                (found.rho - case["rho"].as_f64().unwrap()).abs() < 1e-12,
                "{case}"
            );
            assert!(
                (found.p - case["p"].as_f64().unwrap()).abs() < 1e-9,
                "{case}"
            );
        }
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!(spearman(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        let perfect = spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((perfect.rho, perfect.p), (1.0, 0.0));
    }
}
