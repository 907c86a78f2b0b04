//! The confusion matrix. A click selects images: on a cell those of this class with this answer, on a
//! name those of the class, on a pair below those that are taken for one another.

mod made;
mod matrix;
mod select;

use std::sync::Arc;

use egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::evaluate::{ConfusedPair, Filter};
use crate::studio::Evaluation;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::combo_of_width;
use made::{Cells, Made};
use matrix::{ABOVE, Matrix, NAMES};
use select::select;

/// Most and least side of a cell.
const SIDES: std::ops::RangeInclusive<f32> = 5.0..=56.0;

/// Height of the pairs below.
const BELOW: f32 = 60.0;

/// How the matrix is drawn.
#[derive(Default)]
pub(super) struct ConfusionView {
    cells: Cells,
    is_by_similarity: bool,
    made: Option<Made>,
}

impl ConfusionView {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Arc<Evaluation>,
    ) {
        self.choices_ui(ui);
        let (cells, is_by_similarity) = (self.cells, self.is_by_similarity);
        let made = self.made.take();
        let made = made.filter(|made| made.is_of(evaluation, cells, is_by_similarity));
        let made = made.unwrap_or_else(|| Made::new(evaluation, cells, is_by_similarity));
        matrix_ui(ui, cx, evaluation, &made, BELOW);
        pairs_ui(ui, cx, evaluation, &made.pairs);
        self.made = Some(made);
    }

    fn choices_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            let about = "What each cell says; the color leaves out the diagonal, so that errors are \
                         seen.";
            combo_of_width(ui, "Cells", self.cells.label(), 152.0, |ui| {
                for cells in Cells::ALL {
                    ui.selectable_value(&mut self.cells, cells, cells.label());
                }
            })
            .on_hover_text(about);
            let about = "Puts classes that are often confused beside each other.";
            ui.checkbox(&mut self.is_by_similarity, "by similarity")
                .on_hover_text(about);
        });
    }
}

/// Draws a matrix, and leaves `below` free.
fn matrix_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    evaluation: &Evaluation,
    made: &Made,
    below: f32,
) {
    let n = made.order.len();
    let room = ui.available_size() - vec2(NAMES, ABOVE + below);
    let side = (room.x.min(room.y) / n.max(1) as f32).floor();
    let side = side.clamp(*SIDES.start(), *SIDES.end());
    let height = (ui.available_height() - below).max(80.0);
    ScrollArea::both()
        .id_salt("confusion")
        .max_height(height)
        .auto_shrink(true)
        .show(ui, |ui| {
            let size = vec2(NAMES, ABOVE) + vec2(side, side) * n as f32;
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Confusion matrix"));
            let matrix = Matrix {
                evaluation,
                made,
                origin: rect.min + vec2(NAMES, ABOVE),
                side,
            };
            matrix.paint(ui, &cx.studio.evaluator().selection().filter);
            matrix.react(cx, response);
        });
}

/// Draws the confusion matrix of one model minus that of another.
pub(super) fn difference_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    evaluation: &Evaluation,
    made: &Difference,
) {
    matrix_ui(ui, cx, evaluation, &made.0, 0.0);
}

/// The confusion matrix of one model minus that of another.
pub(super) struct Difference(Made);

impl Difference {
    pub(super) fn new(of: &Arc<Evaluation>, other: &Evaluation) -> Difference {
        Difference(Made::difference(of, other))
    }
}

/// Lists the most confused pairs of classes.
fn pairs_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    evaluation: &Evaluation,
    pairs: &[ConfusedPair],
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 2.0);
        ui.spacing_mut().interact_size.y = 18.0;
        let text = if pairs.is_empty() {
            "No class is confused."
        } else {
            "most confused"
        };
        ui.label(theme::quiet(ui, text));
        for pair in pairs {
            let [a, b] = pair.classes.map(|class| evaluation.class(class));
            let n = pair.n_images[0] + pair.n_images[1];
            let text = egui::RichText::new(format!("{a} and {b}: {n}")).small();
            let chosen = cx.studio.evaluator().selection().filter.pair == Some(pair.classes);
            let about = format!(
                "{} of {a} predicted as {b}, {} of {b} as {a}. A click shows them.",
                pair.n_images[0], pair.n_images[1]
            );
            if ui
                .selectable_label(chosen, text)
                .on_hover_text(about)
                .clicked()
            {
                let pair = Some(pair.classes);
                select(
                    cx,
                    Filter {
                        pair,
                        ..Filter::default()
                    },
                );
            }
        }
    });
}
