//! Fits images of any size to the canvas.

use super::{Pad, blank};
use crate::data::GrayImage;

/// Returns `image` on a blank canvas, centered and as large as fits. Each pixel of the canvas is
/// the mean of what it covers: pixels of a small image stay sharp squares, so that downscaling
/// gives the same image back.
pub(super) fn fitted(image: &GrayImage) -> GrayImage {
    let mut sheet = blank();
    let longer = image.width.max(image.height);
    if longer == 0 {
        return sheet;
    }
    let scale = Pad::SIDE as f32 / longer as f32;
    let size = |n: usize| ((n as f32 * scale).round() as usize).clamp(1, Pad::SIDE);
    let (width, height) = (size(image.width), size(image.height));
    let (left, top) = ((Pad::SIDE - width) / 2, (Pad::SIDE - height) / 2);
    let columns: Vec<Vec<(usize, f32)>> =
        (0..width).map(|x| covered(x, width, image.width)).collect();
    for y in 0..height {
        let rows = covered(y, height, image.height);
        for (x, columns) in columns.iter().enumerate() {
            let mut sum = 0.0;
            for &(row, row_share) in &rows {
                for &(column, column_share) in columns {
                    let gray = image.pixels[row * image.width + column];
                    sum += row_share * column_share * f32::from(gray);
                }
            }
            sheet.pixels[(top + y) * Pad::SIDE + left + x] = sum.round() as u8;
        }
    }
    sheet
}

/// The pixels along an axis of `n_from` that pixel `idx` of `n_to` covers, with weights that sum to
/// 1.
fn covered(idx: usize, n_to: usize, n_from: usize) -> Vec<(usize, f32)> {
    let ratio = n_from as f32 / n_to as f32;
    let (start, end) = (idx as f32 * ratio, (idx as f32 + 1.0) * ratio);
    let last = (end.ceil() as usize).min(n_from);
    (start as usize..last)
        .map(|i| (i, (end.min(i as f32 + 1.0) - start.max(i as f32)) / ratio))
        .filter(|&(_, share)| share > 0.0)
        .collect()
}
