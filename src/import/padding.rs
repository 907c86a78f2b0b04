//! Padding that is told by its effect.

use crate::model::Shape;

/// The padding that makes an output of ⌈side / stride⌉.
///
/// # Errors
/// When it is not the same on all sides.
pub(super) fn same_padding(input: Shape, kernel: usize, stride: usize) -> Result<usize, String> {
    let Shape::Image([_, height, width]) = input else {
        return Err(format!("needs an image but gets {input}"));
    };
    let total = |side: usize| {
        let n = side.div_ceil(stride.max(1)).saturating_sub(1);
        n.saturating_mul(stride)
            .saturating_add(kernel)
            .saturating_sub(side)
    };
    let [rows, columns] = [total(height), total(width)];
    match rows == columns && rows % 2 == 0 {
        true => Ok(rows / 2),
        false => Err(format!(
            "pads {height}×{width} by {rows} rows and {columns} columns in all, here it is the same \
             on all sides"
        )),
    }
}
