//! Two plots of a sweep: the best value so far, and the curve of every trial with its pruning
//! threshold.

use egui::{Color32, Role, Ui, Vec2b, WidgetInfo, vec2};
use egui_plot::{Line, LineStyle, MarkerShape, Plot, PlotPoints, PlotUi, Points};

use crate::studio::ShownSweep;
use crate::sweep::TrialStatus;
use crate::ui::theme::{self, Tokens, tokens};

const HEIGHT: f32 = 168.0;

/// Below this width, the plots are stacked.
const SIDE_BY_SIDE: f32 = 560.0;

/// Shows both plots, once there is data.
pub fn ui(ui: &mut Ui, shown: &ShownSweep) {
    if shown.state.trials.values().all(|t| t.reports.is_empty()) {
        return;
    }
    let width = ui.available_width();
    if width < SIDE_BY_SIDE {
        trials_ui(ui, shown, width);
        return best_ui(ui, shown, width);
    }
    let width = (width - 12.0) / 2.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        trials_ui(ui, shown, width);
        best_ui(ui, shown, width);
    });
}

fn trials_ui(ui: &mut Ui, shown: &ShownSweep, width: f32) {
    let metric = shown.plan.definition.metric.label();
    let title = format!("{metric} over epochs");
    let about = "One line per trial; the best one is bright. A dashed line is the threshold that \
                 a pruned trial missed.";
    picture_ui(ui, &title, about, width, |plot, t| curves(plot, t, shown));
}

fn best_ui(ui: &mut Ui, shown: &ShownSweep, width: f32) {
    let about = "The best value of all trials so far, over the duration of the sweep in seconds.";
    picture_ui(ui, "Best so far over time (s)", about, width, |plot, t| {
        let definition = &shown.plan.definition;
        let best = shown.state.best_so_far(definition.direction);
        // Each step is a separate line: a line with constant x would be drawn as a band.
        for (idx, &(secs, value)) in best.iter().enumerate() {
            let next = best.get(idx + 1);
            let until = next.map_or(shown.state.secs, |&(secs, _)| secs);
            let level = vec![[secs, value], [until, value]];
            let rise = next.map(|&(_, better)| vec![[until, value], [until, better]]);
            for (part, points) in [Some(level), rise].into_iter().flatten().enumerate() {
                let line = Line::new(format!("best {idx} {part}"), PlotPoints::from(points));
                plot.line(line.color(t.accent).width(1.5));
            }
        }
        let ends: Vec<[f64; 2]> = best.iter().map(|&(secs, value)| [secs, value]).collect();
        let dots = Points::new("improvements", PlotPoints::from(ends));
        plot.points(dots.color(t.accent).radius(3.0));
    });
}

fn curves(plot: &mut PlotUi<'_>, t: &Tokens, shown: &ShownSweep) {
    let direction = shown.plan.definition.direction;
    let best = shown.state.best(direction).map(|(trial, _)| trial.number);
    for trial in shown.state.trials.values() {
        let points: Vec<[f64; 2]> = trial
            .reports
            .iter()
            .map(|&(epoch, value)| [epoch as f64, value])
            .collect();
        let color = match &trial.status {
            _ if Some(trial.number) == best => t.accent,
            TrialStatus::Running if shown.is_live() => t.text,
            TrialStatus::Pruned { .. } => t.warning,
            TrialStatus::Failed { .. } => t.bad,
            _ => t.quiet,
        };
        let name = format!("trial {}", trial.number);
        if let [only] = points[..] {
            plot.points(
                Points::new(format!("{name} dot"), vec![only])
                    .color(color)
                    .radius(2.0),
            );
        }
        plot.line(
            Line::new(&name, PlotPoints::from(points))
                .color(color)
                .width(1.5),
        );
        if let TrialStatus::Pruned { verdict, .. } = &trial.status {
            threshold(plot, &name, color, verdict);
        }
    }
}

/// Draws where a trial was pruned, and the threshold there.
fn threshold(plot: &mut PlotUi<'_>, name: &str, color: Color32, verdict: &crate::sweep::Verdict) {
    let at = verdict.epoch as f64;
    let needed = vec![[at - 0.4, verdict.threshold], [at + 0.4, verdict.threshold]];
    let line = Line::new(format!("{name} needed"), PlotPoints::from(needed));
    plot.line(
        line.color(color)
            .width(1.5)
            .style(LineStyle::dashed_dense()),
    );
    let missing = vec![[at, verdict.value], [at, verdict.threshold]];
    let line = Line::new(format!("{name} missed"), PlotPoints::from(missing));
    plot.line(line.color(color.gamma_multiply(0.4)).width(1.0));
    let end = Points::new(format!("{name} end"), vec![[at, verdict.value]]);
    plot.points(end.color(color).shape(MarkerShape::Cross).radius(4.0));
}

fn picture_ui(
    ui: &mut Ui,
    title: &str,
    about: &str,
    width: f32,
    draw: impl FnOnce(&mut PlotUi<'_>, &'static Tokens),
) {
    let t = tokens(ui);
    ui.allocate_ui(vec2(width, HEIGHT), |ui| {
        ui.vertical(|ui| {
            ui.label(theme::quiet(ui, title)).on_hover_text(about);
            let response = Plot::new(format!("sweep {title}"))
                .width(width)
                .height(HEIGHT - 22.0)
                .show_background(false)
                .show_grid([false, true])
                .grid_color(t.hairline)
                .allow_drag(false)
                .allow_zoom(false)
                .allow_scroll(false)
                .allow_boxed_zoom(false)
                .allow_double_click_reset(false)
                .auto_bounds(Vec2b::TRUE)
                .show(ui, |plot| draw(plot, t))
                .response;
            response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, title));
        });
    });
}
