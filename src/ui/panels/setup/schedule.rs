//! The learning rate schedule: its kind, its settings and a plot.

use egui::{Align2, Rect, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use super::rows::{choice_ui, setting_ui};
use crate::text;
use crate::train::{Schedule, Setting, TrainConfig};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};

/// The numbers of schedules, in the order of the panel; each schedule has some of them.
const NUMBERS: [Setting; 9] = [
    Setting::DropEvery,
    Setting::PlateauPatience,
    Setting::DropFactor,
    Setting::EpochFactor,
    Setting::Floor,
    Setting::Rise,
    Setting::Start,
    Setting::End,
    Setting::MomentumDip,
];

/// Draws and edits the schedule of `draft`.
pub(super) fn ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let (chosen, label) = (draft.schedule.label(), Schedule::label);
    if let Some(new) = choice_ui(ui, cx, Setting::Schedule, Schedule::ALL, label, chosen) {
        draft.schedule = new;
    }
    for setting in NUMBERS.into_iter().chain([Setting::Warmup]) {
        setting_ui(ui, cx, draft, setting);
    }
    // Always there, so that nothing moves when a run starts.
    picture_ui(ui, cx, draft);
    if matches!(draft.schedule, Schedule::Plateau { .. }) {
        let text = "The learning rate drops when the validation loss stops falling.";
        ui.label(theme::quiet(ui, text));
    }
}

/// Draws the planned learning rate over all epochs, and over it the one the live run has used.
fn picture_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &TrainConfig) {
    let t = tokens(ui);
    ui.add_space(4.0);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Learning rate over the run"));
    let done = cx.studio.live_run().map_or(&[][..], |run| &run.points);
    // The learning rate may have been lowered during the run.
    let used = done.iter().map(|p| p.learning_rate);
    let highest = used.fold(draft.learning_rate, f64::max);
    let font = TextStyle::Small.resolve(ui.style());
    let painter = ui.painter();
    let title = format!("learning rate over {}", text::count(draft.epochs, "epoch"));
    painter.text(
        rect.left_top(),
        Align2::LEFT_TOP,
        title,
        font.clone(),
        t.quiet,
    );
    let most = format!("up to {}", text::setting(highest));
    painter.text(rect.right_top(), Align2::RIGHT_TOP, most, font, t.quiet);
    let area = Rect::from_min_max(rect.min + vec2(0.0, 20.0), rect.max - vec2(0.0, 4.0));
    painter.hline(area.x_range(), area.max.y, Stroke::new(1.0, t.hairline));

    let epochs = draft.epochs as f64;
    let at = |epoch: f64, rate: f64| {
        let [x, y] = [epoch / epochs, 1.0 - rate / highest].map(|share| share.clamp(0.0, 1.0));
        area.lerp_inside(vec2(x as f32, y as f32))
    };
    let line = |points: Vec<egui::Pos2>, stroke: Stroke| {
        let points = points
            .into_iter()
            .filter(|p| p.x.is_finite() && p.y.is_finite());
        painter.add(Shape::line(points.collect(), stroke));
    };
    let n = (area.width() / 2.0).max(2.0) as usize;
    let planned = (0..=n)
        .map(|i| epochs * i as f64 / n as f64)
        .map(|epoch| at(epoch, draft.learning_rate_at(epoch)));
    line(planned.collect(), Stroke::new(1.5, t.accent));
    // More than two points per pixel cannot be seen.
    let stride = (done.len() / (4 * n)).max(1);
    let seen = done.iter().step_by(stride).chain(done.last());
    let seen = seen.map(|p| at(p.epoch, p.learning_rate));
    line(seen.collect(), Stroke::new(1.5, t.text));
    response.on_hover_text(
        "The planned learning rate; during a run, with the one used so far drawn over it.",
    );
}
