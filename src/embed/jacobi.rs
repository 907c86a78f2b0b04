//! Eigenvalues of a small symmetric matrix, by Jacobi's rotations.

/// Most sweeps over all pairs: ten are enough for every matrix met so far.
const MAX_SWEEPS: usize = 50;

/// Returns the eigenvalues of a symmetric matrix, the largest first, and the eigenvectors as columns
/// of a matrix. Golub and Van Loan, Matrix Computations, 8.5.
pub(super) fn eigen<const N: usize>(mut a: [[f64; N]; N]) -> ([f64; N], [[f64; N]; N]) {
    let mut v = [[0.0; N]; N];
    (0..N).for_each(|i| v[i][i] = 1.0);
    for _ in 0..MAX_SWEEPS {
        let pairs = || (0..N).flat_map(|p| (p + 1..N).map(move |q| (p, q)));
        let off: f64 = pairs().map(|(p, q)| a[p][q] * a[p][q]).sum();
        let all: f64 = (0..N).map(|i| a[i][i] * a[i][i]).sum();
        if off <= all * 1e-32 {
            break;
        }
        pairs().for_each(|(p, q)| rotate(&mut a, &mut v, p, q));
    }
    let mut order: [usize; N] = std::array::from_fn(|i| i);
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    let values = order.map(|i| a[i][i]);
    (values, v.map(|row| order.map(|i| row[i])))
}

/// Makes `a[p][q]` zero.
fn rotate<const N: usize>(a: &mut [[f64; N]; N], v: &mut [[f64; N]; N], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let turn = |x: f64, y: f64| (c * x - s * y, s * x + c * y);
    for row in a.iter_mut().chain(v.iter_mut()) {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    let (of_p, of_q) = (a[p], a[q]);
    for (k, (x, y)) in of_p.into_iter().zip(of_q).enumerate() {
        (a[p][k], a[q][k]) = turn(x, y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_are_turned_into_multiples_of_themselves() {
        let a = [
            [4.0, 1.0, -2.0, 0.5],
            [1.0, 2.0, 0.0, 1.0],
            [-2.0, 0.0, 3.0, -1.5],
            [0.5, 1.0, -1.5, 1.0],
        ];
        let (values, vectors) = eigen(a);
        assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
        for (j, value) in values.iter().enumerate() {
            for row in 0..4 {
                let turned: f64 = (0..4).map(|k| a[row][k] * vectors[k][j]).sum();
                assert!((turned - value * vectors[row][j]).abs() < 1e-12);
            }
        }
    }
}
