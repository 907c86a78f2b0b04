//! The middle of the window: many runs over ranges of settings.

use egui::Ui;

use super::Cx;
use crate::ui::theme::tokens;

/// The sweeps.
#[derive(Default)]
pub struct SweepPanel {}

impl SweepPanel {
    /// Says that there is no sweep.
    pub fn ui(&mut self, ui: &mut Ui, _cx: &mut Cx<'_>) {
        let height = ui.available_height();
        ui.vertical_centered(|ui| {
            ui.add_space((height * 0.38).max(0.0));
            ui.label(egui::RichText::new("There is no sweep yet.").heading());
            ui.add_space(4.0);
            let text = "A sweep trains one run for each of many settings, to find what works.";
            ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
        });
    }
}
