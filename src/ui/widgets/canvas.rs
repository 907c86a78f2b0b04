//! The canvas to draw on.

use egui::{
    Color32, ColorImage, CursorIcon, Event, PointerButton, Pos2, Rect, Role, Sense, Stroke,
    StrokeKind, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo,
};

use crate::studio::{Action, CanvasAction, Pad, Stroke as PenStroke};
use crate::ui::theme::{self, tokens};

/// The texture of the pad, updated when the pad's version changes, and the state of the pen.
#[derive(Default)]
pub struct Canvas {
    texture: Option<(u64, TextureHandle)>,
    /// The pointer button of the current stroke.
    down: Option<PointerButton>,
}

impl Canvas {
    /// Draws the pad `side` points large, queues the pen's actions, and returns where it is. Left
    /// draws, right erases. Several `objects` (left, top, width, height; from 0 to 1) get a box each.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        pad: &Pad,
        objects: &[[f32; 4]],
        side: f32,
        actions: &mut Vec<Action>,
    ) -> Rect {
        // No need to distinguish clicks from drags: both are strokes, and a dot is a short one.
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Drawing canvas"));
        self.pen(ui, rect, actions);
        self.paint(ui, pad, rect);
        if objects.len() > 1 {
            objects
                .iter()
                .for_each(|&object| object_box(ui, rect, object));
        }
        if response.hovered() || self.down.is_some() {
            pen_outline(ui, pad, rect);
        }
        response.on_hover_cursor(CursorIcon::None);
        rect
    }

    /// Follows the pointer event by event. Between two frames the pen can move several times, be
    /// lifted and put down again, which the position at the end of the frame does not show.
    fn pen(&mut self, ui: &Ui, rect: Rect, actions: &mut Vec<Action>) {
        let to_pad = |pos: Pos2| {
            let d = (pos - rect.min) / rect.size();
            [d.x, d.y]
        };
        let events = ui.input(|input| input.events.clone());
        for event in events {
            match event {
                Event::PointerMoved(pos) if self.down.is_some() => {
                    extend(actions, to_pad(pos));
                }
                Event::PointerButton {
                    pos,
                    button: button @ (PointerButton::Primary | PointerButton::Secondary),
                    pressed: true,
                    ..
                } if self.down.is_none() && is_on_top(ui, rect, pos) => {
                    self.down = Some(button);
                    let erases = button == PointerButton::Secondary;
                    let points = vec![to_pad(pos)];
                    actions.push(CanvasAction::BeginStroke(PenStroke { erases, points }).into());
                }
                Event::PointerButton {
                    pos,
                    button,
                    pressed: false,
                    ..
                } if self.down == Some(button) => {
                    extend(actions, to_pad(pos));
                    self.lift(actions);
                }
                _ => {}
            }
        }
        // A release over another window sends no event.
        if self.down.is_some() && !ui.input(|input| input.pointer.any_down()) {
            self.lift(actions);
        }
    }

    fn lift(&mut self, actions: &mut Vec<Action>) {
        self.down = None;
        actions.push(CanvasAction::EndStroke.into());
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

/// Returns whether a press at `pos` hits the canvas in `rect`, and nothing on top of it.
fn is_on_top(ui: &Ui, rect: Rect, pos: Pos2) -> bool {
    let visible = rect.intersect(ui.clip_rect());
    visible.contains(pos)
        && ui
            .layer_id_at(pos)
            .is_none_or(|layer| layer == ui.layer_id())
}

/// Adds a point to the current stroke.
fn extend(actions: &mut Vec<Action>, point: [f32; 2]) {
    match actions.last_mut() {
        Some(Action::Canvas(CanvasAction::BeginStroke(stroke))) => stroke.points.push(point),
        Some(Action::Canvas(CanvasAction::ExtendStroke(points))) => points.push(point),
        _ => actions.push(CanvasAction::ExtendStroke(vec![point]).into()),
    }
}

/// Draws a box around an object.
fn object_box(ui: &Ui, rect: Rect, [left, top, width, height]: [f32; 4]) {
    let min = rect.min + Vec2::new(left, top) * rect.width();
    let bounds = Rect::from_min_size(min, Vec2::new(width, height) * rect.width());
    let line = Stroke::new(1.0, tokens(ui).accent);
    ui.painter().rect_stroke(
        bounds.expand(2.0).intersect(rect),
        2.0,
        line,
        StrokeKind::Inside,
    );
}

/// Draws the outline of the pen.
fn pen_outline(ui: &Ui, pad: &Pad, rect: Rect) {
    let Some(pos) = ui.input(|i| i.pointer.latest_pos()) else {
        return;
    };
    let radius = pad.brush() * rect.width() / 2.0;
    let painter = ui.painter().with_clip_rect(rect);
    let [rim, line] = theme::PEN_OUTLINE;
    painter.circle_stroke(pos, radius, Stroke::new(3.0, rim));
    painter.circle_stroke(pos, radius, Stroke::new(1.0, line));
}
