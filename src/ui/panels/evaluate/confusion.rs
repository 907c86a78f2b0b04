//! The confusion matrix. A click selects images: on a cell those of this class with this answer, on a
//! name those of the class, on a pair below those that are taken for one another.

use egui::{
    Align2, Color32, FontId, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::evaluate::{Confusion, Filter, Selection};
use crate::studio::{EvaluateAction, Evaluation};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, mix, tokens};
use crate::ui::widgets::combo_of_width;

/// Most and least side of a cell.
const SIDES: std::ops::RangeInclusive<f32> = 5.0..=56.0;

/// Cells from this side on have their number written in them.
const WITH_NUMBER: f32 = 20.0;

/// Names are written where a cell is at least so high.
const WITH_NAME: f32 = 10.0;

/// Width of the names of the classes.
const NAMES: f32 = 64.0;

/// Height of the names above, and of the pairs below.
const ABOVE: f32 = 22.0;
const BELOW: f32 = 60.0;

/// Most pairs shown.
const MAX_PAIRS: usize = 8;

/// What a cell says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Cells {
    #[default]
    Counts,
    OfLabels,
    OfAnswers,
}

impl Cells {
    const ALL: [Cells; 3] = [Cells::Counts, Cells::OfLabels, Cells::OfAnswers];

    fn label(self) -> &'static str {
        match self {
            Cells::Counts => "counts",
            Cells::OfLabels => "% of true class",
            Cells::OfAnswers => "% of predicted class",
        }
    }
}

/// How the matrix is drawn.
#[derive(Default)]
pub(super) struct ConfusionView {
    cells: Cells,
    is_by_similarity: bool,
}

/// What the pointer is on: a row, a column, or both.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    row: Option<usize>,
    column: Option<usize>,
}

impl ConfusionView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation) {
        self.choices_ui(ui);
        let confusion = &evaluation.report.confusion;
        let n = confusion.counts.len();
        let order: Vec<u32> = match self.is_by_similarity {
            true => confusion.order_by_similarity(),
            false => (0..n as u32).collect(),
        };
        let room = ui.available_size() - vec2(NAMES, ABOVE + BELOW);
        let side = (room.x.min(room.y) / n.max(1) as f32).floor();
        let side = side.clamp(*SIDES.start(), *SIDES.end());
        let height = (ui.available_height() - BELOW).max(80.0);
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
                    confusion,
                    order: &order,
                    cells: self.cells,
                    origin: rect.min + vec2(NAMES, ABOVE),
                    side,
                };
                matrix.paint(ui, cx.studio.evaluator().selection());
                matrix.react(cx, response);
            });
        pairs_ui(ui, cx, evaluation);
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

/// A matrix on the screen.
struct Matrix<'a> {
    evaluation: &'a Evaluation,
    confusion: &'a Confusion,
    order: &'a [u32],
    cells: Cells,
    /// The upper left corner of the first cell.
    origin: Pos2,
    side: f32,
}

impl Matrix<'_> {
    fn paint(&self, ui: &Ui, selection: &Selection) {
        let t = tokens(ui);
        let painter = ui.painter();
        let font = FontId::monospace(if self.side < 26.0 { 9.0 } else { 11.0 });
        let values = self.values();
        let most = self.most(&values);
        let visible = ui.clip_rect();
        for (y, &label) in self.order.iter().enumerate() {
            for (x, &answer) in self.order.iter().enumerate() {
                let cell = self.cell(x, y);
                if !visible.intersects(cell) {
                    continue;
                }
                let (l, a) = (label as usize, answer as usize);
                let share = (values[l][a] / most).clamp(0.0, 1.0).sqrt() as f32;
                let is_right = label == answer;
                let fill = match is_right {
                    true => t.raised,
                    false => mix(t.panel, t.accent, share),
                };
                painter.rect_filled(cell.shrink(0.5), 1.0, fill);
                if self.side >= WITH_NUMBER && self.confusion.counts[l][a] > 0 {
                    let is_bright = !is_right && share > 0.55;
                    let color = if is_bright { t.on_accent } else { t.text };
                    let color = if is_right { t.quiet } else { color };
                    let text = self.text(values[l][a]);
                    painter.text(
                        cell.center(),
                        Align2::CENTER_CENTER,
                        text,
                        font.clone(),
                        color,
                    );
                }
            }
        }
        self.paint_names(ui);
        self.paint_selection(ui, &selection.filter);
    }

    fn paint_names(&self, ui: &Ui) {
        let t = tokens(ui);
        let small = FontId::proportional(11.0);
        let corner = self.origin - vec2(6.0, 6.0);
        let painter = ui.painter();
        painter.text(
            corner,
            Align2::RIGHT_BOTTOM,
            "true \\ pred.",
            FontId::proportional(10.0),
            t.quiet,
        );
        if self.side < WITH_NAME {
            return;
        }
        for (i, &class) in self.order.iter().enumerate() {
            let name = self.evaluation.class(class);
            let row = Rect::from_min_size(
                pos2(self.origin.x - NAMES, self.cell(0, i).top()),
                vec2(NAMES - 6.0, self.side),
            );
            clipped(ui, row, &name, Align2::RIGHT_CENTER, &small, t.text);
            let column = Rect::from_min_size(
                pos2(self.cell(i, 0).left(), self.origin.y - ABOVE),
                vec2(self.side, ABOVE - 4.0),
            );
            clipped(ui, column, &name, Align2::CENTER_BOTTOM, &small, t.text);
        }
    }

    /// Frames the cells whose images are selected.
    fn paint_selection(&self, ui: &Ui, filter: &Filter) {
        let at = |class: u32| self.order.iter().position(|&c| c == class);
        let n = self.order.len() as f32 * self.side;
        let (row, column) = (filter.label.and_then(at), filter.answer.and_then(at));
        let rects = match (row, column, filter.pair) {
            (Some(y), Some(x), _) => vec![self.cell(x, y)],
            (Some(y), None, _) => vec![self.cell(0, y).with_max_x(self.origin.x + n)],
            (None, Some(x), _) => vec![self.cell(x, 0).with_max_y(self.origin.y + n)],
            (None, None, Some([a, b])) => {
                let pair = at(a).zip(at(b));
                pair.map(|(a, b)| vec![self.cell(a, b), self.cell(b, a)])
                    .unwrap_or_default()
            }
            (None, None, None) => Vec::new(),
        };
        let line = Stroke::new(2.0, tokens(ui).text);
        for rect in rects {
            ui.painter()
                .rect_stroke(rect, 1.0, line, StrokeKind::Inside);
        }
    }

    fn react(&self, cx: &mut PanelContext<'_>, response: Response) {
        let Some(place) = response.hover_pos().and_then(|pos| self.place(pos)) else {
            return;
        };
        let filter = Filter {
            label: place.row.map(|y| self.order[y]),
            answer: place.column.map(|x| self.order[x]),
            ..Filter::default()
        };
        if response.clicked() {
            select(cx, filter.clone());
        }
        response.on_hover_text(self.about(&filter));
    }

    /// What a cell, row or column says.
    fn about(&self, filter: &Filter) -> String {
        let name = |class: u32| self.evaluation.class(class);
        match (filter.label, filter.answer) {
            (Some(label), Some(answer)) => {
                let (l, a) = (label as usize, answer as usize);
                let n = self.confusion.counts[l][a];
                let of_label = self.confusion.support[l].max(1);
                format!(
                    "Label {}, predicted {}: {}, {} of the class. A click shows them.",
                    name(label),
                    name(answer),
                    text::count(n as usize, "image"),
                    text::percent(n as f64 / of_label as f64)
                )
            }
            (Some(label), None) => format!("Shows the images with label {}.", name(label)),
            (None, Some(answer)) => format!("Shows the images predicted as {}.", name(answer)),
            (None, None) => String::new(),
        }
    }

    fn place(&self, pos: Pos2) -> Option<Place> {
        let from = (pos - self.origin) / self.side;
        let n = self.order.len();
        let idx = |at: f32| (at >= 0.0 && (at as usize) < n).then_some(at as usize);
        let (row, column) = (idx(from.y), idx(from.x));
        (row.is_some() || column.is_some()).then_some(Place { row, column })
    }

    fn cell(&self, x: usize, y: usize) -> Rect {
        let min = self.origin + vec2(x as f32, y as f32) * self.side;
        Rect::from_min_size(min, vec2(self.side, self.side))
    }

    fn values(&self) -> Vec<Vec<f64>> {
        let counts = || self.confusion.counts.iter();
        match self.cells {
            Cells::Counts => counts()
                .map(|row| row.iter().map(|&n| n as f64).collect())
                .collect(),
            Cells::OfLabels => self.confusion.shares_of_labels(),
            Cells::OfAnswers => self.confusion.shares_of_answers(),
        }
    }

    /// The largest value beside the diagonal.
    fn most(&self, values: &[Vec<f64>]) -> f64 {
        let rows = values.iter().enumerate();
        let others = rows.flat_map(|(y, row)| {
            let cells = row.iter().enumerate();
            cells.filter(move |(x, _)| *x != y).map(|(_, value)| *value)
        });
        others.fold(f64::MIN_POSITIVE, f64::max)
    }

    fn text(&self, value: f64) -> String {
        match self.cells {
            Cells::Counts if value >= 10_000.0 && self.side < 32.0 => {
                text::short_count(value as u64)
            }
            Cells::Counts => format!("{value}"),
            Cells::OfLabels | Cells::OfAnswers if self.side < 32.0 => {
                format!("{:.0}", 100.0 * value)
            }
            Cells::OfLabels | Cells::OfAnswers => format!("{:.1}", 100.0 * value),
        }
    }
}

/// Writes a text in `rect`, and cuts off what does not fit.
fn clipped(ui: &Ui, rect: Rect, text: &str, align: Align2, font: &FontId, color: Color32) {
    let at = align.pos_in_rect(&rect);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.text(at, align, text, font.clone(), color);
}

fn select(cx: &mut PanelContext<'_>, filter: Filter) {
    let selection = cx.studio.evaluator().selection();
    // A second click shows all images again.
    let filter = if selection.filter == filter {
        Filter::default()
    } else {
        filter
    };
    let selection = Selection {
        filter,
        ..selection.clone()
    };
    cx.act(EvaluateAction::Select(selection));
}

/// Lists the most confused pairs of classes.
fn pairs_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Evaluation) {
    let pairs = evaluation.report.confusion.confused_pairs();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 2.0);
        ui.spacing_mut().interact_size.y = 18.0;
        let text = if pairs.is_empty() {
            "No class is confused."
        } else {
            "most confused"
        };
        ui.label(theme::quiet(ui, text));
        for pair in pairs.iter().take(MAX_PAIRS) {
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
