//! Training images in a grid, with their label and a number.

use egui::{
    Align2, FontId, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use super::super::PanelContext;
use super::thumbnails::Thumbnails;
use crate::studio::ExplainAction;
use crate::text;
use crate::ui::theme::{self, tokens};

/// Least and most side of an image, and height of the text below it, in points.
const SIDES: [f32; 2] = [64.0, 128.0];
const TEXT: f32 = 32.0;

/// Distance between images.
const GAP: f32 = 8.0;

/// Fewest images that are shown, and images in a row for which they grow.
const N_LEAST: usize = 12;
const N_COLUMNS: f32 = 8.0;

/// A training image that is shown.
pub(super) struct Shown {
    /// Its index.
    pub(super) image: usize,
    /// The name of its label.
    pub(super) label: String,
    /// What the number below it is, and the number.
    pub(super) number: (&'static str, String),
}

/// Draws training images in a grid, as many as there is room for.
pub(super) fn grid_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    name: &str,
    images: &[Shown],
    thumbnails: &Thumbnails,
) {
    let room = ui.available_size() - vec2(8.0, 0.0);
    let side = (room.x / N_COLUMNS - GAP).clamp(SIDES[0], SIDES[1]).floor();
    let n_columns = ((room.x + GAP) / (side + GAP)).max(1.0) as usize;
    let n_rows = ((room.y + GAP) / (side + TEXT + GAP)).max(1.0) as usize;
    let n_shown = (n_rows * n_columns).max(N_LEAST).min(images.len());
    ui.spacing_mut().item_spacing = vec2(GAP, GAP);
    ScrollArea::vertical()
        .id_salt(name)
        .auto_shrink(false)
        .show(ui, |ui| {
            for first in (0..n_shown).step_by(n_columns) {
                ui.horizontal(|ui| {
                    let row = images.iter().enumerate().take(n_shown).skip(first);
                    for (place, shown) in row.take(n_columns) {
                        image_ui(ui, cx, shown, (thumbnails, place), side);
                    }
                });
            }
        });
}

fn image_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    shown: &Shown,
    (thumbnails, place): (&Thumbnails, usize),
    side: f32,
) {
    let (label, (what, number)) = (&shown.label, &shown.number);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side + TEXT), Sense::click());
    let name = format!(
        "training image {}: label {label}, {what} {number}",
        shown.image
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if ui.is_rect_visible(rect) {
        let t = tokens(ui);
        let picture = Rect::from_min_size(rect.min, vec2(side, side));
        ui.painter().rect_filled(picture, 2.0, theme::CANVAS);
        thumbnails.paint(ui.painter(), picture, place);
        if response.hovered() || response.has_focus() {
            let line = Stroke::new(2.0, t.text);
            ui.painter()
                .rect_stroke(picture, 2.0, line, StrokeKind::Outside);
        }
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let line = |text: &str, up: f32, color| {
            let at = rect.center_bottom() - vec2(0.0, up);
            let font = FontId::proportional(12.0);
            painter.text(at, Align2::CENTER_BOTTOM, text, font, color);
        };
        line(label, 15.0, t.text);
        line(number, 0.0, t.quiet);
    }
    let about = format!(
        "{}. A click puts it on the canvas.",
        text::capitalized(&name)
    );
    if response.on_hover_text(about).clicked() {
        cx.act(ExplainAction::OpenTrainingImage(shown.image));
    }
}
