//! Grid marks of the axes and their labels.

use egui_plot::GridMark;

use super::lens::{Lens, XAxis, YAxis};
use crate::picture::{plain, round_to};
use crate::text;

/// The label at a mark of the vertical axis.
pub fn y_label(lens: &Lens, mark: GridMark) -> String {
    if lens.is_difference {
        return difference_label(lens.metric, mark);
    }
    match lens.metric {
        YAxis::Loss if lens.is_y_log => text::setting(round_to(lens.y_value(mark.value), 2)),
        YAxis::Loss => plain(mark.value, mark.step_size),
        // Marks above 100 % would be meaningless.
        YAxis::Accuracy if mark.value > 1.0 + 1e-9 => String::new(),
        YAxis::Accuracy => format!("{} %", plain(100.0 * mark.value, 100.0 * mark.step_size)),
    }
}

/// The label with its sign: above or below the baseline.
fn difference_label(metric: YAxis, mark: GridMark) -> String {
    let (scale, unit) = match metric {
        YAxis::Loss => (1.0, ""),
        YAxis::Accuracy => (100.0, " %"),
    };
    let number = plain((scale * mark.value).abs(), scale * mark.step_size);
    match mark.value {
        value if value.abs() < 1e-12 => format!("0{unit}"),
        value if value < 0.0 => format!("−{number}{unit}"),
        _ => format!("+{number}{unit}"),
    }
}

/// The label at a mark of the horizontal axis.
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
        XAxis::Step | XAxis::Images if value >= 1000.0 => short(value),
        _ if lens.is_x_log => text::setting(value),
        _ => plain(value, mark.step_size),
    }
}

/// `12k`, `1.5k`, `2M`.
fn short(value: f64) -> String {
    let (scaled, letter) = if value < 1e6 {
        (value / 1e3, 'k')
    } else {
        (value / 1e6, 'M')
    };
    format!("{}{letter}", text::setting(round_to(scaled, 4)))
}
