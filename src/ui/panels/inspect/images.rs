//! The images of an inspected batch, framed by what happened to them.

use egui::{
    Color32, Image, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle, Ui, WidgetInfo,
    vec2,
};

use super::{InspectPanel, Stage};
use crate::train::{InspectedImage, Inspection};
use crate::ui::theme::{self, UNIT, tokens};

/// Height of the visible images: two rows.
const IMAGES_HEIGHT: f32 = 88.0;

/// Distance between images.
const GAP: f32 = 8.0;

/// Side of an image.
const SIDE: f32 = 34.0;

impl InspectPanel {
    /// Draws as many images in a row as fit.
    pub(super) fn images_ui(&mut self, ui: &mut Ui, inspection: &Inspection) {
        legend_ui(ui, self.stage);
        let n = self.pictures.len().min(inspection.images.len());
        let per_row = ((ui.available_width() / (SIDE + GAP)) as usize).max(1);
        let area = ScrollArea::vertical().id_salt("images of the batch");
        area.max_height(IMAGES_HEIGHT).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(GAP, GAP);
            for first in (0..n).step_by(per_row) {
                ui.horizontal(|ui| {
                    for idx in first..n.min(first + per_row) {
                        self.image_ui(ui, inspection, idx);
                    }
                });
            }
        });
    }

    fn image_ui(&mut self, ui: &mut Ui, inspection: &Inspection, idx: usize) {
        let n_with_maps = inspection.pictures.iter().map(|p| p.n_images()).max();
        let has_maps = n_with_maps.is_some_and(|n| idx < n);
        let image = &inspection.images[idx];
        let sense = if has_maps {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), sense);
        let about = about(image);
        let is_chosen = has_maps && self.image == idx;
        response.widget_info(|| match has_maps {
            true => WidgetInfo::selected(Role::Button, true, is_chosen, &about),
            false => WidgetInfo::labeled(Role::Image, true, &about),
        });
        Image::new(&self.pictures[idx]).paint_at(ui, rect);
        if let Some((color, _)) = outcome(ui, self.stage, image) {
            let line = Stroke::new(2.0, color);
            ui.painter()
                .rect_stroke(rect, 0.0, line, StrokeKind::Inside);
        }
        if is_chosen || response.has_focus() {
            let line = Stroke::new(2.0, tokens(ui).accent);
            ui.painter()
                .rect_stroke(rect, 0.0, line, StrokeKind::Outside);
        }
        if response.clicked() {
            self.image = idx;
        }
        let after = match self.stage {
            Stage::Update => format!("{about}, {:.3} after it.", image.loss_after),
            _ => format!("{about}."),
        };
        let click = if has_maps {
            " A click shows its maps."
        } else {
            ""
        };
        let text = format!("{after} Shown as the network sees it, augmented.{click}");
        response.on_hover_text(text);
    }
}

/// What is said about an image.
fn about(image: &InspectedImage) -> String {
    let predicted = match image.predicted {
        Some(class) => format!("predicted {class}"),
        None => "output not finite".to_owned(),
    };
    format!(
        "Training image {}: label {}, {predicted}, loss {:.3} before the update",
        image.index, image.label, image.loss_before
    )
}

/// The frame of an image at a stage, and what it means.
fn outcome(ui: &Ui, stage: Stage, image: &InspectedImage) -> Option<(Color32, &'static str)> {
    let all = meanings(ui, stage);
    let idx = match stage {
        Stage::Update if image.loss_after < image.loss_before => 0,
        Stage::Update => 1,
        _ if image.predicted == Some(image.label) => return None,
        _ => 0,
    };
    all.get(idx).copied()
}

/// The frames of a stage, and what they mean.
fn meanings(ui: &Ui, stage: Stage) -> Vec<(Color32, &'static str)> {
    let t = tokens(ui);
    match stage {
        Stage::Update => vec![(t.good, "its loss fell"), (t.warning, "its loss rose")],
        _ => vec![(t.bad, "classified wrongly")],
    }
}

/// Says what the frames mean; as high at every stage.
fn legend_ui(ui: &mut Ui, stage: Stage) {
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        for (color, text) in meanings(ui, stage) {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            let line = Stroke::new(2.0, color);
            ui.painter()
                .rect_stroke(rect, 0.0, line, StrokeKind::Inside);
            ui.label(theme::quiet(ui, text));
            ui.add_space(2.0 * UNIT);
        }
    });
}

/// The texture of each image, in their order.
pub(super) type Pictures = Vec<TextureHandle>;
