//! The pointer in a plot: zooming, moving, and the timeline.

use egui::{CursorIcon, PointerButton, Response};
use egui_plot::PlotTransform;

use super::lens::Lens;
use super::plot::{MetricPlot, Outcome};

/// How to look closer, for the tooltip of the title.
pub(super) const ABOUT: &str = "Drag across a part to zoom into it, or turn the wheel. Drag with \
     the right button to move. Double-click to show everything. Shift and drag, or drag the line \
     of the timeline, to look back.";

/// Distance within which the pointer takes hold of the timeline's line, and below which a drag is
/// no zoom, in points.
const GRIP: f32 = 4.0;

/// What the pointer drags with the left button.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drag {
    /// It marks a part to zoom into, between two plot coordinates.
    Zoom {
        /// Where it began.
        from: f64,
        /// Where it is.
        to: f64,
    },
    /// It moves the timeline.
    Timeline,
}

impl MetricPlot<'_> {
    /// Handles the pointer: see [`ABOUT`].
    pub(super) fn outcome(
        &self,
        response: &Response,
        lens: &Lens,
        transform: &PlotTransform,
    ) -> Outcome {
        let hovered = response.hover_pos();
        let mut outcome = Outcome {
            hovered: hovered.map(|pos| transform.value_from_position(pos).x),
            ..Outcome::default()
        };
        let (low, high) = self.x_range;
        let scroll = response
            .ctx
            .input(|i| i.smooth_scroll_delta().y + 200.0 * (i.zoom_delta() - 1.0));
        let is_moved = [PointerButton::Secondary, PointerButton::Middle]
            .into_iter()
            .any(|button| response.dragged_by(button));
        self.drag(response, lens, transform, &mut outcome);
        if response.double_clicked() {
            outcome.zoom = Some(None);
        } else if is_moved {
            let moved = f64::from(response.drag_delta().x) / transform.dpos_dvalue_x();
            outcome.zoom = (moved != 0.0).then_some(Some((low - moved, high - moved)));
        } else if let (Some(at), true) = (outcome.hovered, scroll != 0.0) {
            let factor = f64::from(-scroll / 300.0).exp();
            outcome.zoom = Some(Some((at - (at - low) * factor, at + (high - at) * factor)));
        }
        outcome
    }

    /// Follows the left button.
    fn drag(
        &self,
        response: &Response,
        lens: &Lens,
        transform: &PlotTransform,
        outcome: &mut Outcome,
    ) {
        let handle = self
            .shown_x(lens)
            .map(|x| transform.position_from_point_x(x));
        let is_at_handle = |x: f32| handle.is_some_and(|handle| (handle - x).abs() <= GRIP);
        let (is_shift, origin) = response
            .ctx
            .input(|i| (i.modifiers.shift, i.pointer.press_origin()));
        if response.hover_pos().is_some_and(|pos| is_at_handle(pos.x)) {
            response.ctx.set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        let Some(pos) = response.interact_pointer_pos() else {
            return;
        };
        let to = transform.value_from_position(pos).x;
        let mut drag = self.drag;
        if response.drag_started_by(PointerButton::Primary) {
            let origin = origin.unwrap_or(pos);
            let from = transform.value_from_position(origin).x;
            drag = Some(match is_shift || is_at_handle(origin.x) {
                true => Drag::Timeline,
                false => Drag::Zoom { from, to },
            });
        }
        let is_held = response.dragged_by(PointerButton::Primary);
        match drag {
            Some(Drag::Timeline) if is_held => {
                outcome.drag = drag;
                outcome.timeline = Some(pos.x);
            }
            Some(Drag::Zoom { from, .. }) if is_held => {
                outcome.drag = Some(Drag::Zoom { from, to });
            }
            Some(Drag::Zoom { from, .. })
                if response.drag_stopped_by(PointerButton::Primary)
                    && (to - from).abs() * transform.dpos_dvalue_x() > f64::from(GRIP) =>
            {
                outcome.zoom = Some(Some((from.min(to), from.max(to))));
            }
            _ if response.clicked() && is_shift => outcome.timeline = Some(pos.x),
            _ => {}
        }
    }
}
