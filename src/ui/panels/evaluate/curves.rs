//! ROC and precision–recall curves of one class against the rest.

use std::sync::Arc;

use egui::Ui;
use egui_plot::{Line, Plot, PlotPoints};

use crate::evaluate::ClassCurve;
use crate::studio::Evaluation;
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::combo_of_width;

/// The state of the view.
#[derive(Default)]
pub(super) struct CurvesView {
    class: u32,
    is_precision_recall: bool,
    made: Option<(Arc<Evaluation>, u32, Option<ClassCurve>)>,
}

impl CurvesView {
    pub(super) fn ui(&mut self, ui: &mut Ui, evaluation: &Arc<Evaluation>) {
        let n_classes = evaluation.report.confusion.counts.len() as u32;
        self.class = self.class.min(n_classes.saturating_sub(1));
        self.choices_ui(ui, evaluation, n_classes);
        self.refresh(evaluation);
        let Some((_, class, curve)) = &self.made else {
            return;
        };
        let name = evaluation.class(*class);
        let Some(curve) = curve else {
            let text = format!("There are no curves: all of these images are {name}, or none is.");
            ui.label(theme::quiet(ui, text));
            return;
        };
        let text = format!(
            "area under ROC {}, average precision {}",
            text::percent_exact(curve.roc_auc),
            text::percent_exact(curve.average_precision)
        );
        ui.label(theme::quiet(ui, text));
        self.plot_ui(ui, curve);
    }

    fn choices_ui(&mut self, ui: &mut Ui, evaluation: &Evaluation, n_classes: u32) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            let chosen = evaluation.class(self.class);
            combo_of_width(ui, "Class of the curves", &chosen, 120.0, |ui| {
                for class in 0..n_classes {
                    ui.selectable_value(&mut self.class, class, evaluation.class(class));
                }
            })
            .on_hover_text("The class against all others.");
            let kinds = [
                (
                    false,
                    "ROC",
                    "Recall over the share of other images taken for the class.",
                ),
                (
                    true,
                    "PR",
                    "Precision over recall: better to judge rare classes.",
                ),
            ];
            for (is_pr, label, about) in kinds {
                ui.selectable_value(&mut self.is_precision_recall, is_pr, label)
                    .on_hover_text(about);
            }
        });
    }

    fn refresh(&mut self, evaluation: &Arc<Evaluation>) {
        let is_made = self
            .made
            .as_ref()
            .is_some_and(|(of, class, _)| Arc::ptr_eq(of, evaluation) && *class == self.class);
        if !is_made {
            let curve = ClassCurve::new(&evaluation.predictions, self.class);
            self.made = Some((evaluation.clone(), self.class, curve));
        }
    }

    fn plot_ui(&self, ui: &mut Ui, curve: &ClassCurve) {
        let is_pr = self.is_precision_recall;
        let point = |p: &crate::evaluate::CurvePoint| match is_pr {
            true => [p.recall, p.precision],
            false => [p.false_positive_rate, p.recall],
        };
        let points: PlotPoints<'_> = curve.points.iter().map(point).collect();
        let (x, y) = match is_pr {
            true => ("recall", "precision"),
            false => ("false positive rate", "recall"),
        };
        let height = ui.available_height().clamp(120.0, 420.0);
        let color = tokens(ui).accent;
        Plot::new("class curve")
            .height(height)
            .x_axis_label(x)
            .y_axis_label(y)
            .include_x(0.0)
            .include_x(1.0)
            .include_y(0.0)
            .include_y(1.0)
            .allow_scroll(false)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_boxed_zoom(false)
            .show(ui, |plot| {
                plot.line(Line::new("curve", points).color(color).width(2.0));
            });
    }
}
