//! Painting of a picture in the window.

use egui::epaint::{CircleShape, PathShape};
use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Color32, CornerRadius, FontFamily, FontId, Painter, Pos2, Rect, Shape, Stroke,
    StrokeKind, vec2,
};

use crate::picture::{Anchor, Face, Ink, Item, Picture, Span};
use crate::ui::theme;

/// Paints `picture` with its upper left corner at `origin`.
pub fn paint_picture(painter: &Painter, origin: Pos2, picture: &Picture) {
    let at = |[x, y]: [f32; 2]| origin + vec2(x, y);
    for item in &picture.items {
        match item {
            Item::Rect {
                rect: [x, y, w, h],
                radius,
                fill,
                rim,
            } => {
                let rect = Rect::from_min_size(at([*x, *y]), vec2(*w, *h));
                let fill = fill.map_or(Color32::TRANSPARENT, color);
                let radius = CornerRadius::same(*radius as u8);
                painter.rect(rect, radius, fill, stroke(*rim, 1.0), StrokeKind::Inside);
            }
            Item::Area { points, fill } => {
                let points: Vec<Pos2> = points.iter().copied().map(at).collect();
                let shape = PathShape::convex_polygon(points, color(*fill), Stroke::NONE);
                painter.add(shape);
            }
            Item::Line {
                points,
                ink,
                width,
                is_dashed,
            } => {
                let points: Vec<Pos2> = points.iter().copied().map(at).collect();
                let stroke = stroke(Some(*ink), *width);
                if *is_dashed {
                    painter.extend(Shape::dashed_line(&points, stroke, 4.0, 4.0));
                } else {
                    painter.add(Shape::line(points, stroke));
                }
            }
            Item::Circle {
                center,
                radius,
                fill,
                rim,
            } => {
                painter.add(CircleShape {
                    center: at(*center),
                    radius: *radius,
                    fill: color(*fill),
                    stroke: stroke(*rim, 1.0),
                });
            }
            Item::Text {
                at: place,
                anchor,
                spans,
            } => paint_text(painter, at(*place), *anchor, spans),
        }
    }
}

fn paint_text(painter: &Painter, at: Pos2, anchor: Anchor, spans: &[Span]) {
    let mut job = LayoutJob::default();
    for span in spans {
        let family = match span.face {
            Face::Text => FontFamily::Proportional,
            Face::Heavy => theme::semibold(),
            Face::Number => FontFamily::Monospace,
        };
        let format = TextFormat {
            valign: Align::Center,
            ..TextFormat::simple(FontId::new(span.size, family), color(span.ink))
        };
        job.append(&span.text, 0.0, format);
    }
    let galley = painter.layout_job(job);
    let left = match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => galley.size().x / 2.0,
        Anchor::End => galley.size().x,
    };
    let corner = at - vec2(left, galley.size().y / 2.0);
    painter.galley(corner, galley, Color32::PLACEHOLDER);
}

fn color(ink: Ink) -> Color32 {
    theme::rgb(ink.rgb).gamma_multiply(ink.opacity)
}

fn stroke(ink: Option<Ink>, width: f32) -> Stroke {
    ink.map_or(Stroke::NONE, |ink| Stroke::new(width, color(ink)))
}
