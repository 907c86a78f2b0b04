//! From logits to probabilities.

use candle_core::{D, Result, Tensor};

/// The temperatures a model may have. Beyond them, all classes are equally likely or one is certain.
pub const TEMPERATURES: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// Divides `logits` by a temperature (Guo et al. 2017, On Calibration of Modern Neural Networks);
/// without one they stay as they are, bit for bit. Where the largest logit is does not change.
///
/// The largest of each row becomes 0 first, so that dividing cannot overflow.
///
/// * `logits`: `[n, classes]`
///
/// # Errors
/// When candle cannot allocate the result.
pub fn scale_logits(logits: &Tensor, temperature: Option<f64>) -> Result<Tensor> {
    match temperature {
        None => Ok(logits.clone()),
        Some(t) => logits
            .broadcast_sub(&logits.max_keepdim(D::Minus1)?)?
            .affine(1.0 / t, 0.0),
    }
}

/// The softmax of each row of `logits`, at a temperature.
///
/// * `logits`: `[n, classes]`
///
/// # Errors
/// When candle cannot allocate the result.
pub fn probabilities(logits: &Tensor, temperature: Option<f64>) -> Result<Tensor> {
    let scaled = scale_logits(logits, temperature)?;
    let n_classes = scaled.dim(D::Minus1)?;
    let mut values = scaled.flatten_all()?.to_vec1::<f32>()?;
    values.chunks_exact_mut(n_classes.max(1)).for_each(softmax);
    Tensor::from_vec(values, scaled.shape(), scaled.device())
}

// Candle's would wake a second set of threads, for rows that are too short to be shared.
fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn of<const N: usize>(rows: &[[f32; 3]; N], temperature: Option<f64>) -> Vec<Vec<f32>> {
        let logits = Tensor::new(rows, &Device::Cpu).unwrap();
        probabilities(&logits, temperature)
            .unwrap()
            .to_vec2()
            .unwrap()
    }

    #[test]
    fn a_temperature_divides_the_logits() {
        let halved = of(&[[0.5, -1.0, 2.0]], None);
        let warm = of(&[[1.0, -2.0, 4.0]], Some(2.0));
        for (a, b) in halved[0].iter().zip(&warm[0]) {
            assert!((a - b).abs() < 1e-6, "{halved:?} {warm:?}");
        }
    }

    #[test]
    fn dividing_does_not_overflow_and_nan_stays() {
        let cold = of(&[[3e38, -3e38, 0.0], [f32::NAN, 0.0, 1.0]], Some(0.01));
        assert_eq!(cold[0], [1.0, 0.0, 0.0]);
        assert!(cold[1].iter().all(|p| p.is_nan()), "{cold:?}");
    }
}
