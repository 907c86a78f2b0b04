//! A report about a model: one HTML file that opens without a network and prints on paper.

mod confusion;
mod images;
mod page;
mod settings;
mod tables;

use crate::data::{Dataset, ImageSet};
use crate::evaluate::{Predictions, Report, SplitName};
use crate::model::{Classifier, class_name};
use crate::picture::{Curve, CurvesView, LIGHT, XAxis, curves, reliability_diagram};
use crate::runs::table::GroupBy;
use crate::runs::{Record, RunState};
use crate::text::{self, escape_markup};
use page::section;

/// Width and height of the curves, in points.
const CURVES: [f32; 2] = [900.0, 560.0];

/// What a report is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The name of the model or run.
    pub name: &'a str,
    /// The model.
    pub classifier: &'a Classifier,
    /// The data that its predictions are for.
    pub dataset: &'a Dataset,
    /// Which of its images.
    pub split: SplitName,
    /// The set that they are from.
    pub set: &'a ImageSet,
    /// The predictions.
    pub predictions: &'a Predictions,
    /// The run that trained the model.
    pub run: Option<(&'a Record, &'a RunState)>,
    /// Whether images of the data are shown.
    pub with_images: bool,
}

impl Subject<'_> {
    fn class(&self, class: u32) -> String {
        class_name(&self.classifier.classes, class as usize)
    }
}

/// Returns the report as HTML. Nothing in it is loaded from elsewhere.
pub fn html(subject: &Subject<'_>) -> String {
    let report = Report::new(subject.predictions, &subject.classifier.classes);
    let title = format!("{} on {}", subject.name, subject.dataset.name);
    let mut body = format!("<h1>{}</h1>\n", escape_markup(&title));
    body += &summary(subject, &report);
    body += &section("Numbers", &tables::numbers(&report));
    if let Some((record, run)) = subject.run {
        body += &section("Curves", &curves_svg(record, run));
    }
    body += &section("Confusion matrix", &confusion::html(subject, &report));
    body += &section("Classes", &tables::classes(&report));
    body += &section("Calibration", &reliability(&report));
    body += &section("Worst images", &images::html(subject));
    body += &section("Settings", &settings::html(subject));
    page::html(&title, &body)
}

/// The most important in two sentences.
fn summary(subject: &Subject<'_>, report: &Report) -> String {
    let [low, high] = report.accuracy_interval.map(text::percent_exact);
    let sentence = format!(
        "{} of {} are classified correctly (95 % interval {low} to {high}); always answering {} would \
         reach {}.",
        text::percent_exact(report.accuracy),
        text::count(report.n_images, subject.split.image()),
        subject.class(report.baseline_class),
        text::percent(report.baseline_accuracy),
    );
    let mut html = format!("<p class=\"lead\">{}</p>\n", escape_markup(&sentence));
    if report.n_not_finite > 0 {
        let n = text::count(report.n_not_finite, "image");
        let warning = format!(
            "The network's output is NaN or infinite for {n}, which count as wrong: its weights may \
             have diverged."
        );
        html += &format!("<p class=\"bad\">{}</p>\n", escape_markup(&warning));
    }
    html
}

fn reliability(report: &Report) -> String {
    let about = "Accuracy of the images with such a confidence, with 95 % intervals. On the line, the \
                 model is right as often as it is confident.";
    let svg = reliability_diagram(&report.calibration, &LIGHT).svg();
    format!("<p class=\"quiet\">{about}</p>\n{svg}\n")
}

fn curves_svg(record: &Record, run: &RunState) -> String {
    let view = CurvesView {
        x_axis: XAxis::Epoch,
        is_x_log: false,
        is_loss_log: true,
        smoothing_steps: 50.0,
        shows_batches: false,
        bands: None,
        group: GroupBy::AllButSeed,
    };
    curves(&[Curve { record, run }], None, &view, CURVES, &LIGHT).svg()
}

#[cfg(test)]
mod tests;
