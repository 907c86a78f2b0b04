//! Text in a plot: changes, names of runs, and the values under the pointer.

use egui::{Align2, Rect, TextStyle, Ui, pos2, vec2};
use egui_plot::PlotTransform;

use super::lens::{Lens, XAxis, YAxis};
use super::plot::MetricPlot;
use super::trace::{RunCurve, Trace};
use crate::text;
use crate::train::Value;
use crate::ui::theme::{self, tokens};

/// An event of a run that is marked in the plot.
pub(super) struct Mark {
    step: u64,
    pub(super) text: String,
}

/// The values of a run under the pointer.
struct Readout {
    idx: usize,
    training: f64,
    validation: Option<f64>,
    sketches: Option<f64>,
}

impl MetricPlot<'_> {
    /// Marks where the newest visible run was branched, and its changed settings. Marks of more
    /// runs would hide the curves.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let Some(run) = self.newest() else {
            return Vec::new();
        };
        let origin = run.parent.iter().map(|parent| Mark {
            step: parent.step,
            text: format!("branch of {}", parent.run),
        });
        let changes = run.changes.iter().map(|change| {
            let [old, new] = [&change.old, &change.new].map(value_text);
            Mark {
                step: change.step,
                text: format!("{} {old} → {new}", change.setting.label()),
            }
        });
        origin.chain(changes).collect()
    }

    pub(super) fn mark_x(&self, lens: &Lens, mark: &Mark) -> Option<f64> {
        let x = lens.x_axis.of_step_number(self.newest()?, mark.step)?;
        Some(lens.x(x))
    }

    /// Labels the horizontal axis.
    pub(super) fn x_name_ui(&self, ui: &Ui, lens: &Lens, transform: &PlotTransform) {
        if self.is_last {
            let frame = transform.frame();
            let at = pos2(frame.min.x - 12.0, frame.max.y + 2.0);
            let font = TextStyle::Small.resolve(ui.style());
            ui.painter().text(
                at,
                Align2::RIGHT_TOP,
                lens.x_axis.label(),
                font,
                tokens(ui).quiet,
            );
        }
    }

    /// Labels the marks in the upper plot; labels that would overlap are stacked.
    pub(super) fn marks_ui(&self, ui: &Ui, lens: &Lens, transform: &PlotTransform) {
        if self.is_last {
            return;
        }
        let t = tokens(ui);
        let frame = *transform.frame();
        let painter = ui.painter().with_clip_rect(frame);
        let font = TextStyle::Small.resolve(ui.style());
        let mut taken: Vec<Rect> = Vec::new();
        for mark in self.marks() {
            let Some(x) = self.mark_x(lens, &mark) else {
                continue;
            };
            let galley = painter.layout_no_wrap(mark.text, font.clone(), t.quiet);
            let x = transform.position_from_point_x(x) + 4.0;
            let left = if x + galley.size().x > frame.max.x {
                x - 8.0 - galley.size().x
            } else {
                x
            };
            let at = |row: usize| {
                let y = frame.min.y + 2.0 + 15.0 * row as f32;
                Rect::from_min_size(pos2(left, y), galley.size())
            };
            let free = (0..4)
                .map(at)
                .find(|rect| !taken.iter().any(|other| other.intersects(rect.expand(2.0))));
            if let Some(rect) = free {
                painter.rect_filled(rect.expand(1.0), 2.0, t.background.gamma_multiply(0.8));
                painter.galley(rect.min, galley, t.quiet);
                taken.push(rect);
            }
        }
    }

    /// Shows the names of the runs at the ends of their curves, without overlap.
    pub(super) fn names_ui(&self, ui: &Ui, traces: &[(usize, &Trace)], transform: &PlotTransform) {
        let t = tokens(ui);
        let frame = *transform.frame();
        let mut ends: Vec<(f32, f32, usize)> = traces
            .iter()
            .filter(|&&(idx, _)| self.has_names() || self.has_diverged(idx))
            // A group has one label, beside the curve of its first run.
            .filter(|&&(idx, _)| self.band_of(idx).is_none_or(|b| b.members[0] == idx))
            .filter_map(|&(idx, trace)| {
                let end = trace.smooth.last()?.last()?;
                let at = transform.position_from_point(end);
                Some((at.y.clamp(frame.min.y + 7.0, frame.max.y - 7.0), at.x, idx))
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let overflow = ends.len() as f32 * 14.0;
        let mut lowest = frame.min.y;
        for (n, (y, x, idx)) in ends.iter().copied().enumerate() {
            let room_below = overflow - 14.0 * n as f32;
            let y = y.max(lowest).min(frame.max.y - room_below + 7.0);
            lowest = y + 14.0;
            let font = TextStyle::Small.resolve(ui.style());
            let painter = ui.painter().with_clip_rect(frame.expand2(vec2(4.0, 8.0)));
            let color = self.ink(ui, idx);
            let name = painter.layout_no_wrap(self.name_at_end(idx), font, color);
            let rect = Align2::LEFT_CENTER.anchor_size(pos2(x + 8.0, y), name.size());
            painter.rect_filled(rect.expand(2.0), 2.0, t.background.gamma_multiply(0.7));
            painter.galley(rect.min, name, color);
        }
    }

    /// Shows the values of all visible runs at the pointer, best first.
    pub(super) fn cursor_ui(
        &self,
        ui: &Ui,
        lens: &Lens,
        transform: &PlotTransform,
        response: &egui::Response,
        curves: &[[RunCurve; 2]],
    ) {
        let Some(pos) = response.hover_pos() else {
            return;
        };
        let x = transform.value_from_position(pos).x;
        let mut rows: Vec<Readout> = self
            .visible
            .iter()
            .filter_map(|&idx| {
                let run = &self.runs[idx].state;
                let end = run.points.last().map(|p| lens.x(lens.x_axis.of_step(p)))?;
                let is_beyond = x > end + 0.01 * (self.x_range.1 - self.x_range.0);
                // A branch has no values of its own before it starts.
                let start = run.points.first().filter(|_| run.parent.is_some());
                let is_before = start.is_some_and(|p| x < lens.x(lens.x_axis.of_step(p)));
                if is_beyond || is_before {
                    return None;
                }
                let training = curves[idx][self.metric as usize].smooth_at(run, lens, x)?;
                let epochs = run
                    .epochs
                    .partition_point(|e| lens.x(lens.x_axis.of_epoch(e)) <= x);
                let epoch = epochs.checked_sub(1).map(|n| &run.epochs[n]);
                Some(Readout {
                    idx,
                    training,
                    validation: epoch.and_then(|e| self.metric.of_epoch(e)),
                    sketches: epoch.and_then(|e| self.metric.of_sketches(e)),
                })
            })
            .collect();
        if rows.is_empty() {
            return;
        }
        rows.sort_by(|a, b| a.training.total_cmp(&b.training));
        if self.metric == YAxis::Accuracy {
            rows.reverse();
        }
        let title = format!("{} {}", lens.x_axis.label(), x_text(lens, x));
        egui::Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            response.id,
            egui::PopupAnchor::Position(pos + vec2(16.0, 16.0)),
        )
        .gap(0.0)
        .show(|ui| self.readout_ui(ui, &title, &rows));
    }

    fn readout_ui(&self, ui: &mut Ui, title: &str, rows: &[Readout]) {
        let t = tokens(ui);
        let has_sketches = rows.iter().any(|row| row.sketches.is_some());
        let value = |value: Option<f64>| value.map_or("–".to_owned(), |v| self.value(v));
        ui.spacing_mut().interact_size.y = 16.0;
        egui::Grid::new("readout")
            .num_columns(if has_sketches { 4 } else { 3 })
            .spacing(vec2(12.0, 2.0))
            .show(ui, |ui| {
                ui.label(theme::quiet(ui, title));
                ui.label(theme::quiet(ui, "training"));
                ui.label(theme::quiet(ui, "validation"));
                if has_sketches {
                    ui.label(theme::quiet(ui, "your sketches"));
                }
                ui.end_row();
                for row in rows {
                    let run = &self.runs[row.idx];
                    let name = egui::RichText::new(&run.state.name).small();
                    ui.label(name.color(t.run_color(run.record.color)));
                    ui.label(theme::number(self.value(row.training)));
                    ui.label(theme::number(value(row.validation)));
                    if has_sketches {
                        ui.label(theme::number(value(row.sketches)));
                    }
                    ui.end_row();
                }
            });
    }
}

fn x_text(lens: &Lens, x: f64) -> String {
    let value = lens.x_value(x).max(0.0);
    match lens.x_axis {
        XAxis::Step | XAxis::Images => text::thousands(value.round() as u64),
        XAxis::Epoch | XAxis::Time => format!("{value:.2}"),
    }
}

/// Formats the value of a setting: a number or a name.
fn value_text(value: &Value) -> String {
    match value {
        Value::Number(number) => text::setting(*number),
        Value::Text(name) => name.replace('_', " "),
    }
}
