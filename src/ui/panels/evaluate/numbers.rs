//! The numbers about all images, each with what changed since the evaluation before.

use std::sync::Arc;

use egui::{Align, Layout, RichText, Ui, vec2};

use crate::evaluate::Report;
use crate::studio::Evaluation;
use crate::text;
use crate::ui::theme::{self, tokens};

/// Size of a number with its name.
const SIZE: egui::Vec2 = vec2(104.0, 46.0);

/// A number.
pub(super) struct Shown {
    pub(super) name: &'static str,
    value: f64,
    /// The value of the evaluation before.
    before: Option<f64>,
    form: Form,
    pub(super) about: String,
}

impl Shown {
    pub(super) fn text(&self) -> String {
        match self.form {
            Form::Percent | Form::Error => text::percent_exact(self.value),
            Form::Loss => text::loss(self.value),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// A share, of which more is better.
    Percent,
    /// Something of which less is better.
    Loss,
    /// An error in percentage points.
    Error,
}

/// Shows the numbers, as many in a row as fit.
pub(super) fn ui(ui: &mut Ui, evaluation: &Evaluation, before: Option<&Arc<Evaluation>>) {
    let before = before.map(|before| &before.report);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 0.0);
        for number in numbers(evaluation, before) {
            ui.allocate_ui_with_layout(SIZE, Layout::top_down(Align::Min), |ui| {
                ui.set_min_size(SIZE);
                ui.spacing_mut().item_spacing.y = 0.0;
                number_ui(ui, &number);
            })
            .response
            .on_hover_text(number.about);
        }
    });
    if evaluation.report.n_not_finite > 0 {
        let n = text::count(evaluation.report.n_not_finite, "image");
        let text = format!("The output for {n} is NaN or infinite; they count as wrong.");
        ui.label(RichText::new(text).small().color(tokens(ui).bad));
    }
}

fn number_ui(ui: &mut Ui, number: &Shown) {
    ui.label(theme::quiet(ui, number.name));
    ui.label(RichText::new(number.text()).monospace().size(14.0));
    let change = number.before.map(|before| number.value - before);
    if let Some(change) = change.filter(|change| change.is_finite() && *change != 0.0) {
        let t = tokens(ui);
        let is_better = (change > 0.0) == (number.form == Form::Percent);
        let color = if is_better { t.good } else { t.bad };
        let text = match number.form {
            Form::Percent | Form::Error => format!("{:+.2}", 100.0 * change),
            Form::Loss => format!("{change:+.4}"),
        };
        ui.label(theme::number(text).size(10.0).color(color));
    }
}

/// All numbers about an evaluation.
pub(super) fn numbers(evaluation: &Evaluation, before: Option<&Report>) -> Vec<Shown> {
    let report = &evaluation.report;
    let [low, high] = report.accuracy_interval.map(text::percent_exact);
    let baseline = evaluation.class(report.baseline_class);
    let number = |name, form, value: &dyn Fn(&Report) -> f64, about: String| Shown {
        name,
        value: value(report),
        before: before.map(value),
        form,
        about,
    };
    vec![
        number("accuracy", Form::Percent, &|r| r.accuracy, format!(
            "Share of the {} classified correctly; 95 % interval {low} to {high} (Wilson). Always \
             answering {baseline} would reach {}.",
            text::count(report.n_images, "image"),
            text::percent(report.baseline_accuracy),
        )),
        number("balanced", Form::Percent, &|r| r.balanced_accuracy,
            "Balanced accuracy: the mean recall of the classes, so that rare ones count as much as \
             frequent ones.".to_owned()),
        number("macro F1", Form::Percent, &|r| r.macro_scores.f1,
            "Mean F1 of the classes, each counted the same. F1 is the harmonic mean of precision \
             and recall.".to_owned()),
        number("weighted F1", Form::Percent, &|r| r.weighted_scores.f1,
            "Mean F1 of the classes, weighted by their number of images.".to_owned()),
        number("top 3", Form::Percent, &|r| r.top_k.get(&3).copied().unwrap_or(f64::NAN),
            "Share of images whose label is among the three most probable classes.".to_owned()),
        number("loss", Form::Loss, &|r| r.loss,
            "Mean loss: low where the model is sure and right, high where it is sure and \
             wrong.".to_owned()),
        number("Brier", Form::Loss, &|r| r.brier,
            "Brier score: squared distance between the probabilities and the label, summed over the \
             classes; 0 is perfect, 2 is worst.".to_owned()),
        number("ECE", Form::Error, &|r| r.calibration.ece(),
            "Expected calibration error: how far confidence and accuracy are apart, on average over \
             15 bins of confidence.".to_owned()),
        number("MCE", Form::Error, &|r| r.calibration.mce(),
            "Maximum calibration error: how far they are apart in the worst bin. Bins with few \
             images make it large by chance.".to_owned()),
    ]
    .into_iter()
    .filter(|number| !number.value.is_nan() || number.form == Form::Loss)
    .collect()
}
