//! Evaluate: how good the model is, where it errs, and on which images.

mod calibration;
mod classes;
mod confusion;
mod curves;
mod filter;
mod images;
mod models;
mod numbers;
mod over_time;

use std::sync::Arc;

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::{PanelContext, timeline};
use crate::evaluate::SplitName;
use crate::studio::{EvaluateAction, Evaluation, Model, Saved, Studio};
use crate::text;
use crate::ui::command::{Command, FileCommand};
use crate::ui::place::EvaluateView;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Columns, Weight, combo_of_width, first_step_ui, labeled_button};

/// Height below which the views have no room to give for the timeline.
const LEAST_HEIGHT: f32 = 240.0;

/// The state of Evaluate.
#[derive(Default)]
pub struct EvaluatePanel {
    confusion: confusion::ConfusionView,
    classes: classes::ClassesView,
    calibration: calibration::CalibrationView,
    curves: curves::CurvesView,
    over_time: over_time::OverTimeView,
    models: models::ModelsView,
    images: images::ImagesView,
}

impl EvaluatePanel {
    /// Shows the place in the available space.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        if !cx.studio.evaluator().is_shown() {
            cx.act(EvaluateAction::Show(true));
        }
        if cx.studio.classifier().is_none() {
            empty_ui(ui, cx);
            return;
        }
        header_ui(ui, cx);
        if let Some(problem) = cx.studio.evaluator().problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(evaluation) = cx.studio.evaluator().newest().cloned() else {
            ui.label(theme::quiet(ui, "Evaluating…"));
            return;
        };
        numbers::ui(ui, &evaluation, cx.studio.evaluator().before());
        ui.add_space(UNIT);
        let strip = timeline::HEIGHT + ui.spacing().item_spacing.y;
        let has_strip = timeline::is_shown(cx) && ui.available_height() > LEAST_HEIGHT + strip;
        let height = ui.available_height() - if has_strip { strip } else { 0.0 };
        ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
            ui.set_min_height(height);
            self.columns_ui(ui, cx, &evaluation);
        });
        if has_strip {
            timeline::ui(ui, cx, None);
        }
    }

    /// Called while another place is shown.
    pub fn leave(&mut self, cx: &mut PanelContext<'_>) {
        if cx.studio.evaluator().is_shown() {
            cx.act(EvaluateAction::Show(false));
        }
        self.images.leave();
    }

    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Arc<Evaluation>) {
        let columns = Columns {
            share: 0.48,
            points: [280.0, 560.0],
            gap: 3.0 * UNIT,
        };
        columns.ui(
            ui,
            &mut (self, cx),
            |ui, (this, cx)| {
                views_ui(ui, cx);
                this.view_ui(ui, cx, evaluation);
            },
            |ui, (this, cx)| this.images.ui(ui, cx, evaluation),
        );
    }

    fn view_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Arc<Evaluation>) {
        match cx.settings.evaluate_view {
            EvaluateView::Confusion => self.confusion.ui(ui, cx, evaluation),
            EvaluateView::Classes => self.classes.ui(ui, cx, evaluation),
            EvaluateView::Calibration => {
                ScrollArea::vertical()
                    .id_salt("calibration")
                    .auto_shrink(false)
                    .show(ui, |ui| self.calibration.ui(ui, cx, evaluation));
            }
            EvaluateView::Curves => self.curves.ui(ui, evaluation),
            EvaluateView::OverTime => self.over_time.ui(ui, cx, evaluation),
            EvaluateView::Models => self.models.ui(ui, cx, evaluation),
        }
    }
}

fn views_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        for view in EvaluateView::ALL {
            let chosen = &mut cx.settings.evaluate_view;
            ui.selectable_value(chosen, view, view.label())
                .on_hover_text(view.explanation());
        }
    });
}

/// Draws which model is evaluated on which images.
fn header_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let evaluator = cx.studio.evaluator();
        let split = evaluator.split();
        let mut chosen = split;
        combo_of_width(ui, "Evaluated images", label(split), 132.0, |ui| {
            for split in SplitName::ALL {
                ui.selectable_value(&mut chosen, split, label(split))
                    .on_hover_text(about(split));
            }
        })
        .on_hover_text(about(split));
        if chosen != split {
            cx.act(EvaluateAction::Split(chosen));
        }
        if cx.studio.live_run().is_some() {
            let about = "Evaluates the model in training as it is now; otherwise this is done at \
                         the end of an epoch.";
            let button = labeled_button(ui, None, "Evaluate now", Weight::Plain, 0.0, true);
            if button.on_hover_text(about).clicked() {
                cx.act(EvaluateAction::Now);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let open = Command::from(FileCommand::OpenModel);
            let button = labeled_button(ui, None, "Open model…", Weight::Plain, 0.0, true);
            if button.on_hover_text(open.tooltip(ui)).clicked() {
                cx.command(open);
            }
            save_ui(ui, cx);
            if cx.studio.evaluator().is_busy() {
                ui.label(theme::quiet(ui, "evaluating…"));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (name, about) = model_text(cx.studio);
                ui.add(Label::new(RichText::new(name).strong()).truncate())
                    .on_hover_text(about);
            });
        });
    });
}

/// Draws the menu of what can be saved.
fn save_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let about = "Saves predictions, pictures or a report about this model.";
    let button = ui.menu_button("Save…", |ui| {
        ui.set_min_width(200.0);
        for saved in Saved::ALL {
            let command = Command::from(FileCommand::SaveEvaluation(saved));
            let is_possible = command.is_possible(cx.studio);
            let item = ui.add_enabled(is_possible, Button::new(command.label()));
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
    });
    button.response.on_hover_text(about);
}

/// What the images of a split are called where they are chosen.
pub(super) fn label(split: SplitName) -> &'static str {
    match split {
        SplitName::Train => "Training",
        SplitName::Validation => "Validation",
        SplitName::Test => "Test",
        SplitName::Sketches => "Sketches",
    }
}

fn about(split: SplitName) -> &'static str {
    match split {
        SplitName::Train => {
            "The images the model was trained on: it knows them, so these numbers say little about \
             new images."
        }
        SplitName::Validation => {
            "Training images set aside: settings can be chosen by them. Models without a validation \
             split have none."
        }
        SplitName::Test => {
            "Images for the final measurement. Choosing settings by them makes their numbers too \
             good."
        }
        SplitName::Sketches => {
            "What you drew and labeled below the canvas, as far as it shows classes of this dataset."
        }
    }
}

/// The name of the model that is evaluated, and where it is from.
fn model_text(studio: &Studio) -> (String, &'static str) {
    let about = match studio.model() {
        Model::None => "",
        Model::Trained(_) if studio.live_run().is_some() => {
            "The run in training, evaluated at the end of an epoch."
        }
        Model::Trained(_) => {
            "The last trained run. Another model: open its file, or move the timeline of its run."
        }
        Model::Snapshot { .. } => "The model of this moment of the timeline.",
        Model::Opened { .. } => "A model from a file.",
    };
    (studio.model_name().unwrap_or_default(), about)
}

fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let line = "No model yet. Train one, or open a file, to see where it errs.";
    let open = Command::from(FileCommand::OpenModel);
    if first_step_ui(ui, line, "Open model…", open.tooltip(ui), true) {
        cx.command(open);
    }
}
