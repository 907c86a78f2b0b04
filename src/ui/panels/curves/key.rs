//! The line above a plot: its title, its legend, and the values of the newest run.

use egui::{Align2, Color32, FontId, Pos2, Rect, Stroke, TextStyle, Ui, pos2, vec2};

use super::lens::{Lens, YAxis};
use super::plot::{MetricPlot, TITLE_HEIGHT};
use super::pointer;
use super::run_lines::{GHOST, TRAINING};
use super::trace::RunCurve;
use crate::text;
use crate::train::Loss;
use crate::ui::theme::{self, tokens};

impl MetricPlot<'_> {
    /// Shows title, unit, and the values of the newest visible run.
    pub(super) fn title_ui(&self, ui: &mut Ui, lens: &Lens, curves: &[[RunCurve; 2]]) {
        let (rect, title) = ui.allocate_exact_size(
            vec2(ui.available_width(), TITLE_HEIGHT),
            egui::Sense::hover(),
        );
        title.on_hover_text(pointer::ABOUT);
        let t = tokens(ui);
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let heading = FontId::new(14.0, theme::semibold());
        let name = painter.text(
            rect.left_center(),
            Align2::LEFT_CENTER,
            self.name(),
            heading,
            t.text,
        );
        let unit = match self.metric {
            YAxis::Loss => {
                let runs = self.visible.iter().map(|&idx| &self.runs[idx].state);
                Loss::common_unit(runs.map(|run| run.config.loss)).to_owned()
            }
            YAxis::Accuracy => "images classified correctly".to_owned(),
        };
        let unit = match self.baseline_name {
            Some(name) => format!("difference from {name}"),
            None => unit,
        };
        let keys_left = self.keys_ui(ui, rect, lens, curves);
        let unit = painter.layout_no_wrap(unit, small, t.quiet);
        let at = pos2(name.max.x + 8.0, rect.center().y - unit.size().y / 2.0);
        // In a narrow window the values take precedence.
        if at.x + unit.size().x < keys_left {
            painter.galley(at, unit, t.quiet);
        }
    }

    /// Shows the legend with the values of the newest visible run; returns its left edge.
    fn keys_ui(&self, ui: &Ui, rect: Rect, lens: &Lens, curves: &[[RunCurve; 2]]) -> f32 {
        let Some(&idx) = self.visible.last() else {
            return rect.max.x;
        };
        let t = tokens(ui);
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let run = &self.runs[idx].state;
        let color = t.run_color(self.runs[idx].record.color);
        let validation = run.epochs.last().and_then(|e| self.metric.of_epoch(e));
        let sketches = run.epochs.last().and_then(|e| self.metric.of_sketches(e));
        let sketches = sketches.filter(|_| !lens.is_difference);
        let are_held_out = run.config.sketch_share > 0.0;
        let best = self.metric.best(lens.x_axis, run).map(|[_, value]| value);
        let training = curves[idx][self.metric as usize].smooth_at(run, lens, f64::INFINITY);
        let mut right = rect.max.x;
        let number = TextStyle::Monospace.resolve(ui.style());
        for (key, value) in [
            (Key::Best, best),
            (Key::Sketches { are_held_out }, sketches),
            (Key::Validation, validation),
            (Key::Training, training),
        ] {
            let Some(value) = value else { continue };
            let at = |x: f32| pos2(x, rect.center().y);
            let value = self.value(value);
            let text = painter.text(
                at(right),
                Align2::RIGHT_CENTER,
                value,
                number.clone(),
                t.text,
            );
            let label = key.label();
            let label = painter.text(
                at(text.min.x - 6.0),
                Align2::RIGHT_CENTER,
                label,
                small.clone(),
                t.quiet,
            );
            right = key.paint(ui, at(label.min.x - 6.0), color) - 14.0;
        }
        right
    }

    pub(super) fn value(&self, value: f64) -> String {
        match self.metric {
            YAxis::Loss => text::loss(value),
            YAxis::Accuracy => text::percent(value),
        }
    }
}

/// An entry of the legend.
#[derive(Clone, Copy)]
enum Key {
    Training,
    Validation,
    /// Sketches, all of which are unseen, or those that are held out.
    Sketches {
        are_held_out: bool,
    },
    Best,
}

impl Key {
    fn label(self) -> &'static str {
        match self {
            Key::Training => "training",
            Key::Validation => "validation",
            Key::Sketches {
                are_held_out: false,
            } => "your sketches",
            Key::Sketches { are_held_out: true } => "your sketches, held out",
            Key::Best => "best",
        }
    }

    /// Draws an entry left of `right`, and returns its left edge.
    fn paint(self, ui: &Ui, right: Pos2, color: Color32) -> f32 {
        let painter = ui.painter();
        let left = right - vec2(18.0, 0.0);
        match self {
            Key::Training => {
                let ghost = Rect::from_two_pos(left - vec2(0.0, 3.0), right + vec2(0.0, 3.0));
                painter.rect_filled(ghost, 1.0, color.gamma_multiply(GHOST));
                let color = color.gamma_multiply(TRAINING);
                painter.line_segment([left, right], Stroke::new(1.5, color));
                left.x
            }
            Key::Validation => {
                painter.line_segment([left, right], Stroke::new(2.0, color));
                painter.circle_filled(left + vec2(9.0, 0.0), 3.0, color);
                left.x
            }
            Key::Sketches { .. } => {
                painter.line_segment([left, right], Stroke::new(1.0, color));
                let center = left + vec2(9.0, 0.0);
                painter.circle(center, 3.25, tokens(ui).background, Stroke::new(1.5, color));
                left.x
            }
            Key::Best => {
                let center = right - vec2(5.0, 0.0);
                let corners = [
                    vec2(0.0, -5.0),
                    vec2(5.0, 0.0),
                    vec2(0.0, 5.0),
                    vec2(-5.0, 0.0),
                ];
                let points = corners.map(|d| center + d).to_vec();
                painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
                center.x - 5.0
            }
        }
    }
}
