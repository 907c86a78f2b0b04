//! A slider whose values are at given places, such as moments on a scale of time.

use egui::{EventFilter, Key, Rect, Response, Sense, Ui, WidgetInfo, accesskit, pos2, vec2};

use crate::ui::theme::{self, tokens};

/// Radius of the handle, and of the dot of each value, in points.
const HANDLE: f32 = 6.0;
const DOT: f32 = 1.5;

/// A slider over `0..stops.len()`.
pub struct Track<'a> {
    /// Its name, for screen readers.
    pub name: &'a str,
    /// Position of each value on the screen, ascending.
    pub stops: &'a [f32],
    /// The current value.
    pub value: usize,
}

impl Track<'_> {
    /// Draws it in `rect`, and returns the value that was chosen, if it is another one.
    pub fn ui(self, ui: &mut Ui, rect: Rect) -> (Response, Option<usize>) {
        let id = ui.scope_id().with(self.name);
        let response = ui.interact(rect.expand2(vec2(HANDLE, 0.0)), id, Sense::click_and_drag());
        let last = self.stops.len().saturating_sub(1);
        let wanted = self.value_at_pointer(ui, &response);
        let wanted = wanted.or_else(|| self.value_by_keys(ui, &response, last));
        let value = wanted.unwrap_or(self.value).min(last);
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), value as f64, self.name));
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(last as f64);
            node.set_numeric_value_step(1.0);
            node.add_action(accesskit::Action::SetValue);
            node.add_action(accesskit::Action::Increment);
            node.add_action(accesskit::Action::Decrement);
        });
        self.paint(ui, rect, &response, value);
        (response, (value != self.value).then_some(value))
    }

    /// The value nearest to the pointer while it is pressed, however short.
    fn value_at_pointer(&self, ui: &Ui, response: &Response) -> Option<usize> {
        let is_pressed = response.is_pointer_button_down_on() || response.clicked();
        let pos = response
            .interact_pointer_pos()
            .or_else(|| ui.input(|i| i.pointer.interact_pos()))
            .filter(|_| is_pressed)?;
        let distance = |idx: &usize| (self.stops[*idx] - pos.x).abs();
        (0..self.stops.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The value that arrow keys or a screen reader choose.
    fn value_by_keys(&self, ui: &Ui, response: &Response, last: usize) -> Option<usize> {
        // Asked before `input`, within which the context is locked.
        let has_focus = response.has_focus();
        if has_focus {
            let filter = EventFilter {
                horizontal_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        }
        let moved = ui.input(|i| {
            let presses = |key| match has_focus && i.modifiers.is_none() {
                true => i.num_presses(key) as i64,
                false => 0,
            };
            let asked = |action| i.num_accesskit_action_requests(response.id, action) as i64;
            presses(Key::ArrowRight) - presses(Key::ArrowLeft) + asked(accesskit::Action::Increment)
                - asked(accesskit::Action::Decrement)
        });
        let set = ui.input(|i| {
            let requests = i.accesskit_action_requests(response.id, accesskit::Action::SetValue);
            let value = |request: &accesskit::ActionRequest| match request.data {
                Some(accesskit::ActionData::NumericValue(value)) => Some(value),
                _ => None,
            };
            requests.filter_map(value).last()
        });
        let moved = (moved != 0).then(|| (self.value as i64 + moved).clamp(0, last as i64));
        let set = set.map(|value| value.round().clamp(0.0, last as f64) as usize);
        set.or(moved.map(|value| value as usize))
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response, value: usize) {
        let t = tokens(ui);
        let painter = ui.painter();
        let y = rect.center().y;
        let rail = Rect::from_x_y_ranges(rect.x_range(), (y - 1.5)..=(y + 1.5));
        painter.rect_filled(rail, 1.5, t.hairline);
        for &x in self.stops {
            painter.circle_filled(pos2(x, y), DOT, t.quiet);
        }
        let Some(&x) = self.stops.get(value) else {
            return;
        };
        let is_lit = response.hovered() || response.has_focus() || response.dragged();
        let fill = match is_lit {
            true => theme::mix(t.accent, t.text, 0.3),
            false => t.accent,
        };
        painter.circle_filled(pos2(x, y), HANDLE, fill);
    }
}
