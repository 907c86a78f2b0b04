//! The points of the map, to look at from near, to point at, and to draw a line around.

use std::sync::Arc;

use egui::{
    EventFilter, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind,
    Ui, Vec2, WidgetInfo, vec2,
};

use super::colors::{Coloring, paint_point};
use super::lens::Lens;
use super::marks::{is_inside, point_text, star, star_text};
use crate::studio::{EmbeddingMap, ExplainAction, MappedImages, Studio};
use crate::ui::panels::PanelContext;
use crate::ui::panels::explain::thumbnails::Thumbnails;
use crate::ui::theme::tokens;
use crate::ui::widgets::{Weight, labeled_button};

/// Images in sight for which they are drawn instead of points, and their side.
const N_NEAR: usize = 220;
const NEAR_SIDE: f32 = 26.0;

/// Radius of a point, and how far from it the pointer may be.
const RADIUS: f32 = 2.8;
const REACH: f32 = 10.0;

/// Radius of the star.
const STAR: f32 = 10.0;

/// How much a button or key magnifies, and how far a key moves the map.
const ZOOM_STEP: f32 = 1.6;
const SHIFT_STEP: f32 = 60.0;

/// The state of the plot.
#[derive(Default)]
pub(super) struct Plot {
    lens: Lens,
    /// The line around images, while it is drawn.
    lasso: Vec<Pos2>,
    in_sight: Vec<usize>,
    thumbnails: Option<(Arc<MappedImages>, Thumbnails)>,
}

/// The positions of the selected images.
pub(super) fn chosen<'a>(
    studio: &'a Studio,
    map: &'a EmbeddingMap,
) -> impl Iterator<Item = usize> + 'a {
    let among = studio.evaluator().selection().filter.among.as_ref();
    let places = map.of.places.iter().enumerate();
    let is_chosen = move |place: u32| among.is_some_and(|among| among.contains(place as usize));
    places
        .filter(move |(_, place)| is_chosen(**place))
        .map(|(at, _)| at)
}

impl Plot {
    /// Gives the texture back.
    pub(super) fn leave(&mut self) {
        self.thumbnails = None;
        self.lasso.clear();
    }

    /// The positions of the images that were in sight.
    pub(super) fn in_sight(&self) -> &[usize] {
        &self.in_sight
    }

    /// Draws buttons that change what is in sight.
    pub(super) fn zoom_ui(&mut self, ui: &mut Ui) {
        for (text, factor, about) in [
            ("Zoom in", ZOOM_STEP, "Magnifies the middle of the map."),
            ("Zoom out", 1.0 / ZOOM_STEP, "Shows more of the map."),
        ] {
            let button = labeled_button(ui, None, text, Weight::Plain, 0.0, true);
            if button.on_hover_text(about).clicked() {
                self.lens.magnify(factor, Vec2::ZERO);
            }
        }
        let is_part = !self.lens.is_whole();
        let button = labeled_button(ui, None, "Show all", Weight::Plain, 0.0, is_part);
        if button.on_hover_text("Shows the whole map.").clicked() {
            self.lens = Lens::default();
        }
    }

    /// Draws the map in the available space.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        map: &EmbeddingMap,
        coloring: Coloring,
    ) {
        let size = ui.available_size().max(vec2(80.0, 80.0));
        let (view, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Points of the map"));
        self.look(ui, &response);
        let place = self.lens.places(view, &map.points);
        let places: Vec<Pos2> = map.points.iter().map(|&point| place(point)).collect();
        self.in_sight = (0..places.len())
            .filter(|&at| view.contains(places[at]))
            .collect();
        let sketch = map.sketch.map(&place);
        self.lasso_ui(cx, &response, &places);
        let pointed = response
            .hover_pos()
            .and_then(|at| self.nearest(at, &places));
        self.paint(ui, cx, map, coloring, view, &places);
        self.paint_marks(ui, &response, pointed.map(|at| places[at]), sketch);
        let on_star = response.hover_pos().zip(sketch);
        let is_on_star = on_star.is_some_and(|(pointer, star)| pointer.distance(star) < STAR);
        let response = match (is_on_star, pointed) {
            (true, _) => response.on_hover_text_at_pointer(star_text(map.method)),
            (false, Some(at)) => response.on_hover_text_at_pointer(point_text(&map.of, at)),
            (false, None) => response,
        };
        if let Some(at) = pointed.filter(|_| response.clicked()) {
            cx.act(ExplainAction::OpenMapped(at));
        }
    }

    /// Moves and magnifies the map by wheel, second button and keys.
    fn look(&mut self, ui: &Ui, response: &Response) {
        let middle = response.rect.center();
        if let Some(pointer) = response.hover_pos() {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
            let factor = pinch * (scroll / 200.0).exp();
            if factor != 1.0 {
                self.lens.magnify(factor, pointer - middle);
            }
        }
        if response.dragged_by(PointerButton::Secondary) {
            self.lens.shift(response.drag_delta());
        }
        if !response.has_focus() {
            return;
        }
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        for (key, x, y) in [
            (Key::ArrowLeft, 1.0, 0.0),
            (Key::ArrowRight, -1.0, 0.0),
            (Key::ArrowUp, 0.0, 1.0),
            (Key::ArrowDown, 0.0, -1.0),
        ] {
            if ui.input(|i| i.modifiers.is_none() && i.key_pressed(key)) {
                self.lens.shift(vec2(x, y) * SHIFT_STEP);
            }
        }
    }

    /// Follows the line that is drawn around images, and selects them at its end.
    fn lasso_ui(&mut self, cx: &mut PanelContext<'_>, response: &Response, places: &[Pos2]) {
        if response.dragged_by(PointerButton::Primary)
            && let Some(pointer) = response.interact_pointer_pos()
        {
            if self.lasso.last() != Some(&pointer) {
                self.lasso.push(pointer);
            }
            return;
        }
        let line = std::mem::take(&mut self.lasso);
        if line.len() > 2 {
            let inside = places.iter().enumerate();
            let inside = inside.filter(|(_, place)| is_inside(&line, **place));
            cx.act(ExplainAction::SelectMapped(
                inside.map(|(at, _)| at).collect(),
            ));
        }
    }

    /// The point in reach of the pointer.
    fn nearest(&self, pointer: Pos2, places: &[Pos2]) -> Option<usize> {
        let reach = if self.is_near() {
            0.5 * NEAR_SIDE
        } else {
            REACH
        };
        let distance = |at: &usize| places[*at].distance(pointer);
        let all = self.in_sight.iter().copied();
        let nearest = all.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|at| distance(at) < reach)
    }

    /// Whether images are drawn instead of points.
    fn is_near(&self) -> bool {
        self.in_sight.len() <= N_NEAR
    }

    fn paint(
        &mut self,
        ui: &Ui,
        cx: &PanelContext<'_>,
        map: &EmbeddingMap,
        coloring: Coloring,
        view: Rect,
        places: &[Pos2],
    ) {
        let t = tokens(ui);
        let painter = ui.painter_at(view);
        let mut is_chosen = vec![false; places.len()];
        chosen(cx.studio, map).for_each(|at| is_chosen[at] = true);
        let ring = Stroke::new(1.5, t.text);
        if self.is_near() {
            let kept = self.thumbnails.take();
            let kept = kept.filter(|(of, _)| Arc::ptr_eq(of, &map.of));
            let (_, thumbnails) = self.thumbnails.insert(kept.unwrap_or_else(|| {
                let (set, images) = (&map.of.set, map.of.predictions.images());
                (map.of.clone(), Thumbnails::new(ui, set, images))
            }));
            for &at in &self.in_sight {
                let rect = Rect::from_center_size(places[at], Vec2::splat(NEAR_SIDE));
                thumbnails.paint(&painter, rect, at);
                let color = coloring.color(t, &map.of, at);
                let rim = if is_chosen[at] {
                    ring
                } else {
                    Stroke::new(1.5, color)
                };
                painter.rect_stroke(rect, 0.0, rim, StrokeKind::Outside);
            }
            return;
        }
        for &at in &self.in_sight {
            let color = coloring.color(t, &map.of, at);
            let is_ring = coloring.is_ring(&map.of, at);
            paint_point(&painter, places[at], RADIUS, color, is_ring);
            if is_chosen[at] {
                painter.circle_stroke(places[at], RADIUS + 1.5, ring);
            }
        }
    }

    /// Paints the point under the pointer, the star, the line and the focus.
    fn paint_marks(
        &self,
        ui: &Ui,
        response: &Response,
        pointed: Option<Pos2>,
        sketch: Option<Pos2>,
    ) {
        let t = tokens(ui);
        let painter = ui.painter_at(response.rect);
        if let Some(place) = pointed {
            painter.circle_stroke(place, RADIUS + 3.0, Stroke::new(2.0, t.accent));
        }
        if let Some(place) = sketch {
            painter.extend(star(place, STAR + 2.0).map(|kite| {
                Shape::convex_polygon(kite, t.background, Stroke::new(1.0, t.background))
            }));
            painter.extend(
                star(place, STAR).map(|kite| Shape::convex_polygon(kite, t.accent, Stroke::NONE)),
            );
        }
        if self.lasso.len() > 1 {
            painter.add(Shape::line(self.lasso.clone(), Stroke::new(1.5, t.accent)));
        }
        if response.has_focus() {
            let line = Stroke::new(1.0, t.accent);
            painter.rect_stroke(response.rect, 4.0, line, StrokeKind::Inside);
        }
    }
}
