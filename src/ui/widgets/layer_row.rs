//! A row of the list of layers.

use egui::{
    Align2, CursorIcon, FontId, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::model::{Layer, LayerName, LayerReport};
use crate::text;
use crate::ui::theme::{mix, tokens};

/// Height of a row.
const HEIGHT: f32 = 24.0;

/// Indent of a layer inside a block.
const INDENT: f32 = 12.0;

/// Distances of the right edges of the columns from the right edge of the list.
const OUTPUT_RIGHT: f32 = 94.0;
const PARAMETERS_RIGHT: f32 = 44.0;
const MULTIPLY_ADDS_RIGHT: f32 = 0.0;

/// The row of a layer.
pub struct LayerRow<'a> {
    /// Its name and place.
    pub name: &'a LayerName,
    /// The layer.
    pub layer: &'a Layer,
    /// Its shape and cost for one image; `None` after a layer that does not fit.
    pub report: Option<&'a LayerReport>,
    /// Whether it is being edited.
    pub is_selected: bool,
    /// Whether it has an error.
    pub is_wrong: bool,
}

/// Draws the column headings.
pub fn layer_header(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let font = TextStyle::Small.resolve(ui.style());
    let ink = tokens(ui).quiet;
    let painter = ui.painter();
    painter.text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        "layer",
        font.clone(),
        ink,
    );
    for (text, right, about) in [
        (
            "output",
            OUTPUT_RIGHT,
            "Shape of the layer's output for one image.",
        ),
        ("params", PARAMETERS_RIGHT, "Learned numbers in the layer."),
        (
            "MACs",
            MULTIPLY_ADDS_RIGHT,
            "Multiply-accumulates of a forward pass for one image: the cost of the layer.",
        ),
    ] {
        let at = pos2(rect.max.x - right, rect.center().y);
        let column = painter.text(at, Align2::RIGHT_CENTER, text, font.clone(), ink);
        ui.interact(column, ui.scope_id().with(text), Sense::hover())
            .on_hover_text(about);
    }
}

impl LayerRow<'_> {
    /// Draws the row; a click selects the layer.
    pub fn ui(&self, ui: &mut Ui) -> Response {
        let size = vec2(ui.available_width(), HEIGHT);
        let (_, rect) = ui.allocate_space(size);
        // The id is the position: the focus stays with a row while others come and go.
        let id = ui.scope_id().with(("layer", &self.name.path));
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| {
            WidgetInfo::selected(Role::Button, true, self.is_selected, self.spoken())
        });
        self.paint(ui, rect, &response);
        response
            .on_hover_text(format!("{}. {}", self.spoken(), self.layer.explanation()))
            .on_hover_cursor(CursorIcon::PointingHand)
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response) {
        let t = tokens(ui);
        let wide = rect.expand2(vec2(6.0, 0.0));
        if self.is_selected {
            ui.painter().rect_filled(wide, 4.0, t.raised);
        } else if response.hovered() || response.has_focus() {
            ui.painter()
                .rect_filled(wide, 4.0, mix(t.panel, t.text, 0.05));
        }
        let (name_font, number_font) = (
            TextStyle::Body.resolve(ui.style()),
            TextStyle::Monospace.resolve(ui.style()),
        );
        let ink = if self.is_wrong { t.bad } else { t.text };
        let depth = self.name.path.len() - 1;
        let indent = INDENT * depth as f32;
        // The name is truncated in favor of the shape, the purpose of the list.
        let shape = self
            .report
            .map_or_else(String::new, |r| r.output.to_string());
        let shape = ui
            .painter()
            .layout_no_wrap(shape, number_font.clone(), t.quiet);
        let room = rect.width() - indent - OUTPUT_RIGHT - shape.size().x - 6.0;
        let name = self.layer_name(ui, ink, &name_font, &number_font, room);
        let at = pos2(rect.min.x + indent, rect.center().y - name.size().y / 2.0);
        ui.painter().galley(at, name, ink);
        for level in 0..depth {
            let x = rect.min.x + INDENT * level as f32 + 3.0;
            ui.painter()
                .vline(x, rect.y_range(), Stroke::new(1.0, t.hairline));
        }
        let Some(report) = self.report else {
            return;
        };
        let number = |text: String, right: f32| {
            let at = pos2(rect.max.x - right, rect.center().y);
            ui.painter()
                .text(at, Align2::RIGHT_CENTER, text, number_font.clone(), t.quiet);
        };
        number(report.output.to_string(), OUTPUT_RIGHT);
        if report.n_parameters > 0 {
            number(text::short_count(report.n_parameters), PARAMETERS_RIGHT);
        }
        if report.multiply_adds > 0 {
            number(text::short_count(report.multiply_adds), MULTIPLY_ADDS_RIGHT);
        }
    }

    /// Lays out `conv1 32·3×3`: the name in the text color, the numbers quiet.
    fn layer_name(
        &self,
        ui: &Ui,
        ink: egui::Color32,
        name_font: &FontId,
        number_font: &FontId,
        room: f32,
    ) -> std::sync::Arc<egui::Galley> {
        let (name, numbers) = (self.name.within_block(), self.layer.short_detail());
        let format = |font: &FontId, color| egui::TextFormat {
            valign: egui::Align::Center,
            ..egui::TextFormat::simple(font.clone(), color)
        };
        let mut job = egui::text::LayoutJob::default();
        job.append(name, 0.0, format(name_font, ink));
        job.append(&numbers, 6.0, format(number_font, tokens(ui).quiet));
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        ui.painter().layout_job(job)
    }

    /// Returns the row as text.
    fn spoken(&self) -> String {
        let detail = self.layer.detail();
        let detail = if detail.is_empty() {
            detail
        } else {
            format!(" {detail}")
        };
        format!("{}: {}{detail}", self.name.name, self.layer.label())
    }
}
