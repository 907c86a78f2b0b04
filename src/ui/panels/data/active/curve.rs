//! Accuracy over the number of labels.

use egui::{Role, TextStyle, Ui, Vec2b, WidgetInfo};
use egui_plot::{AxisHints, Line, Plot, PlotPoints, Points};

use crate::picture::plain;
use crate::studio::ActivePoint;
use crate::text::{count, percent};
use crate::ui::panels::grid_marks::linear_marks;
use crate::ui::theme::{self, UNIT, tokens};

const HEIGHT: f32 = 150.0;

/// Width of the labels of the vertical axis.
const Y_AXIS_WIDTH: f32 = 48.0;

/// Draws the curve, once there is a point.
pub(super) fn ui(ui: &mut Ui, points: &[ActivePoint]) {
    let Some(last) = points.last() else { return };
    ui.add_space(UNIT);
    let title = format!(
        "accuracy {} after {}",
        percent(last.accuracy),
        count(last.n_labels, "label")
    );
    ui.label(theme::quiet(ui, &title)).on_hover_text(
        "Accuracy on the test images over the number of labels; of images that were never sorted, on \
         one of five labels, which the model is not trained on.",
    );
    let t = tokens(ui);
    let font = TextStyle::Monospace.resolve(ui.style());
    let share = |value: f64, step: f64| match (-1e-9..=1.0 + 1e-9).contains(&value) {
        true => format!("{} %", plain(100.0 * value, 100.0 * step)),
        false => String::new(),
    };
    let x_axis = AxisHints::new_x()
        .formatter(|mark, _| plain(mark.value, mark.step_size))
        .tick_label_color(t.quiet)
        .tick_label_font(font.clone());
    let y_axis = AxisHints::new_y()
        .formatter(move |mark, _| share(mark.value, mark.step_size))
        .min_thickness(Y_AXIS_WIDTH)
        .tick_label_color(t.quiet)
        .tick_label_font(font);
    let values: Vec<[f64; 2]> = points
        .iter()
        .map(|point| [point.n_labels as f64, point.accuracy])
        .collect();
    let plot = Plot::new("accuracy over labels")
        .height(HEIGHT)
        .show_background(false)
        .show_grid([false, true])
        .grid_color(t.hairline)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .auto_bounds(Vec2b::TRUE)
        .include_x(0.0)
        .label_formatter(|_| None)
        .x_grid_spacer(|input| linear_marks(input, 4.0))
        .y_grid_spacer(|input| linear_marks(input, 4.0))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis]);
    let shown = plot.show(ui, |plot| {
        let line = Line::new("accuracy", PlotPoints::from(values.clone()));
        plot.line(line.color(t.accent).width(1.5));
        let dots = Points::new("rounds", PlotPoints::from(values));
        plot.points(dots.color(t.accent).radius(3.0));
    });
    let name = format!("Accuracy over labels: {title}");
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
}
