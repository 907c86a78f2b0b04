//! The LR finder: its curve, and a button for each suggestion.

use egui::{Context, Id, Modal, RichText, Role, Ui, WidgetInfo};
use egui_plot::{Line, LineStyle, Plot, PlotPoints, PlotResponse, PlotTransform, VLine};

use super::PanelContext;
use crate::studio::{LrFinder, LrFinderAction};
use crate::text;
use crate::train::{LrCurve, LrPoint};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Significant digits of a suggested learning rate.
const DIGITS: i32 = 2;

/// Draws the dialog while the finder runs or shows its result.
pub fn ui(ctx: &Context, cx: &mut PanelContext<'_>) {
    if *cx.studio.lr_finder() == LrFinder::Closed {
        return;
    }
    let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16);
    let modal = Modal::new(Id::unique("rate finder"))
        .frame(frame)
        .show(ctx, |ui| {
            ui.set_width(560.0);
            ui.label(RichText::new("Learning rate finder").heading());
            let about =
                "A short trial run with a rising learning rate. Your weights are not changed.";
            ui.label(theme::quiet(ui, about));
            ui.add_space(8.0);
            match cx.studio.lr_finder().clone() {
                LrFinder::Found(curve) => found_ui(ui, cx, &curve),
                LrFinder::Searching | LrFinder::Closed => {
                    ui.horizontal(|ui| {
                        ui.add(egui::Spinner::new().size(14.0));
                        ui.label("Searching…");
                    });
                }
            }
            ui.add_space(8.0);
            if labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked() {
                cx.act(LrFinderAction::Close);
            }
        });
    if modal.should_close() {
        cx.act(LrFinderAction::Close);
    }
}

fn found_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, curve: &LrCurve) {
    curve_ui(ui, curve);
    ui.add_space(8.0);
    let mut has_any = false;
    for (name, about, rate) in suggestions(curve) {
        let Some(rate) = rate else { continue };
        ui.horizontal(|ui| {
            let text = format!("Use {}", text::setting(rate));
            // When in doubt, use the first one.
            let weight = if has_any {
                Weight::Plain
            } else {
                Weight::Primary
            };
            let button = labeled_button(ui, None, &text, weight, 120.0, true);
            if button
                .on_hover_text("Sets the learning rate in the settings.")
                .clicked()
            {
                cx.act(LrFinderAction::UseLr(rate));
            }
            ui.label(name);
            ui.label(theme::quiet(ui, about));
        });
        has_any = true;
    }
    if !has_any {
        let text = "The loss never fell: the network may be too deep for its initial weights, or \
                    the batches too small.";
        ui.label(RichText::new(text).color(tokens(ui).warning));
    }
}

/// Returns name, explanation and rounded value of each suggestion.
fn suggestions(curve: &LrCurve) -> [(&'static str, &'static str, Option<f64>); 3] {
    let found = &curve.suggestions;
    let rounded = |rate: Option<f64>| rate.map(|r| round_to(r, DIGITS));
    [
        (
            "valley",
            "middle of the longest descent",
            rounded(found.valley),
        ),
        (
            "steepest",
            "steepest descent of the loss",
            rounded(found.steepest),
        ),
        (
            "minimum / 10",
            "a tenth of the rate with the lowest loss",
            rounded(found.minimum_tenth),
        ),
    ]
}

fn round_to(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

fn curve_ui(ui: &mut Ui, curve: &LrCurve) {
    let shown = plot_ui(ui, curve);
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Loss over learning rate"));
    for (idx, (name, _, rate)) in suggestions(curve).into_iter().enumerate() {
        if let Some(rate) = rate {
            name_ui(ui, &shown.transform, idx, name, rate);
        }
    }
    ui.label(theme::quiet(
        ui,
        "training loss (smoothed) over learning rate",
    ));
}

fn plot_ui(ui: &mut Ui, curve: &LrCurve) -> PlotResponse<()> {
    let t = tokens(ui);
    let line = |of: fn(&LrPoint) -> f64| -> PlotPoints<'static> {
        curve
            .points
            .iter()
            .map(|p| [p.rate.log10(), of(p)])
            .collect()
    };
    let first = curve.points.first().map_or(1.0, |p| p.smooth);
    let smooth = curve.points.iter().map(|p| p.smooth);
    let lowest = smooth.fold(f64::INFINITY, f64::min);
    let plot = Plot::new("rate finder")
        .height(220.0)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .show_grid([false, true])
        .grid_color(t.hairline)
        .x_axis_formatter(|mark, _| format!("1e{}", mark.value))
        .x_grid_spacer(egui_plot::uniform_grid_spacer(|_| [1.0, 1.0, 1.0]))
        .include_y(0.0)
        .include_y(first * 1.5)
        .label_formatter(|_| None);
    plot.show(ui, |plot| {
        // An exploding loss would flatten the part that matters.
        plot.set_plot_bounds_y((lowest * 0.5).min(lowest - 0.05)..=first * 1.6);
        let raw = Line::new("loss", line(|p| p.loss))
            .color(t.quiet.gamma_multiply(0.5))
            .width(1.0);
        plot.line(raw.allow_hover(false));
        let smooth = Line::new("smooth", line(|p| p.smooth))
            .color(t.accent)
            .width(2.0);
        plot.line(smooth.allow_hover(false));
        for (name, _, rate) in suggestions(curve) {
            let Some(rate) = rate else { continue };
            let mark = VLine::new(name, rate.log10()).color(t.text).width(1.0);
            plot.vline(mark.style(LineStyle::dashed_dense()).allow_hover(false));
        }
    })
}

/// Writes the name of a suggestion beside its line, one below the other.
fn name_ui(ui: &Ui, transform: &PlotTransform, idx: usize, name: &str, rate: f64) {
    let t = tokens(ui);
    let x = transform.position_from_point_x(rate.log10());
    let y = transform.frame().min.y + 4.0 + 14.0 * idx as f32;
    let at = egui::pos2(x + 4.0, y);
    let font = egui::TextStyle::Small.resolve(ui.style());
    let name = ui.painter().layout_no_wrap(name.to_owned(), font, t.text);
    // The line of the next suggestion may pass behind the label.
    let behind = egui::Rect::from_min_size(at, name.size()).expand2(egui::vec2(2.0, 0.0));
    ui.painter()
        .rect_filled(behind, 0.0, ui.visuals().window_fill);
    ui.painter().galley(at, name, t.text);
}
