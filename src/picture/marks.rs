//! Axis ticks and their labels.

/// A tick of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Position; on a logarithmic axis, the logarithm.
    pub value: f64,
    /// Distance to the next tick of its kind.
    pub step: f64,
}

/// Ticks of a logarithmic axis: powers of ten, and 2 and 5 between them if there is room. The
/// bounds are logarithms to the base of ten.
pub fn log_marks(low: f64, high: f64) -> Vec<Mark> {
    if !(high - low).is_finite() || high - low > 60.0 {
        return Vec::new();
    }
    let mut marks = Vec::new();
    for decade in low.floor() as i64..=high.ceil() as i64 {
        for (factor, step) in [(1.0f64, 1.0), (2.0, 0.3), (5.0, 0.3)] {
            let value = decade as f64 + factor.log10();
            if (low..=high).contains(&value) {
                marks.push(Mark { value, step });
            }
        }
    }
    marks
}

/// Ticks of a linear axis at round numbers, about `n` of them.
pub fn linear_marks(low: f64, high: f64, n: f64) -> Vec<Mark> {
    let rough = (high - low) / n;
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|&step| step >= rough)
        .unwrap_or(rough);
    let marks = (low / step).ceil() as i64..=(high / step).floor() as i64;
    let mark = |i: i64| Mark {
        value: i as f64 * step,
        step,
    };
    marks.map(mark).collect()
}

/// Formats `value` with as many decimals as the distance between two ticks needs.
pub fn plain(value: f64, step: f64) -> String {
    let decimals = (-step.log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// Rounds `value` to so many significant digits.
pub fn round_to(value: f64, digits: i32) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
