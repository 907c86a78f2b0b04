//! Grid marks of plots.

use egui_plot::{GridInput, GridMark};

use crate::picture::{self, Mark};

/// Grid marks of a logarithmic axis.
pub fn log_marks(input: GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    grid(picture::log_marks(low, high))
}

/// Grid marks of a linear axis at round numbers, about `n` of them.
pub fn linear_marks(input: GridInput, n: f64) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    grid(picture::linear_marks(low, high, n))
}

fn grid(marks: Vec<Mark>) -> Vec<GridMark> {
    let mark = |mark: Mark| GridMark {
        value: mark.value,
        step_size: mark.step,
    };
    marks.into_iter().map(mark).collect()
}
