//! Where the axes have marks, and what is written at them.

use egui_plot::{GridInput, GridMark};

use super::lens::{Lens, Metric, XAxis};
use crate::ui::format;

/// Marks of a logarithmic axis: powers of ten, and 2 and 5 between them where there is room.
pub fn log_marks(input: GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    if !(high - low).is_finite() || high - low > 60.0 {
        return Vec::new();
    }
    let mut marks = Vec::new();
    for decade in low.floor() as i64..=high.ceil() as i64 {
        for (factor, step_size) in [(1.0f64, 1.0), (2.0, 0.3), (5.0, 0.3)] {
            let value = decade as f64 + factor.log10();
            if (low..=high).contains(&value) {
                marks.push(GridMark { value, step_size });
            }
        }
    }
    marks
}

/// Marks of a linear axis at round numbers, about `n` of them.
pub fn linear_marks(input: GridInput, n: f64) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let rough = (high - low) / n;
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * decade)
        .into_iter()
        .find(|&step| step >= rough);
    let step_size = step.unwrap_or(rough);
    let marks = (low / step_size).ceil() as i64..=(high / step_size).floor() as i64;
    marks
        .map(|i| GridMark {
            value: i as f64 * step_size,
            step_size,
        })
        .collect()
}

/// The number at a mark of the vertical axis.
pub fn y_label(lens: &Lens, mark: GridMark) -> String {
    match lens.metric {
        Metric::Loss if lens.is_y_log => format::setting(round_to(lens.y_value(mark.value), 2)),
        Metric::Loss => plain(mark.value, mark.step_size),
        // Marks above 100 % would be marks of nothing.
        Metric::Accuracy if mark.value > 1.0 + 1e-9 => String::new(),
        Metric::Accuracy => format!("{} %", plain(100.0 * mark.value, 100.0 * mark.step_size)),
    }
}

/// The number at a mark of the horizontal axis.
pub fn x_label(lens: &Lens, mark: GridMark) -> String {
    let value = if lens.is_x_log {
        round_to(lens.x_value(mark.value), 2)
    } else {
        mark.value
    };
    if value < 0.0 {
        return String::new();
    }
    match lens.x_axis {
        XAxis::Step | XAxis::Images if value >= 1000.0 => thousands(value),
        _ if lens.is_x_log => format::setting(value),
        _ => plain(value, mark.step_size),
    }
}

/// `12k`, `1.5k`, `2M`.
fn thousands(value: f64) -> String {
    let (scaled, letter) = if value < 1e6 {
        (value / 1e3, 'k')
    } else {
        (value / 1e6, 'M')
    };
    format!("{}{letter}", format::setting(round_to(scaled, 4)))
}

/// With as many decimals as the distance between two marks needs.
fn plain(value: f64, step: f64) -> String {
    let decimals = (-step.log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// Rounded to so many digits that tell.
fn round_to(value: f64, digits: i32) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
