//! The lesson: what it begins with, what is mixed in, and what came of it.

use egui::{Checkbox, Label, Ui};

use crate::data::MAX_JOINED_TEST;
use crate::studio::{Lesson, Studio, TeachAction};
use crate::text::{count, duration, percent};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Number, Weight, labeled_button};

/// Most training images of each old class that can be mixed in.
const MAX_MIXED: f64 = 10_000.0;

const KEEP: &str = "Keep the old classes";

/// Draws the lesson.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    keep_ui(ui, cx);
    body_ui(ui, cx);
    let from = match cx.studio.taught_model() {
        Some(name) => format!("Begins with {name}; its last layer gets the new classes."),
        None => "There is no model to teach: train one, or open one below the canvas.".to_owned(),
    };
    ui.add(Label::new(theme::quiet(ui, from)).wrap());
    teach_ui(ui, cx);
    if let Some(lesson) = cx.studio.teach().lesson() {
        ui.add_space(UNIT);
        for (line, about) in lines(lesson) {
            ui.add(Label::new(line).wrap()).on_hover_text(about);
        }
    }
}

fn keep_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let n_mixed = cx.studio.teach().n_mixed();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let mut keeps_old = n_mixed.is_some();
        let about = "Mixes images of the classes that the model knows into the training, so that it \
                     does not forget them; otherwise it knows only the new ones afterwards.";
        if ui
            .add(Checkbox::new(&mut keeps_old, KEEP))
            .on_hover_text(about)
            .changed()
        {
            cx.act(TeachAction::KeepOld(keeps_old));
        }
        let Some(n) = n_mixed else { return };
        let about = format!(
            "Training images of each old class that are mixed in, from the open dataset: as many as \
             there are of a new one. Up to {MAX_JOINED_TEST} test images of each say what is forgotten."
        );
        let number = Number::count(1.0, MAX_MIXED, " of each");
        let typed = number.ui(ui, "Images of each old class", n as f64);
        if let Some(n) = typed.explained(ui, &about) {
            cx.act(TeachAction::SetMixed(n as usize));
        }
    });
}

fn body_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let mut trains_body = cx.studio.teach().trains_body();
    let about = "All other layers learn, too, at a tenth of the learning rate: a little more accurate, \
                 and a few times slower. Otherwise only the last layer does.";
    let checkbox = Checkbox::new(&mut trains_body, "Train all layers");
    if ui.add(checkbox).on_hover_text(about).changed() {
        cx.act(TeachAction::TrainBody(trains_body));
    }
}

fn teach_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let is_possible = cx.studio.can_teach();
        let teach = labeled_button(ui, None, "Teach", Weight::Plain, 80.0, is_possible);
        let about = "Trains the model on the examples; try it on the canvas at once. A run in training \
                     is stopped and kept. The examples become a dataset of the workspace, and the \
                     lesson a run like any other.";
        let teach = teach
            .on_hover_text(about)
            .on_disabled_hover_text(missing(cx.studio));
        if teach.clicked() {
            cx.act(TeachAction::Teach);
        }
        if cx.studio.teach().is_busy() {
            ui.label(theme::quiet(ui, "Learning…"));
        }
    });
}

/// What a lesson still needs.
fn missing(studio: &Studio) -> &'static str {
    match (studio.teach().is_busy(), studio.taught_model()) {
        (true, _) => "The model is being taught.",
        (false, _) if studio.sweeps().is_live() => "A sweep is running: stop it first.",
        (false, None) => "Train or open a model first.",
        (false, Some(_)) => "Give a class examples first.",
    }
}

/// What came of a lesson, each line with an explanation.
fn lines(lesson: &Lesson) -> Vec<(String, &'static str)> {
    let secs = "From the click to the model on the canvas.";
    let mut lines = vec![(format!("Taught in {}.", duration(lesson.secs)), secs)];
    let [right, n] = lesson.new;
    let share = right as f64 / n.max(1) as f64;
    lines.push((
        format!(
            "{}: {right} of {} held out right, {}.",
            lesson.new_classes.join(", "),
            count(n, "example"),
            percent(share)
        ),
        "One of five examples of each class is held out: the model never trains on it.",
    ));
    if let (Some([right, n]), Some(before)) = (lesson.old, lesson.old_before) {
        let share = |right: usize| percent(right as f64 / n.max(1) as f64);
        lines.push((
            format!(
                "Old classes: {} of {} right, {} before.",
                share(right),
                count(n, "test image"),
                share(before)
            ),
            "The same test images, by the model after the lesson and by the one it began with.",
        ));
    }
    lines
}
