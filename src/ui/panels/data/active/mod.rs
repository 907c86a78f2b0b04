//! Active learning: the images that a model is least certain of, labeled one after the other, and what
//! the labels are worth.

mod curve;

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::labels::{Pressed, Question};
use crate::data::edits::Edit;
use crate::data::{Dataset, ImageRef};
use crate::evaluate::Uncertainty;
use crate::studio::{DataAction, PER_ROUND};
use crate::text::{count, sentence};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Width of the list of measures.
const LIST_WIDTH: f32 = 132.0;

const IMAGE: [&str; 2] = [
    "Image to label",
    "With the focus here: the first letters of a class label it, Delete leaves the image out, Ctrl+Z \
     undoes.",
];

/// The image that is asked about.
#[derive(Default)]
pub(super) struct ActiveView {
    question: Question,
    current: Option<ImageRef>,
    /// The names of the classes of images that were never sorted.
    names: String,
}

impl ActiveView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
        ScrollArea::vertical()
            .id_salt("active")
            .auto_shrink(false)
            .show(ui, |ui| {
                if cx.studio.datasets().cleaner().edits(dataset).is_none() {
                    let text = "Without a workspace, labels are not kept.";
                    ui.add(Label::new(theme::quiet(ui, text)).wrap());
                    return;
                }
                let text = "Train on the labels given so far, label the ten images the model is least \
                            certain of, and again: the labels that the images have are not used.";
                ui.add(Label::new(theme::quiet(ui, text)).wrap());
                if cx.studio.is_data_unlabeled() {
                    self.names_ui(ui, cx);
                }
                controls_ui(ui, cx, dataset);
                self.asked_ui(ui, cx, dataset);
                curve::ui(ui, cx.studio.datasets().active().points());
            });
    }

    /// Draws the field for the classes of images that were never sorted.
    fn names_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 100.0).clamp(80.0, 260.0);
            let field = TextEdit::singleline(&mut self.names).hint_text("cat, dog, neither");
            ui.add_sized(vec2(width, ROW_HEIGHT), field)
                .accessible_name("Classes to label the images as")
                .on_hover_text("These images were never sorted: name the classes they can show.");
            let has_names = self.names.contains(',');
            let button = labeled_button(ui, None, "Use classes", Weight::Plain, 0.0, has_names);
            let about = "Lets the images be labeled as these classes.";
            if button.on_hover_text(about).clicked() {
                let names = self.names.split(',').map(str::to_owned);
                cx.act(DataAction::NameClasses(names.collect()));
            }
        });
    }

    /// Draws the first image without an answer.
    fn asked_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
        let edits = cx.studio.datasets().cleaner().edits(dataset);
        let asked = cx.studio.datasets().active().asked(dataset);
        let is_open = |image: &&ImageRef| edits.is_none_or(|edits| edits.of(**image).is_none());
        let n_open = asked.iter().filter(is_open).count();
        let Some(&image) = asked.iter().find(is_open) else {
            return;
        };
        if self.current != Some(image) {
            self.current = Some(image);
            self.question.begin();
        }
        let n_asked = asked.len();
        let mut answer = None;
        ui.horizontal_top(|ui| {
            let pressed = self.question.ui(ui, dataset, image, IMAGE);
            answer = pressed.and_then(|pressed| match pressed {
                Pressed::Class(class) => Some(Some(class)),
                Pressed::Exclude => Some(None),
                Pressed::Keep => None,
            });
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = UNIT;
                ui.label(format!("{} of {n_asked}", n_asked - n_open + 1));
                let skip = labeled_button(ui, None, "Leave out", Weight::Plain, 0.0, true);
                let about = "It shows none of the classes, or cannot be told (Delete).";
                if skip.on_hover_text(about).clicked() {
                    answer = Some(None);
                }
            });
        });
        ui.add_space(UNIT);
        if let Some(class) = classes_ui(ui, dataset) {
            answer = Some(Some(class));
        }
        if let Some(class) = answer {
            let edit = match class {
                None => Edit::Exclude,
                Some(class) if class == dataset.label(image) => Edit::Keep,
                Some(class) => Edit::Relabel(class),
            };
            cx.act(DataAction::Answer(image, edit));
        }
    }
}

/// Draws a button for each class; returns the one that was clicked.
fn classes_ui(ui: &mut Ui, dataset: &Dataset) -> Option<u32> {
    let mut picked = None;
    ui.horizontal_wrapped(|ui| {
        for (class, name) in (0..).zip(&dataset.classes) {
            let button = ui.selectable_label(false, name);
            let button = button.accessible_name(format!("It shows {name}"));
            if button.on_hover_text("The class of this image.").clicked() {
                picked = Some(class);
            }
        }
    });
    picked
}

fn controls_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
    let active = cx.studio.datasets().active();
    let (measure, is_busy) = (active.measure(), active.is_busy());
    let n_labels = cx.studio.n_labeled();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let mut chosen = measure;
        combo_of_width(ui, "Uncertainty", measure.label(), LIST_WIDTH, |ui| {
            for measure in Uncertainty::ALL {
                ui.selectable_value(&mut chosen, measure, measure.label())
                    .on_hover_text(measure.explanation());
            }
        })
        .on_hover_text(measure.explanation());
        if chosen != measure {
            cx.act(DataAction::SetUncertainty(chosen));
        }
        if is_busy {
            let stop = labeled_button(ui, None, "Stop", Weight::Plain, 0.0, true);
            let stop = stop.accessible_name("Stop choosing images");
            if stop.on_hover_text("Ends this round.").clicked() {
                cx.act(DataAction::StopAsking);
            }
            ui.label(theme::quiet(ui, "training and choosing…"));
            return;
        }
        let is_possible = cx.studio.can_train() && dataset.n_classes() > 1;
        let name = format!("Ask about {PER_ROUND}");
        let ask = labeled_button(ui, None, &name, Weight::Plain, 0.0, is_possible);
        let about = "Trains with the settings of Train on the labels given so far, and shows the images \
                     it is least certain of; without labels of two classes, random ones. After the \
                     last answer, this is done again.";
        if ask.on_hover_text(about).clicked() {
            cx.act(DataAction::AskForLabels);
        }
        let save = labeled_button(ui, None, "Save labeled", Weight::Bare, 0.0, n_labels > 0);
        let about = "Stores the images that were labeled as a dataset of their own, and opens it.";
        if save.on_hover_text(about).clicked() {
            cx.act(DataAction::SaveLabeled);
        }
    });
    ui.label(theme::quiet(ui, count(n_labels, "label")));
    if let Some(problem) = cx.studio.datasets().active().problem() {
        let problem = RichText::new(sentence(problem)).color(tokens(ui).bad);
        ui.add(Label::new(problem).wrap());
    }
}
