//! How the values of a setting lie along the horizontal axis of a plot.

use egui_plot::{GridInput, GridMark};
use toml::Value;

use crate::picture::{plain, round_to};
use crate::sweep::{Axis, Values};
use crate::text;
use crate::ui::panels::grid_marks::{linear_marks, log_marks};

/// A horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Across {
    /// Numbers, spaced evenly.
    Linear,
    /// Numbers, spaced evenly, with zero in sight.
    FromZero,
    /// Numbers, spaced by their logarithms to the base of ten.
    Log,
    /// One place per value of a list, in order.
    Words(Vec<String>),
}

impl Across {
    /// The axis for a varied setting: logarithmic where its range is.
    pub(super) fn of(axis: &Axis) -> Across {
        match &axis.values {
            Values::LogRange(_) | Values::LogIntRange(_) => Across::Log,
            Values::Range(_) | Values::IntRange(_) => Across::Linear,
            // A list is short: its values stand side by side.
            Values::List(list) => Across::Words(list.iter().map(word).collect()),
        }
    }

    /// The place of a value on the axis.
    pub(super) fn place(&self, value: &Value) -> Option<f64> {
        match self {
            Across::Linear | Across::FromZero => number(value),
            Across::Log => number(value).filter(|n| *n > 0.0).map(f64::log10),
            Across::Words(words) => {
                let value = word(value);
                let idx = words.iter().position(|word| *word == value)?;
                Some(idx as f64)
            }
        }
    }

    /// The marks in sight.
    pub(super) fn marks(&self, input: GridInput) -> Vec<GridMark> {
        match self {
            Across::Linear | Across::FromZero => linear_marks(input, 5.0),
            Across::Log => log_marks(input),
            Across::Words(words) => (0..words.len())
                .map(|idx| GridMark {
                    value: idx as f64,
                    step_size: 1.0,
                })
                .collect(),
        }
    }

    /// The label at a mark.
    pub(super) fn label(&self, mark: GridMark) -> String {
        match self {
            Across::Linear | Across::FromZero => plain(mark.value, mark.step_size),
            Across::Log => text::setting(round_to(10_f64.powf(mark.value), 2)),
            Across::Words(words) => {
                let idx = mark.value.round();
                let is_one = idx >= 0.0 && (mark.value - idx).abs() < 1e-6;
                let word = words.get(idx as usize).filter(|_| is_one);
                word.cloned().unwrap_or_default()
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|n| n as f64))
}

fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
