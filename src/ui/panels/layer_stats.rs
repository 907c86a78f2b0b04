//! Statistics of the layers during training: gradient norms, update ratios, zero activations and
//! histograms of the weights.

use egui::{
    Align, Checkbox, Label, Layout, Pos2, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use super::PanelContext;
use crate::model::Layer;
use crate::runs::{RunState, Status};
use crate::studio::RunAction;
use crate::text;
use crate::train::{LayerPoint, LayerStat};
use crate::ui::command::{Command, RunCommand};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::first_step_ui;

/// Height of a row of plots.
const HEIGHT: f32 = 56.0;

/// Height of the headings: two lines, for narrow columns.
const HEADING_HEIGHT: f32 = 32.0;

/// Width of the names.
const NAME_WIDTH: f32 = 150.0;

/// One column of plots.
struct Column {
    heading: &'static str,
    about: &'static str,
    of: fn(&LayerStat) -> Option<f64>,
    /// Whether the scale is logarithmic.
    is_log: bool,
    text: fn(f64) -> String,
}

const COLUMNS: [Column; 3] = [
    Column {
        heading: "gradient norm",
        about: "Norm of the gradient of the layer's weights: near zero, the layer does not learn; \
                growing, training is about to diverge.",
        of: |s| s.gradient,
        is_log: true,
        text: |v| format!("{v:.1e}"),
    },
    Column {
        heading: "update ratio",
        about: "Size of an update relative to the weights: about 0.001 is healthy, 0.01 is too \
                large.",
        of: |s| s.update_ratio,
        is_log: true,
        text: |v| format!("{v:.1e}"),
    },
    Column {
        heading: "zero activations",
        about: "Share of the ReLU's outputs that are zero: near 100 %, its ReLUs are dead and the \
                layers before it stop learning.",
        of: |s| s.zeros,
        is_log: false,
        text: text::percent_whole,
    },
];

/// Draws the statistics of the newest run.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    switch_ui(ui, cx);
    let Some(run) = cx.studio.own_run().map(|run| &run.state) else {
        return empty_ui(ui, cx, "Train a network to see its layer statistics.");
    };
    let Some(last) = run.layer_points.last() else {
        return empty_ui(ui, cx, "Nothing measured yet.");
    };
    // A network without ReLUs has no such column.
    let is_measured = |c: &&Column| last.layers.iter().any(|stat| (c.of)(stat).is_some());
    let columns: Vec<&Column> = COLUMNS.iter().filter(is_measured).collect();
    let n = columns.len() as f32 + 1.0;
    let width = (ui.available_width() - NAME_WIDTH - 4.0 * n) / n;
    header_ui(ui, &columns, width);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for stat in &last.layers {
            row_ui(ui, run, stat, &columns, width);
        }
    });
}

const ABOUT: &str = "Samples a few images every 250 batches (more often at first); takes effect at \
    the next batch.";

fn switch_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let mut is_on = cx.studio.watches_layers();
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let check = ui.add(Checkbox::new(
            &mut is_on,
            "Measure the layers while training",
        ));
        if check.on_hover_text(ABOUT).changed() {
            cx.act(RunAction::WatchLayers(is_on));
        }
    });
}

/// Shows what to do first: measure, then train.
fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, line: &str) {
    if !cx.studio.watches_layers() {
        if first_step_ui(ui, line, "Turn on", ABOUT, true) {
            cx.act(RunAction::WatchLayers(true));
        }
        return;
    }
    let (button, command) = match cx.studio.live_run().map(|run| &run.status) {
        None => ("Start training", RunCommand::Train),
        Some(Status::Paused) => ("Resume the run", RunCommand::PauseOrResume),
        Some(_) => return waiting_ui(ui),
    };
    let command = Command::from(command);
    let is_possible = command.is_possible(cx.studio);
    if first_step_ui(ui, line, button, command.tooltip(ui), is_possible) {
        cx.command(command);
    }
}

fn waiting_ui(ui: &mut Ui) {
    ui.add_space(24.0);
    let text = theme::quiet(
        ui,
        "The first measurement comes with one of the next batches.",
    );
    ui.vertical_centered(|ui| ui.label(text));
}

fn header_ui(ui: &mut Ui, columns: &[&Column], width: f32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        cell_ui(ui, NAME_WIDTH, "layer", "In the order of the forward pass.");
        for column in columns {
            cell_ui(ui, width, column.heading, column.about);
        }
        let about = "Histograms of the weights, from the first measurement on the left to the \
                     latest on the right; each spans ±3 standard deviations.";
        cell_ui(ui, width, "weights over time", about);
    });
}

fn cell_ui(ui: &mut Ui, width: f32, text: &str, about: &str) {
    ui.allocate_ui_with_layout(
        vec2(width, HEADING_HEIGHT),
        Layout::left_to_right(Align::Max),
        |ui| {
            ui.set_min_size(vec2(width, HEADING_HEIGHT));
            let text = theme::quiet(ui, text);
            ui.add(Label::new(text).wrap()).on_hover_text(about);
        },
    );
}

fn row_ui(ui: &mut Ui, run: &RunState, stat: &LayerStat, columns: &[&Column], width: f32) {
    let spec = &run.config.model;
    let name = spec.layer_name(stat.layer);
    let name = name.as_ref().unwrap_or(&stat.name);
    let layer = spec.layers.get(stat.layer);
    let detail = layer.map_or_else(String::new, Layer::short_detail);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.allocate_ui_with_layout(
            vec2(NAME_WIDTH, HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.add(Label::new(format!("{name} {detail}")).wrap());
            },
        );
        for column in columns {
            let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
            let Some(now) = (column.of)(stat) else {
                continue;
            };
            let about = format!("{} of {name}: {}", column.heading, (column.text)(now));
            response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &about));
            curve_ui(
                ui,
                rect.shrink2(vec2(4.0, 4.0)),
                run,
                stat.layer,
                column,
                now,
            );
        }
        let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
        if !stat.histogram.is_empty() {
            let about = format!("Weights of {name} over time");
            response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &about));
            heat_ui(ui, rect.shrink2(vec2(4.0, 4.0)), run, stat.layer);
        }
    });
}

fn of_layer(point: &LayerPoint, layer: usize) -> Option<&LayerStat> {
    point.layers.iter().find(|s| s.layer == layer)
}

/// Draws a small curve over the updates, labeled with its latest value.
fn curve_ui(ui: &Ui, rect: Rect, run: &RunState, layer: usize, column: &Column, now: f64) {
    let t = tokens(ui);
    let painter = ui.painter();
    let scale = |value: f64| {
        if column.is_log {
            value.max(1e-12).log10()
        } else {
            value
        }
    };
    let values: Vec<(f64, f64)> = run
        .layer_points
        .iter()
        .filter_map(|p| Some((p.step as f64, scale((column.of)(of_layer(p, layer)?)?))))
        .filter(|(_, y)| y.is_finite())
        .collect();
    let (low, high) = if column.is_log {
        let ys = || values.iter().map(|v| v.1);
        let (low, high) = (
            ys().fold(f64::INFINITY, f64::min),
            ys().fold(f64::NEG_INFINITY, f64::max),
        );
        // The axis spans at least a factor of ten, so that noise does not look like a jump.
        let spare = (1.0 - (high - low)).max(0.0) / 2.0;
        (low - spare, high + spare)
    } else {
        (0.0, 1.0)
    };
    let last = values.last().map_or(1.0, |v| v.0).max(1.0);
    let at = |&(x, y): &(f64, f64)| -> Pos2 {
        let share = ((y - low) / (high - low)).clamp(0.0, 1.0) as f32;
        pos2(
            rect.min.x + rect.width() * (x / last) as f32,
            rect.max.y - rect.height() * share,
        )
    };
    painter.hline(rect.x_range(), rect.max.y, Stroke::new(1.0, t.hairline));
    let line = values.iter().map(at).collect();
    painter.add(egui::Shape::line(line, Stroke::new(1.5, t.accent)));
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let galley = painter.layout_no_wrap((column.text)(now), font, t.text);
    let corner = pos2(rect.max.x - galley.size().x, rect.min.y);
    painter.rect_filled(
        Rect::from_min_size(corner, galley.size()),
        2.0,
        t.background.gamma_multiply(0.8),
    );
    painter.galley(corner, galley, t.text);
}

/// Draws the histograms side by side, brighter where there are more weights.
fn heat_ui(ui: &Ui, rect: Rect, run: &RunState, layer: usize) {
    let t = tokens(ui);
    let stats: Vec<&LayerStat> = run
        .layer_points
        .iter()
        .filter_map(|p| of_layer(p, layer))
        .collect();
    let widest = stats.iter().map(|s| s.range).fold(0.0, f64::max);
    // No more columns than can be distinguished.
    let n = stats.len().min((rect.width() / 3.0) as usize).max(1);
    let width = rect.width() / n as f32;
    for column in 0..n {
        let stat = stats[(column + 1) * stats.len() / n - 1];
        let most = stat.histogram.iter().copied().max().unwrap_or(1).max(1) as f32;
        let reach = if widest > 0.0 {
            (stat.range / widest) as f32
        } else {
            1.0
        };
        let height = rect.height() * reach / stat.histogram.len() as f32;
        let bottom = rect.center().y + rect.height() * reach / 2.0;
        for (bar, &count) in stat.histogram.iter().enumerate() {
            let corner = pos2(
                rect.min.x + width * column as f32,
                bottom - height * (bar + 1) as f32,
            );
            let cell = Rect::from_min_size(corner, vec2(width, height));
            let share = (count as f32 / most).sqrt();
            ui.painter()
                .rect_filled(cell, 0.0, theme::mix(t.panel, t.accent, share));
        }
    }
}
