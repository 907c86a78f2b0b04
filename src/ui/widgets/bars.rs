//! Bars for the probability of each class.

use egui::{Align2, FontId, Rect, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::text;
use crate::ui::theme::tokens;

/// A class and its probability; `None` before there is a prediction.
#[derive(Clone, Debug)]
pub struct Bar<'a> {
    /// Name of the class.
    pub name: &'a str,
    /// Its probability.
    pub probability: Option<f32>,
    /// Whether it is the most probable one.
    pub is_winner: bool,
}

/// Width of `100.0 %`.
const PERCENT_WIDTH: f32 = 56.0;

/// Draws the bars from top to bottom, each `row_height` high.
pub fn probability_bars(ui: &mut Ui, bars: &[Bar<'_>], row_height: f32) {
    let font = TextStyle::Monospace.resolve(ui.style());
    let name_width = bars
        .iter()
        .map(|bar| text_width(ui, bar.name, &font))
        .fold(0.0, f32::max)
        .clamp(12.0, ui.available_width() * 0.4);
    for bar in bars {
        let size = vec2(ui.available_width(), row_height);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let percent = bar.probability.map(|p| text::percent(f64::from(p)));
        response.widget_info(|| {
            let value = percent.as_deref().unwrap_or("no prediction yet");
            WidgetInfo::labeled(Role::Label, true, format!("{}: {value}", bar.name))
        });
        paint_bar(ui, bar, rect, name_width, percent.as_deref().unwrap_or("–"));
    }
}

fn text_width(ui: &Ui, text: &str, font: &FontId) -> f32 {
    let color = tokens(ui).text;
    ui.painter()
        .layout_no_wrap(text.to_owned(), font.clone(), color)
        .size()
        .x
}

fn paint_bar(ui: &Ui, bar: &Bar<'_>, rect: Rect, name_width: f32, percent: &str) {
    let t = tokens(ui);
    let font = TextStyle::Monospace.resolve(ui.style());
    let ink = if bar.is_winner { t.text } else { t.quiet };
    let painter = ui.painter();
    let names = painter.with_clip_rect(rect.with_max_x(rect.min.x + name_width));
    names.text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        bar.name,
        font.clone(),
        ink,
    );
    painter.text(
        rect.right_center(),
        Align2::RIGHT_CENTER,
        percent,
        font,
        ink,
    );
    let track = Rect::from_min_max(
        pos2(rect.min.x + name_width + 8.0, rect.center().y - 4.0),
        pos2(rect.max.x - PERCENT_WIDTH, rect.center().y + 4.0),
    );
    painter.rect_filled(track, 2.0, t.raised);
    let share = bar.probability.unwrap_or(0.0).clamp(0.0, 1.0);
    let fill = if bar.is_winner { t.accent } else { t.quiet };
    if share > 0.001 {
        let width = (track.width() * share).max(1.5);
        painter.rect_filled(track.with_max_x(track.min.x + width), 2.0, fill);
    }
}
