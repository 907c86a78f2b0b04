//! Values as colors, readable with every kind of color vision: orange above zero, blue below it,
//! black at zero.

use egui::{ColorImage, Sense, Ui, vec2};

use crate::explain::{AGAINST, FOR};
use crate::ui::theme::{self, UNIT};

/// The distance from zero of the value furthest from it.
pub fn furthest(values: &[f32]) -> f32 {
    let distances = values.iter().map(|v| v.abs()).filter(|v| v.is_finite());
    distances.fold(0.0, f32::max)
}

/// The color of a value, where `most` has the full color.
pub fn signed_color(value: f32, most: f32) -> [u8; 3] {
    let share = match most > 0.0 && value.is_finite() {
        true => (value.abs() / most).min(1.0),
        false => 0.0,
    };
    let ink = if value < 0.0 { AGAINST } else { FOR };
    ink.map(|ink| (share * f32::from(ink)).round() as u8)
}

/// A map of `[height, width]` as a picture.
pub fn signed_picture(values: &[f32], [height, width]: [usize; 2], most: f32) -> ColorImage {
    let pixels: Vec<u8> = values.iter().flat_map(|v| signed_color(*v, most)).collect();
    ColorImage::from_rgb([width, height], &pixels)
}

/// Says what the colors mean.
pub fn signed_legend_ui(ui: &mut Ui) {
    for (value, text) in [(1.0, "above zero"), (0.0, "zero"), (-1.0, "below zero")] {
        ui.spacing_mut().item_spacing.x = UNIT;
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        let color = theme::rgb(signed_color(value, 1.0));
        ui.painter().rect_filled(rect, 2.0, color);
        ui.label(theme::quiet(ui, text));
        ui.add_space(2.0 * UNIT);
    }
}
