//! Two columns side by side, each as high as the place.

use egui::{Align, Layout, Ui, vec2};

use crate::ui::theme::UNIT;

/// How wide the left one of two columns is.
pub struct Columns {
    /// Its share of the width.
    pub share: f32,
    /// At least this many points, and at most so many.
    pub points: [f32; 2],
    /// Points between the two.
    pub gap: f32,
}

impl Columns {
    /// Draws both in the available space; `context` is what both need.
    pub fn ui<C>(
        &self,
        ui: &mut Ui,
        context: &mut C,
        left_ui: impl FnOnce(&mut Ui, &mut C),
        right_ui: impl FnOnce(&mut Ui, &mut C),
    ) {
        let size = ui.available_size();
        let [least, most] = self.points;
        let left = (self.share * size.x).clamp(least, most).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = self.gap;
            column_ui(ui, [left, size.y], |ui| left_ui(ui, context));
            let right = size.x - left - self.gap;
            column_ui(ui, [right, size.y], |ui| right_ui(ui, context));
        });
    }
}

/// Draws a column of exactly this width and height.
fn column_ui(ui: &mut Ui, [width, height]: [f32; 2], add: impl FnOnce(&mut Ui)) {
    let size = vec2(width, height);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = UNIT;
        add(ui);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fill_the_space_and_the_left_one_keeps_its_limits() {
        let columns = Columns {
            share: 0.5,
            points: [280.0, 480.0],
            gap: 12.0,
        };
        for (width, left) in [(400.0, 280.0), (800.0, 400.0), (2_000.0, 480.0)] {
            let ctx = egui::Context::default();
            let mut found = Vec::new();
            let input = egui::RawInput {
                screen_rect: Some(egui::Rect::from_min_size(
                    egui::Pos2::ZERO,
                    vec2(width, 500.0),
                )),
                ..egui::RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| {
                found.clear();
                let size = |ui: &mut Ui, found: &mut Vec<f32>| found.push(ui.min_size().x);
                columns.ui(ui, &mut found, size, size);
            });
            output.textures_delta.clear();
            assert_eq!(found[0], left);
            assert!(
                (found[0] + found[1] + columns.gap - width).abs() < 1.0,
                "{found:?}"
            );
        }
    }
}
