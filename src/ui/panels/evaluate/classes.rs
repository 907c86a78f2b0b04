//! Precision, recall and F1 of each class, sortable.

use std::cmp::Ordering;

use egui::{Align2, Rect, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::evaluate::{ClassReport, Filter, Selection};
use crate::studio::{EvaluateAction, Evaluation};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{ROW_HEIGHT, tokens};

/// A column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Column {
    #[default]
    Class,
    Precision,
    Recall,
    F1,
    Images,
}

impl Column {
    const ALL: [Column; 5] = [
        Column::Class,
        Column::Precision,
        Column::Recall,
        Column::F1,
        Column::Images,
    ];

    fn label(self) -> &'static str {
        match self {
            Column::Class => "class",
            Column::Precision => "precision",
            Column::Recall => "recall",
            Column::F1 => "F1",
            Column::Images => "images",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Column::Class => "The class. A click sorts.",
            Column::Precision => {
                "Of the images predicted as the class, the share that has its label."
            }
            Column::Recall => "Of the images of the class, the share that is predicted as it.",
            Column::F1 => "Harmonic mean of precision and recall.",
            Column::Images => "Number of images of the class.",
        }
    }

    fn value(self, idx: usize, row: &ClassReport) -> f64 {
        match self {
            Column::Class => idx as f64,
            Column::Precision => row.scores.precision,
            Column::Recall => row.scores.recall,
            Column::F1 => row.scores.f1,
            Column::Images => row.support as f64,
        }
    }

    fn text(self, row: &ClassReport) -> String {
        match self {
            Column::Class => row.class.clone(),
            Column::Precision => text::percent_exact(row.scores.precision),
            Column::Recall => text::percent_exact(row.scores.recall),
            Column::F1 => text::percent_exact(row.scores.f1),
            Column::Images => text::thousands(row.support),
        }
    }
}

/// The order of the rows.
#[derive(Default)]
pub(super) struct ClassesView {
    sort: Column,
    is_descending: bool,
}

impl ClassesView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation) {
        let rows = &evaluation.report.per_class;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| {
            let value = |idx: usize| self.sort.value(idx, &rows[idx]);
            let by = value(a).partial_cmp(&value(b)).unwrap_or(Ordering::Equal);
            if self.is_descending { by.reverse() } else { by }
        });
        self.headings_ui(ui);
        ScrollArea::vertical()
            .id_salt("classes")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, shown| {
                for &idx in &order[shown] {
                    row_ui(ui, cx, idx as u32, &rows[idx]);
                }
            });
    }

    fn headings_ui(&mut self, ui: &mut Ui) {
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        for (column, part) in Column::ALL.into_iter().zip(parts(rect)) {
            let id = ui.scope_id().with(column.label());
            let response = ui.interact(part, id, Sense::click());
            let name = format!("Sort by {}", column.label());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            let is_sorted = column == self.sort;
            let t = tokens(ui);
            let is_lit = is_sorted || response.hovered() || response.has_focus();
            let color = if is_lit { t.text } else { t.quiet };
            let arrow = match (is_sorted, self.is_descending) {
                (false, _) => "",
                (true, true) => " ↓",
                (true, false) => " ↑",
            };
            cell_text(
                ui,
                part,
                column,
                &format!("{}{arrow}", column.label()),
                color,
                false,
            );
            if response.on_hover_text(column.about()).clicked() {
                self.is_descending = is_sorted && !self.is_descending;
                self.sort = column;
            }
        }
    }
}

fn row_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, class: u32, row: &ClassReport) {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let selection = cx.studio.evaluator().selection();
    let is_chosen = selection.filter.label == Some(class) && selection.filter.answer.is_none();
    let name = format!(
        "Class {}: recall {}",
        row.class,
        text::percent_exact(row.scores.recall)
    );
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
    let t = tokens(ui);
    if is_chosen || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4.0, t.raised);
    }
    for (column, part) in Column::ALL.into_iter().zip(parts(rect)) {
        let color = if is_chosen { t.accent } else { t.text };
        cell_text(
            ui,
            part,
            column,
            &column.text(row),
            color,
            column != Column::Class,
        );
    }
    if response
        .on_hover_text("Shows the images of this class.")
        .clicked()
    {
        let filter = Filter {
            label: (!is_chosen).then_some(class),
            ..Filter::default()
        };
        cx.act(EvaluateAction::Select(Selection {
            filter,
            ..selection.clone()
        }));
    }
}

/// The cells of a row: a wide one for the class.
fn parts(rect: Rect) -> [Rect; 5] {
    let narrow = ((rect.width() - 64.0) / 4.5).clamp(56.0, 92.0);
    let first = rect.width() - 4.0 * narrow;
    std::array::from_fn(|i| {
        let left = match i {
            0 => rect.left(),
            _ => rect.left() + first + (i - 1) as f32 * narrow,
        };
        let width = if i == 0 { first } else { narrow };
        Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
    })
}

fn cell_text(
    ui: &Ui,
    rect: Rect,
    column: Column,
    text: &str,
    color: egui::Color32,
    is_number: bool,
) {
    let style = if is_number {
        TextStyle::Monospace
    } else {
        TextStyle::Small
    };
    let font = style.resolve(ui.style());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let inner = rect.shrink2(vec2(6.0, 0.0));
    match column {
        Column::Class => painter.text(inner.left_center(), Align2::LEFT_CENTER, text, font, color),
        _ => painter.text(
            inner.right_center(),
            Align2::RIGHT_CENTER,
            text,
            font,
            color,
        ),
    };
}
