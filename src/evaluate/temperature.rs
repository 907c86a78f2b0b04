//! Temperature scaling: the one number that the logits are divided by so that confidence and
//! accuracy agree (Guo et al. 2017, section 4.2).

use super::error::EvaluateError;
use super::predictions::Predictions;
use crate::model::TEMPERATURES;

/// Steps until bisection alone would have found the scale to the last bit.
const MAX_STEPS: usize = 64;

/// Finds the temperature that minimizes the negative log likelihood of the labels. Images whose
/// output is not finite are left out. Fit it on validation images: on training images the model is
/// surer of itself than it should be.
///
/// # Errors
/// [`EvaluateError::NoTemperature`] if no temperature within [`TEMPERATURES`] does, for example
/// because all images are classified correctly, so that the smallest one would be the best.
pub fn fit_temperature(predictions: &Predictions) -> Result<f64, EvaluateError> {
    let images: Vec<(&[f32], usize)> = predictions
        .finite()
        .map(|at| (predictions.logits(at), predictions.labels()[at] as usize))
        .collect();
    let none = |reason| EvaluateError::NoTemperature {
        n_images: images.len(),
        reason,
    };
    // By the inverse of the temperature, the likelihood is convex: its slope has one root.
    let (mut low, mut high) = (1.0 / TEMPERATURES.end(), 1.0 / TEMPERATURES.start());
    if slope(&images, high).0 <= 0.0 {
        return Err(none(
            "they are classified correctly, and more confidence is always better",
        ));
    }
    if slope(&images, low).0 >= 0.0 {
        return Err(none("the model does not do better than chance"));
    }
    let mut scale = 1.0;
    for _ in 0..MAX_STEPS {
        let (first, second) = slope(&images, scale);
        match first > 0.0 {
            true => high = scale,
            false => low = scale,
        }
        let newton = scale - first / second;
        let next = match newton > low && newton < high {
            true => newton,
            false => f64::midpoint(low, high),
        };
        let is_found = (next - scale).abs() <= 1e-13 * scale;
        scale = next;
        if is_found {
            break;
        }
    }
    Ok((1.0 / scale).clamp(*TEMPERATURES.start(), *TEMPERATURES.end()))
}

/// First and second derivative of the negative log likelihood by `scale`, which multiplies the
/// logits: the mean logit minus that of the label, and the variance of the logits.
fn slope(images: &[(&[f32], usize)], scale: f64) -> (f64, f64) {
    let (mut first, mut second) = (0.0, 0.0);
    for (row, label) in images {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let below = |logit: f32| f64::from(logit) - f64::from(largest);
        let (mut total, mut mean, mut square) = (0.0, 0.0, 0.0);
        for below in row.iter().copied().map(below) {
            let weight = (scale * below).exp();
            total += weight;
            mean += weight * below;
            square += weight * below * below;
        }
        mean /= total;
        first += mean - below(row[*label]);
        second += square / total - mean * mean;
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Loss;

    fn fit(rows: &[[f32; 2]], labels: &[u32]) -> Result<f64, EvaluateError> {
        let loss = Loss::CROSS_ENTROPY;
        let made = Predictions::from_logits(rows.concat(), labels.to_vec(), 2, loss, None);
        fit_temperature(&made.unwrap())
    }

    #[test]
    fn two_classes_have_a_closed_solution() {
        // Right in three of four with a gap of 4: 4 / T = ln 3.
        let rows = [[4.0, 0.0]; 4];
        let found = fit(&rows, &[0, 0, 0, 1]).unwrap();
        assert!((found - 4.0 / 3f64.ln()).abs() < 1e-12, "{found}");
        // An output that is not finite takes no part.
        let rows = [
            [4.0, 0.0],
            [4.0, 0.0],
            [4.0, 0.0],
            [4.0, 0.0],
            [f32::NAN, 1.0],
        ];
        assert_eq!(fit(&rows, &[0, 0, 0, 1, 1]).unwrap(), found);
    }

    #[test]
    fn images_that_fit_no_temperature_are_refused() {
        for (labels, words) in [
            ([0, 0], "more confidence"),
            ([1, 1], "chance"),
            ([0, 1], "chance"),
        ] {
            let error = fit(&[[4.0, 0.0]; 2], &labels).unwrap_err().to_string();
            assert!(
                error.contains(words) && error.contains("2 images"),
                "{error}"
            );
        }
        assert!(fit(&[], &[]).is_err());
    }
}
