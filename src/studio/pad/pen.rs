//! The pen: draws segments of strokes as ink.

use super::Pad;
use crate::data::GrayImage;

/// The pen while a stroke is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) erases: bool,
    pub(super) at: [f32; 2],
}

/// Draws a straight segment with round ends. Segments overlap where they meet, so ink takes the
/// larger of two coverages: adding would leave beads along a slow stroke.
pub(super) fn draw_line(image: &mut GrayImage, pen: Pen, to: [f32; 2], brush: f32) {
    let side = Pad::SIDE as f32;
    let radius = brush * side / 2.0;
    let [from, to] = [pen.at, to].map(|p| p.map(|c| c * side));
    let pixels_between = |a: f32, b: f32| {
        let first = (a.min(b) - radius - 1.0).clamp(0.0, side) as usize;
        let end = (a.max(b) + radius + 2.0).clamp(0.0, side) as usize;
        first..end
    };
    for y in pixels_between(from[1], to[1]) {
        for x in pixels_between(from[0], to[0]) {
            let center = [x as f32 + 0.5, y as f32 + 0.5];
            // One pixel wide, the edge covers part of the pixels it runs through.
            let coverage = (radius + 0.5 - distance(center, from, to)).clamp(0.0, 1.0);
            let ink = (coverage * 255.0).round() as u8;
            let pixel = &mut image.pixels[y * Pad::SIDE + x];
            *pixel = if pen.erases {
                (*pixel).min(255 - ink)
            } else {
                (*pixel).max(ink)
            };
        }
    }
}

/// Distance of `point` from the line between `a` and `b`.
fn distance(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let [px, py] = [point[0] - a[0], point[1] - a[1]];
    let length_squared = dx * dx + dy * dy;
    let along = if length_squared > 0.0 {
        ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - along * dx).hypot(py - along * dy)
}
