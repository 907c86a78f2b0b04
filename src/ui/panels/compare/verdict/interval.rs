//! The confidence interval of a difference, drawn around zero.

use egui::{Align2, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use crate::compare::{Comparison, SeedTest};
use crate::ui::theme::tokens;

/// Shows the difference with its confidence interval.
pub(super) fn ui(ui: &mut Ui, comparison: &Comparison, test: &SeedTest) {
    let (difference, interval) = (test.difference, test.interval);
    let t = tokens(ui);
    let size = vec2(ui.available_width().min(480.0), 52.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let amount = |value: f64| comparison.amount(value);
    let name = format!(
        "Difference {}, 95 % confidence interval {} to {}",
        amount(difference),
        amount(interval[0]),
        amount(interval[1])
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
    let most = interval
        .iter()
        .fold(0.0_f64, |most, v| most.max(v.abs()))
        .max(1e-9)
        * 1.2;
    let x = |value: f64| rect.center().x + (value / most) as f32 * rect.width() / 2.0;
    let y = rect.min.y + 20.0;
    let painter = ui.painter();
    painter.hline(rect.x_range(), y, Stroke::new(1.0, t.hairline));
    painter.vline(
        rect.center().x,
        y - 10.0..=y + 10.0,
        Stroke::new(1.0, t.quiet),
    );
    let is_sure = interval[0] > 0.0 || interval[1] < 0.0;
    let ink = if is_sure { t.accent } else { t.quiet };
    painter.hline(x(interval[0])..=x(interval[1]), y, Stroke::new(3.0, ink));
    painter.circle_filled(egui::pos2(x(difference), y), 5.0, ink);
    let font = TextStyle::Small.resolve(ui.style());
    let at = egui::pos2(rect.center().x, y + 14.0);
    painter.text(
        at,
        Align2::CENTER_TOP,
        "no difference",
        font.clone(),
        t.quiet,
    );
    let ends = [
        (rect.left(), Align2::LEFT_TOP, -most),
        (rect.right(), Align2::RIGHT_TOP, most),
    ];
    for (at, align, value) in ends {
        painter.text(
            egui::pos2(at, y + 14.0),
            align,
            amount(value),
            font.clone(),
            t.quiet,
        );
    }
    response.on_hover_text(
        "The dot is the difference of the means; the bar is its 95 % confidence interval. If the \
         bar does not reach the center line, the difference is significant.",
    );
}
