//! Confidence against accuracy, and what follows: a temperature, and answering only when sure.

use std::sync::Arc;

use egui::{
    Align2, FontId, Rect, RichText, Role, Sense, Slider, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

use crate::evaluate::{
    Bin, Calibration, CoveragePoint, Filter, Selection, coverage, coverage_from, wilson,
};
use crate::studio::{EvaluateAction, Evaluation, Model};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, mix, tokens};
use crate::ui::widgets::{Weight, labeled_button, slim_slider};

/// Most height of the diagram.
const MAX_SIDE: f32 = 300.0;

/// Room for the numbers beside and below the diagram.
const LEFT: f32 = 34.0;
const BELOW: f32 = 18.0;

/// Height of the numbers of images above the bars.
const COUNTS: f32 = 14.0;

/// The state of the view.
pub(super) struct CalibrationView {
    /// The model answers only if it is so sure.
    threshold: f64,
    made: Option<Made>,
}

/// What is computed once per evaluation.
struct Made {
    of: Arc<Evaluation>,
    bins: Vec<Bin>,
    coverage: Vec<CoveragePoint>,
    /// The expected calibration error without the temperature, if there is one.
    raw_ece: Option<f64>,
}

impl Made {
    fn new(of: &Arc<Evaluation>) -> Made {
        let raw_ece = of.report.temperature.and_then(|_| {
            let raw = of.predictions.at_temperature(None).ok()?;
            Some(Calibration::new(&raw).ece())
        });
        Made {
            bins: drawn_bins(&of.report.calibration),
            coverage: coverage(&of.predictions),
            raw_ece,
            of: of.clone(),
        }
    }
}

/// The bins as they are drawn: a confidence of exactly 1, which has a bin of its own, belongs to
/// the last one.
fn drawn_bins(calibration: &Calibration) -> Vec<Bin> {
    let mut bins = calibration.bins.clone();
    if let (Some(ones), Some(last)) = (bins.pop(), bins.last_mut()) {
        let (n, n_right) = (last.n_images + ones.n_images, last.n_right + ones.n_right);
        let sum = |bin: &Bin| bin.confidence * bin.n_images as f64;
        last.confidence = (sum(last) + sum(&ones)) / n.max(1) as f64;
        last.accuracy = n_right as f64 / n.max(1) as f64;
        last.interval = wilson(n_right, n);
        last.confidences.end = ones.confidences.end;
        (last.n_images, last.n_right) = (n, n_right);
    }
    bins
}

impl Default for CalibrationView {
    fn default() -> CalibrationView {
        CalibrationView {
            threshold: 0.9,
            made: None,
        }
    }
}

impl CalibrationView {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Arc<Evaluation>,
    ) {
        let made = self
            .made
            .take()
            .filter(|made| Arc::ptr_eq(&made.of, evaluation));
        let made = made.unwrap_or_else(|| Made::new(evaluation));
        let about = "Each bar: images with such a confidence, the probability of the answer. On the \
                     line, the model is right as often as it is confident; below, it is too sure. \
                     The thin lines are 95 % intervals.";
        ui.label(theme::quiet(ui, "accuracy by confidence"))
            .on_hover_text(about);
        diagram_ui(ui, cx, &made.bins);
        ui.add_space(6.0);
        temperature_ui(ui, cx, evaluation, made.raw_ece);
        ui.add_space(6.0);
        self.coverage_ui(ui, &made.coverage);
        self.made = Some(made);
    }

    /// Shows what answering only above a confidence does.
    fn coverage_ui(&mut self, ui: &mut Ui, points: &[CoveragePoint]) {
        let about = "Selective classification: answers below this confidence are refused. The fewer \
                     images are answered, the more of the answers are correct.";
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.label("answer only above").on_hover_text(about);
            let slider = Slider::new(&mut self.threshold, 0.0..=1.0)
                .fixed_decimals(2)
                .show_value(false);
            slim_slider(ui, "Answer only above", slider).on_hover_text(about);
            ui.label(theme::number(text::percent(self.threshold)));
        });
        let text = match coverage_from(points, self.threshold) {
            Some(point) => format!(
                "answers {} of the images, {} of them right",
                text::percent(point.coverage),
                text::percent_exact(point.accuracy)
            ),
            None => "answers no image".to_owned(),
        };
        ui.label(theme::quiet(ui, text));
    }
}

fn diagram_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, bins: &[Bin]) {
    let width = ui.available_width().min(MAX_SIDE + LEFT);
    let height = (width - LEFT + BELOW + COUNTS).min(260.0);
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let plot = Rect::from_min_max(rect.min + vec2(LEFT, COUNTS), rect.max - vec2(0.0, BELOW));
    let t = tokens(ui);
    let small = FontId::proportional(10.0);
    for share in [0.0, 0.5, 1.0] {
        let y = plot.bottom() - share * plot.height();
        let line = Stroke::new(1.0, t.hairline);
        ui.painter().hline(plot.x_range(), y, line);
        let text = text::percent_whole(f64::from(share));
        let painter = ui.painter();
        painter.text(
            pos2(plot.left() - 4.0, y),
            Align2::RIGHT_CENTER,
            &text,
            small.clone(),
            t.quiet,
        );
        let x = plot.left() + share * plot.width();
        painter.text(
            pos2(x, plot.bottom() + 4.0),
            Align2::CENTER_TOP,
            &text,
            small.clone(),
            t.quiet,
        );
    }
    let diagonal = [plot.left_bottom(), plot.right_top()];
    ui.painter()
        .line_segment(diagonal, Stroke::new(1.0, t.quiet));
    let width = plot.width() / bins.len().max(1) as f32;
    for (idx, bin) in bins.iter().enumerate() {
        if bin.n_images > 0 {
            let x = plot.left() + idx as f32 * width;
            let column = Rect::from_x_y_ranges(x..=x + width, rect.top()..=plot.bottom());
            bin_ui(ui, cx, column, plot, bin, idx);
        }
    }
}

/// Draws a bin; a click selects its images.
fn bin_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, column: Rect, plot: Rect, bin: &Bin, idx: usize) {
    let range = bin.confidences.clone();
    let name = format!("Confidence {:.2} to {:.2}", range.start, range.end.min(1.0));
    let response = ui.interact(column, ui.scope_id().with(("bin", idx)), Sense::click());
    let selection = cx.studio.evaluator().selection();
    let is_chosen = selection.filter.confidence.as_ref() == Some(&range);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
    let t = tokens(ui);
    let is_lit = is_chosen || response.hovered() || response.has_focus();
    let y = |share: f64| plot.bottom() - share as f32 * plot.height();
    let bar = Rect::from_x_y_ranges(
        column.x_range().shrink(1.5),
        y(bin.accuracy)..=plot.bottom(),
    );
    // Bins of few images say little.
    let fill = mix(t.panel, t.accent, if bin.n_images < 20 { 0.4 } else { 0.8 });
    let painter = ui.painter();
    painter.rect_filled(bar, 1.0, if is_lit { t.accent } else { fill });
    if is_chosen {
        let line = Stroke::new(2.0, t.text);
        painter.rect_stroke(bar.expand(1.0), 1.0, line, StrokeKind::Outside);
    }
    let whisker = y(bin.interval[1])..=y(bin.interval[0]);
    painter.vline(column.center().x, whisker, Stroke::new(1.0, t.text));
    let count = text::short_count(bin.n_images);
    let at = pos2(column.center().x, column.top());
    painter.text(
        at,
        Align2::CENTER_TOP,
        count,
        FontId::proportional(9.0),
        t.quiet,
    );
    let about = format!(
        "{name}: {}, mean confidence {}, {} right (95 % interval {} to {}). A click shows them.",
        text::count(bin.n_images as usize, "image"),
        text::percent(bin.confidence),
        text::percent(bin.accuracy),
        text::percent(bin.interval[0]),
        text::percent(bin.interval[1]),
    );
    if response.on_hover_text(about).clicked() {
        let filter = Filter {
            confidence: (!is_chosen).then_some(range),
            ..Filter::default()
        };
        cx.act(EvaluateAction::Select(Selection {
            filter,
            ..selection.clone()
        }));
    }
}

/// Shows the temperature of the model, and the button that fits one.
fn temperature_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    evaluation: &Evaluation,
    raw_ece: Option<f64>,
) {
    let about = "Divides the logits by a number that makes the probabilities of the validation \
                 images as honest as possible (temperature scaling, Guo et al. 2017). No answer \
                 changes. It is kept in the model file when the model is saved.";
    let is_training =
        cx.studio.live_run().is_some() && matches!(cx.studio.model(), Model::Trained(_));
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        match evaluation.report.temperature {
            None => {
                let button = labeled_button(
                    ui,
                    None,
                    "Fit temperature",
                    Weight::Plain,
                    0.0,
                    !is_training,
                );
                if button.on_hover_text(about).clicked() {
                    cx.act(EvaluateAction::FitTemperature);
                }
            }
            Some(temperature) => {
                let text = format!("temperature {}", text::loss(temperature));
                ui.label(RichText::new(text).strong()).on_hover_text(about);
                let button = labeled_button(ui, None, "Remove", Weight::Bare, 0.0, true);
                let about = "Uses the probabilities of the network as they are.";
                if button.on_hover_text(about).clicked() {
                    cx.act(EvaluateAction::RemoveTemperature);
                }
            }
        }
        if let Some(before) = raw_ece {
            let text = format!(
                "ECE {} before, {} now",
                text::percent_exact(before),
                text::percent_exact(evaluation.report.calibration.ece())
            );
            ui.label(theme::quiet(ui, text));
        }
    });
}
