//! Which part of a map is in sight.

use egui::{Pos2, Rect, Vec2, vec2};

/// Limits of the magnification.
const ZOOMS: [f32; 2] = [1.0, 200.0];

/// A part of the map; at first, all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lens {
    zoom: f32,
    /// How far the middle of the map is from the middle of the view, in points.
    offset: Vec2,
}

impl Default for Lens {
    fn default() -> Lens {
        Lens {
            zoom: 1.0,
            offset: Vec2::ZERO,
        }
    }
}

impl Lens {
    /// Whether the whole map is in sight.
    pub(super) fn is_whole(&self) -> bool {
        *self == Lens::default()
    }

    /// Magnifies; what is at `at`, as seen from the middle of the view, stays there.
    pub(super) fn magnify(&mut self, factor: f32, at: Vec2) {
        let zoom = (self.zoom * factor).clamp(ZOOMS[0], ZOOMS[1]);
        self.offset = at - (at - self.offset) * (zoom / self.zoom);
        self.zoom = zoom;
        if zoom == ZOOMS[0] {
            self.offset = Vec2::ZERO;
        }
    }

    /// Moves the map under the view.
    pub(super) fn shift(&mut self, by: Vec2) {
        if self.zoom > ZOOMS[0] {
            self.offset += by;
        }
    }

    /// Returns where each point of the map is in `view`. The map is as large as it fits, and its
    /// axes have the same scale.
    pub(super) fn places(
        &self,
        view: Rect,
        points: &[[f32; 2]],
    ) -> impl Fn([f32; 2]) -> Pos2 + use<> {
        let mut bounds = Rect::NOTHING;
        points
            .iter()
            .for_each(|&[x, y]| bounds.extend_with(Pos2::new(x, y)));
        let (middle, size) = match points.is_empty() {
            true => (Pos2::ZERO, Vec2::ZERO),
            false => (bounds.center(), bounds.size()),
        };
        const MARGIN: f32 = 14.0;
        let room = (view.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
        let fit = (room.x / size.x.max(1e-12)).min(room.y / size.y.max(1e-12));
        let fit = if size == Vec2::ZERO { 1.0 } else { fit };
        let (scale, origin) = (fit * self.zoom, view.center() + self.offset);
        // Up is up.
        move |[x, y]| origin + vec2(x - middle.x, middle.y - y) * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn the_map_fits_and_what_is_under_the_pointer_stays_there() {
        let view = Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 200.0));
        let points = [[-1.0, 0.0], [3.0, 0.5], [0.0, 1.0]];
        let mut lens = Lens::default();
        for point in points {
            assert!(view.contains(lens.places(view, &points)(point)));
        }
        let place = lens.places(view, &points)(points[1]);
        lens.magnify(4.0, place - view.center());
        let moved = lens.places(view, &points)(points[1]);
        assert!((moved - place).length() < 1e-3, "{moved} {place}");
        lens.shift(vec2(10.0, 0.0));
        assert!(!lens.is_whole());
        lens.magnify(0.1, Vec2::ZERO);
        assert!(lens.is_whole());
        assert_eq!(lens.places(view, &[[2.0, 2.0]])([2.0, 2.0]), view.center());
    }
}
