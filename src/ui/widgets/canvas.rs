//! The sheet to draw on.

use egui::{
    Color32, ColorImage, CursorIcon, Event, PointerButton, Pos2, Rect, Role, Sense, Stroke,
    StrokeKind, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo,
};

use crate::studio::{Action, Pad, Stroke as PenStroke};
use crate::ui::theme::{self, tokens};

/// The picture of the pad on the graphics side, renewed when the pad's version changes.
#[derive(Default)]
pub struct Canvas {
    texture: Option<(u64, TextureHandle)>,
}

impl Canvas {
    /// Shows the pad `side` points large and reports what the pen does. Left draws, right erases.
    pub fn ui(&mut self, ui: &mut Ui, pad: &Pad, side: f32, actions: &mut Vec<Action>) {
        // A click needs no telling from a drag: both are strokes, and a dot is a short one.
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Drawing canvas"));
        if response.drag_started() {
            let erases = ui.input(|i| i.pointer.button_down(PointerButton::Secondary));
            let points = pen_points(ui, rect, false);
            actions.push(Action::BeginStroke(PenStroke { erases, points }));
        } else if response.dragged() || response.drag_stopped() {
            let points = pen_points(ui, rect, true);
            if !points.is_empty() {
                actions.push(Action::ExtendStroke(points));
            }
        }
        if response.drag_stopped() {
            actions.push(Action::EndStroke);
        }
        self.paint(ui, pad, rect);
        if response.hovered() || response.dragged() {
            pen_outline(ui, pad, rect);
        }
        response.on_hover_cursor(CursorIcon::None);
    }

    fn paint(&mut self, ui: &Ui, pad: &Pad, rect: Rect) {
        let painter = ui.painter();
        painter.rect_filled(rect, 4.0, theme::CANVAS);
        let whole = Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0));
        painter.image(self.texture(ui, pad).id(), rect, whole, Color32::WHITE);
        let rim = Stroke::new(1.0, tokens(ui).hairline);
        painter.rect_stroke(rect, 4.0, rim, StrokeKind::Outside);
    }

    fn texture(&mut self, ui: &Ui, pad: &Pad) -> &TextureHandle {
        let version = pad.version();
        let make = || ColorImage::from_gray([Pad::SIDE; 2], &pad.image().pixels);
        let (shown, texture) = self.texture.get_or_insert_with(|| {
            let texture = ui.load_texture("canvas", make(), TextureOptions::LINEAR);
            (version, texture)
        });
        if *shown != version {
            texture.set(make(), TextureOptions::LINEAR);
            *shown = version;
        }
        texture
    }
}

/// Where the pen was down during this frame, in canvas coordinates. A fast hand moves several
/// times between two frames, and all of it belongs to the stroke.
fn pen_points(ui: &Ui, rect: Rect, mut is_down: bool) -> Vec<[f32; 2]> {
    let to_pad = |pos: Pos2| {
        let d = (pos - rect.min) / rect.size();
        [d.x, d.y]
    };
    let mut points = Vec::new();
    ui.input(|input| {
        for event in &input.events {
            match *event {
                Event::PointerMoved(pos) if is_down => points.push(to_pad(pos)),
                Event::PointerButton { pos, pressed, .. } => {
                    if pressed && !is_down && rect.contains(pos) {
                        points.push(to_pad(pos));
                    }
                    is_down = pressed;
                }
                _ => {}
            }
        }
        // A stroke has at least one point, also when the press came through another event.
        if points.is_empty()
            && let Some(pos) = input.pointer.interact_pos()
        {
            points.push(to_pad(pos));
        }
    });
    points
}

/// Shows how wide the pen is.
fn pen_outline(ui: &Ui, pad: &Pad, rect: Rect) {
    let Some(pos) = ui.input(|i| i.pointer.latest_pos()) else {
        return;
    };
    let radius = pad.brush() * rect.width() / 2.0;
    let painter = ui.painter().with_clip_rect(rect);
    let stroke = |grey, width| Stroke::new(width, Color32::from_gray(grey));
    painter.circle_stroke(pos, radius, stroke(40, 3.0));
    painter.circle_stroke(pos, radius, stroke(200, 1.0));
}
