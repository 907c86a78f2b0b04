//! The learning rate schedule: its kind, its settings and a plot.

use egui::{Align2, Rect, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use super::PanelContext;
use super::setup::{effect, number_ui};
use crate::studio::Effect;
use crate::text;
use crate::train::{Field, Schedule, TrainConfig};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Number, Row, combo};

/// Draws and edits the schedule of `draft`.
pub fn ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Schedule",
        explanation: "How the learning rate changes during the run: lowering it at the end lets \
                      the weights settle; too early and learning stops halfway.",
        effect: effect(cx, Field::Schedule),
        error: cx
            .studio
            .error_at(Field::Schedule)
            .map(|e| e.message.as_str()),
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Schedule", draft.schedule.label(), |ui| {
            for schedule in Schedule::ALL {
                let is_chosen = schedule.name() == draft.schedule.name();
                if ui.selectable_label(is_chosen, schedule.label()).clicked() && !is_chosen {
                    draft.schedule = schedule;
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    numbers_ui(ui, cx, &mut draft.schedule);
    let explanation = "Epochs over which the learning rate rises from zero: spares the initial \
                       weights large steps; too long wastes time.";
    let epochs = Number::rate(1e5).with_unit(" epochs");
    number_ui(
        ui,
        cx,
        Field::Warmup,
        "Warm-up",
        explanation,
        &epochs,
        &mut draft.warmup_epochs,
    );
    // Always there, so that nothing moves when a run starts.
    picture_ui(ui, cx, draft);
    if matches!(draft.schedule, Schedule::Plateau { .. }) {
        let text = "The learning rate drops when the validation loss stops falling.";
        ui.label(theme::quiet(ui, text));
    }
}

fn numbers_ui(ui: &mut Ui, cx: &PanelContext<'_>, schedule: &mut Schedule) {
    for knob in knobs(schedule) {
        let row = Row {
            label: knob.label,
            explanation: knob.explanation,
            effect: effect(cx, Field::Schedule),
            error: None,
        };
        let value = match &knob.value {
            Value::Real(value) => **value,
            Value::Count(n) => **n as f64,
        };
        let is_held = row.effect == Some(Effect::Now);
        let new = row.number_ui(ui, &knob.number.held(is_held), value);
        match (knob.value, new) {
            (Value::Real(value), Some(new)) => *value = new,
            (Value::Count(n), Some(new)) => *n = new.max(0.0) as usize,
            (_, None) => {}
        }
    }
}

/// A setting of a schedule.
struct Knob<'a> {
    label: &'static str,
    explanation: &'static str,
    number: Number,
    value: Value<'a>,
}

enum Value<'a> {
    Real(&'a mut f64),
    Count(&'a mut usize),
}

impl<'a> Knob<'a> {
    fn share(label: &'static str, explanation: &'static str, value: &'a mut f64) -> Knob<'a> {
        Knob {
            label,
            explanation,
            number: Number::share(),
            value: Value::Real(value),
        }
    }
}

/// Returns the settings of a schedule, in the order of the panel.
fn knobs(schedule: &mut Schedule) -> Vec<Knob<'_>> {
    const DROP: &str = "Factor by which the learning rate is multiplied at each drop.";
    match schedule {
        Schedule::Constant => Vec::new(),
        Schedule::Step { every, factor } => vec![
            Knob {
                label: "Drop every",
                explanation: "Epochs between two drops of the learning rate.",
                number: Number::rate(1e5).with_unit(" epochs"),
                value: Value::Real(every),
            },
            Knob::share("Factor", DROP, factor),
        ],
        Schedule::Exponential { factor } => {
            let about = "Factor by which the learning rate is multiplied after each epoch.";
            vec![Knob::share("Factor per epoch", about, factor)]
        }
        Schedule::Cosine { floor } => {
            let about = "Final learning rate, as a share of the peak.";
            vec![Knob::share("Floor", about, floor)]
        }
        Schedule::Plateau {
            patience,
            factor,
            floor,
        } => vec![
            Knob {
                label: "Plateau patience",
                explanation: "Epochs without a lower validation loss before the learning rate \
                              drops: too few and one noisy epoch lowers it.",
                number: Number::count(0.0, 1e5, " epochs"),
                value: Value::Count(patience),
            },
            Knob::share("Factor", DROP, factor),
            Knob::share(
                "Floor",
                "Lowest learning rate, as a share of the peak.",
                floor,
            ),
        ],
        Schedule::OneCycle {
            rise,
            start,
            end,
            dip,
        } => {
            let about = "Share of the run in which the learning rate rises.";
            let begins = "Learning rate at the start, as a share of the peak.";
            let ends = "Learning rate at the end, as a share of the peak.";
            let dips = "How much lower momentum is at the peak learning rate, which allows a \
                        higher peak; 0 keeps momentum constant.";
            vec![
                Knob::share("Rising share", about, rise),
                Knob::share("Start", begins, start),
                Knob::share("End", ends, end),
                Knob::share("Momentum dip", dips, dip),
            ]
        }
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
