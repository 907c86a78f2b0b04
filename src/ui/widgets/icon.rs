//! Icons drawn with lines: sharp at every scale and independent of fonts.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

/// An icon on a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Start.
    Play,
    /// Pause.
    Pause,
    /// One batch.
    Step,
    /// End.
    Stop,
    /// Undo.
    Undo,
    /// Redo.
    Redo,
    /// Remove, dismiss.
    Cross,
    /// Add.
    Plus,
    /// Duplicate.
    Duplicate,
    /// Move up.
    Up,
    /// Move down.
    Down,
    /// Draw a random value.
    Die,
    /// Light or dark theme.
    Theme,
    /// Search.
    Search,
    /// Help.
    Help,
    /// A folder or file.
    Folder,
    /// Shown.
    Eye,
    /// Hidden.
    EyeClosed,
    /// Mark as a favorite.
    Star,
    /// A line with a handle.
    Timeline,
    /// Units in two layers.
    Network,
    /// A falling curve.
    Curve,
    /// To and fro.
    Compare,
    /// Settings to vary.
    Sliders,
    /// A matrix with a diagonal.
    Grid,
    /// A light bulb.
    Bulb,
    /// A stack of disks.
    Data,
    /// An arrow out of a box.
    Deploy,
    /// Fold to the left.
    Left,
    /// Fold to the right.
    Right,
}

impl Icon {
    /// Draws the icon in the center of `rect`, 16 points large.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let center = rect.center();
        let at = |[x, y]: [f32; 2]| center + vec2(x, y);
        let stroke = Stroke::new(1.5, color);
        let fill = |points: Vec<Pos2>| {
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        };
        let bar = |x: f32, width: f32| {
            let rect = Rect::from_center_size(at([x, 0.0]), vec2(width, 10.0));
            painter.rect_filled(rect, 0.5, color);
        };
        match self {
            Icon::Play => fill([[-4.0, -5.5], [5.5, 0.0], [-4.0, 5.5]].map(at).to_vec()),
            Icon::Pause => [-3.0, 3.0].into_iter().for_each(|x| bar(x, 3.0)),
            Icon::Step => {
                fill([[-5.0, -5.0], [2.0, 0.0], [-5.0, 5.0]].map(at).to_vec());
                bar(4.5, 2.5);
            }
            Icon::Stop => {
                let rect = Rect::from_center_size(center, Vec2::splat(9.0));
                painter.rect_filled(rect, 1.0, color);
            }
            Icon::Undo => turn(painter, center, 1.0, stroke),
            Icon::Redo => turn(painter, center, -1.0, stroke),
            Icon::Duplicate => {
                let front = Rect::from_center_size(at([1.5, 1.5]), Vec2::splat(8.0));
                painter.rect_stroke(front, 1.5, stroke, StrokeKind::Middle);
            }
            Icon::Die => die(painter, center, stroke),
            Icon::Theme => {
                painter.circle_stroke(center, 5.5, stroke);
                fill(arc(center, 5.5, 90.0, 270.0));
            }
            Icon::Search => {
                painter.circle_stroke(at([-1.0, -1.0]), 4.0, stroke);
            }
            Icon::Help => question(painter, center, stroke),
            Icon::Timeline => timeline(painter, center, stroke),
            Icon::Star => star(painter, center, color),
            Icon::Eye | Icon::EyeClosed => eye(painter, center, self == Icon::Eye, stroke),
            Icon::Bulb => {
                let bulb = arc(center - vec2(0.0, 2.0), 4.0, 120.0, 420.0);
                painter.add(Shape::line(bulb, stroke));
            }
            Icon::Grid => diagonal(painter, center, color),
            Icon::Data => lid(painter, center - vec2(0.0, 4.5), stroke),
            Icon::Curve => {
                let start = center + vec2(6.0, -5.0);
                painter.add(Shape::line(arc(start, 9.0, 90.0, 165.0), stroke));
            }
            // Dots and straight lines alone.
            _ => {}
        }
        for &(dot, radius) in self.dots() {
            painter.circle_filled(at(dot), radius, color);
        }
        for line in self.lines() {
            let points = line.iter().copied().map(at);
            painter.add(Shape::line(points.collect(), stroke));
        }
    }

    /// Returns the dots of the icon, relative to its center, with their radii.
    fn dots(self) -> &'static [([f32; 2], f32)] {
        match self {
            Icon::Network => &[
                ([-4.5, -4.5], 2.25),
                ([-4.5, 4.5], 2.25),
                ([4.5, 0.0], 2.25),
            ],
            Icon::Sliders => &[([-2.0, -4.5], 2.0), ([2.5, 0.0], 2.0), ([-3.0, 4.5], 2.0)],
            _ => &[],
        }
    }

    /// Returns the straight lines of the icon, relative to its center.
    fn lines(self) -> &'static [&'static [[f32; 2]]] {
        match self {
            Icon::Cross => &[&[[-4.0, -4.0], [4.0, 4.0]], &[[-4.0, 4.0], [4.0, -4.0]]],
            Icon::Plus => &[&[[-4.5, 0.0], [4.5, 0.0]], &[[0.0, -4.5], [0.0, 4.5]]],
            Icon::Duplicate => &[&[[-5.5, 2.0], [-5.5, -5.5], [2.0, -5.5]]],
            Icon::Network => &[&[[-4.5, -4.5], [4.5, 0.0], [-4.5, 4.5]]],
            Icon::Curve => &[&[[-6.0, -6.0], [-6.0, 6.0], [6.0, 6.0]]],
            Icon::Compare => &[
                &[[-6.0, -3.0], [6.0, -3.0], [3.0, -6.0]],
                &[[6.0, 3.0], [-6.0, 3.0], [-3.0, 6.0]],
            ],
            Icon::Bulb => &[&[[-2.0, 3.0], [2.0, 3.0]], &[[-1.5, 5.5], [1.5, 5.5]]],
            Icon::Grid => &[
                &[
                    [-6.0, -6.0],
                    [6.0, -6.0],
                    [6.0, 6.0],
                    [-6.0, 6.0],
                    [-6.0, -6.0],
                ],
                &[[-2.0, -6.0], [-2.0, 6.0]],
                &[[2.0, -6.0], [2.0, 6.0]],
                &[[-6.0, -2.0], [6.0, -2.0]],
                &[[-6.0, 2.0], [6.0, 2.0]],
            ],
            Icon::Sliders => &[
                &[[-6.0, -4.5], [6.0, -4.5]],
                &[[-6.0, 0.0], [6.0, 0.0]],
                &[[-6.0, 4.5], [6.0, 4.5]],
            ],
            Icon::Data => &[
                &[[-5.5, -4.5], [-5.5, 4.5]],
                &[[5.5, -4.5], [5.5, 4.5]],
                &[[-5.5, 0.0], [-3.0, 1.6], [0.0, 2.1], [3.0, 1.6], [5.5, 0.0]],
                &[[-5.5, 4.5], [-3.0, 6.1], [0.0, 6.6], [3.0, 6.1], [5.5, 4.5]],
            ],
            Icon::Deploy => &[
                &[[-6.0, 0.0], [-6.0, 6.0], [6.0, 6.0], [6.0, 0.0]],
                &[[0.0, 2.5], [0.0, -6.0]],
                &[[-3.5, -2.5], [0.0, -6.0], [3.5, -2.5]],
            ],
            Icon::Left => &[&[[2.0, -4.0], [-2.0, 0.0], [2.0, 4.0]]],
            Icon::Right => &[&[[-2.0, -4.0], [2.0, 0.0], [-2.0, 4.0]]],
            Icon::Up => &[&[[-4.0, 2.0], [0.0, -2.5], [4.0, 2.0]]],
            Icon::Down => &[&[[-4.0, -2.0], [0.0, 2.5], [4.0, -2.0]]],
            Icon::Search => &[&[[2.0, 2.0], [5.5, 5.5]]],
            Icon::Folder => &[&[
                [-6.0, 4.5],
                [-6.0, -4.5],
                [-1.5, -4.5],
                [0.0, -2.5],
                [6.0, -2.5],
                [6.0, 4.5],
                [-6.0, 4.5],
            ]],
            _ => &[],
        }
    }
}

/// Returns points on a circle between two angles in degrees, clockwise from the right.
fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    let n = 16;
    (0..=n)
        .map(|i| from + (to - from) * i as f32 / n as f32)
        .map(|degrees| center + radius * Vec2::angled(degrees.to_radians()))
        .collect()
}

/// Draws an arrow that turns back, to the left for a `side` of 1, to the right for −1.
fn turn(painter: &Painter, center: Pos2, side: f32, stroke: Stroke) {
    let mirror = |p: Pos2| pos2(center.x + side * (p.x - center.x), p.y);
    let arc = arc(center + vec2(0.0, 1.0), 4.5, -180.0, 60.0);
    let tip = arc[0];
    painter.add(Shape::line(arc.into_iter().map(mirror).collect(), stroke));
    let head = [vec2(-3.0, -2.5), vec2(0.0, 1.0), vec2(3.0, -2.5)];
    painter.add(Shape::line(head.map(|d| mirror(tip + d)).to_vec(), stroke));
}

/// Draws the top of a stack of disks.
fn lid(painter: &Painter, center: Pos2, stroke: Stroke) {
    let radius = vec2(5.5, 2.1);
    painter.add(egui::epaint::EllipseShape::stroke(center, radius, stroke));
}

fn diagonal(painter: &Painter, center: Pos2, color: Color32) {
    for offset in [-4.0, 0.0, 4.0] {
        let cell = Rect::from_center_size(center + Vec2::splat(offset), Vec2::splat(4.0));
        painter.rect_filled(cell, 0.0, color);
    }
}

fn die(painter: &Painter, center: Pos2, stroke: Stroke) {
    let rect = Rect::from_center_size(center, Vec2::splat(12.0));
    painter.rect_stroke(rect, 2.0, stroke, StrokeKind::Inside);
    for (x, y) in [(-2.5, -2.5), (2.5, 2.5), (0.0, 0.0)] {
        painter.circle_filled(center + vec2(x, y), 1.1, stroke.color);
    }
}

/// Draws a star as five kites around the center, since the whole is not convex.
fn star(painter: &Painter, center: Pos2, color: Color32) {
    let at = |radius: f32, degrees: f32| center + radius * Vec2::angled(degrees.to_radians());
    for i in 0..5 {
        let tip = -90.0 + 72.0 * i as f32;
        let kite = vec![
            center,
            at(2.5, tip - 36.0),
            at(6.0, tip),
            at(2.5, tip + 36.0),
        ];
        painter.add(Shape::convex_polygon(kite, color, Stroke::NONE));
    }
}

fn question(painter: &Painter, center: Pos2, stroke: Stroke) {
    let mut hook = arc(center - vec2(0.0, 2.5), 3.5, -180.0, 60.0);
    hook.push(center + vec2(0.0, 2.5));
    painter.add(Shape::line(hook, stroke));
    painter.circle_filled(center + vec2(0.0, 5.5), 1.2, stroke.color);
}

fn timeline(painter: &Painter, center: Pos2, stroke: Stroke) {
    let ends = [-6.0, 6.0].map(|x| center + vec2(x, 0.0));
    painter.add(Shape::line(ends.to_vec(), stroke));
    painter.circle_filled(center + vec2(1.5, 0.0), 3.0, stroke.color);
}

fn eye(painter: &Painter, center: Pos2, is_open: bool, stroke: Stroke) {
    let lower = arc(center - vec2(0.0, 4.0), 7.5, 30.0, 150.0);
    painter.add(Shape::line(lower, stroke));
    if is_open {
        let upper = arc(center + vec2(0.0, 4.0), 7.5, 210.0, 330.0);
        painter.add(Shape::line(upper, stroke));
        painter.circle_filled(center, 2.0, stroke.color);
    }
}
