//! Labels that are probably wrong: the worst first, each with what models say that did not see it.

mod edits;
mod question;

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, Ui};

use super::images::ImagesView;
use super::space::SpaceView;
use crate::data::edits::{Edit, Edits};
use crate::data::{Dataset, ImageRef};
use crate::studio::{DataAction, LabelIssues, N_FOLDS};
use crate::text::{self, count};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, labeled_button};
use edits::{edits_ui, verdict_ui};
pub(super) use question::{Pressed, Question};

const NAME: &str = "Image whose label is in question";
const ABOUT: &str = "With the focus here: the first letters of a class relabel, Enter keeps the label, Delete \
                     leaves the image out, Ctrl+Z undoes.";

/// The image that is looked at.
#[derive(Default)]
pub(super) struct LabelsView {
    current: Option<ImageRef>,
    question: Question,
    /// The issues that are shown among the images.
    of: Option<Arc<LabelIssues>>,
    space: SpaceView,
}

impl LabelsView {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        images: &mut ImagesView,
        dataset: &Arc<Dataset>,
    ) {
        let cleaner = cx.studio.datasets().cleaner();
        search_ui(ui, cx, dataset);
        verdict_ui(ui, cx);
        self.space.odd_ui(ui, cx, images, dataset);
        if let Some(issues) = cleaner.issues(dataset)
            && !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, issues))
        {
            self.of = Some(issues.clone());
            images.show_only("probably labeled wrongly", &issues.images);
            self.current = issues.images.first().copied();
        }
        // An image that is clicked is looked at.
        if let Some(opened) = images.take_opened() {
            self.current = Some(opened);
            self.question.begin();
        }
        let Some(edits) = cleaner.edits(dataset) else {
            let text = "Without a workspace, edits are not kept: there is nothing to edit.";
            ui.add(Label::new(theme::quiet(ui, text)).wrap());
            return;
        };
        edits_ui(ui, cx, edits);
        let current = self.current.filter(|image| is_in(dataset, *image));
        match current {
            Some(image) => self.image_ui(ui, cx, dataset, edits, image),
            None => {
                let text = "Click an image to change its label.";
                ui.label(theme::quiet(ui, text));
            }
        }
    }

    fn image_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        dataset: &Arc<Dataset>,
        edits: &Edits,
        image: ImageRef,
    ) {
        let mut decided = None;
        ui.horizontal_top(|ui| {
            let pressed = self.question.ui(ui, dataset, image, [NAME, ABOUT]);
            decided = pressed.map(|pressed| {
                Some(match pressed {
                    Pressed::Class(class) => edit_of(dataset, image, class),
                    Pressed::Keep => Edit::Keep,
                    Pressed::Exclude => Edit::Exclude,
                })
            });
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = UNIT;
                about_ui(ui, self.of.as_deref(), dataset, edits, image);
                ui.horizontal_wrapped(|ui| {
                    for (label, about, edit) in [
                        (
                            "Keep label",
                            "The label is right (Enter).",
                            Some(Edit::Keep),
                        ),
                        (
                            "Leave out",
                            "The image is not used (Delete).",
                            Some(Edit::Exclude),
                        ),
                        ("Restore", "As if it had not been looked at.", None),
                    ] {
                        let is_possible = edits.of(image) != edit;
                        let button =
                            labeled_button(ui, None, label, Weight::Plain, 0.0, is_possible);
                        if button.on_hover_text(about).clicked() {
                            decided = Some(edit);
                        }
                    }
                });
            });
        });
        self.space.near_ui(ui, cx, dataset, image);
        ui.add_space(UNIT);
        let picked = classes_ui(ui, dataset, edits, image);
        if let Some(edit) = picked
            .map(|class| Some(edit_of(dataset, image, class)))
            .or(decided)
        {
            cx.act(DataAction::Edit(image, edit));
            self.question.begin();
            if edit.is_some() {
                self.current = self.next(image).or(self.current);
            }
        }
    }

    /// The issue after `image`.
    fn next(&self, image: ImageRef) -> Option<ImageRef> {
        let all = &self.of.as_ref()?.images;
        let at = all.iter().position(|other| *other == image)?;
        all.get(at + 1).copied()
    }
}

fn is_in(dataset: &Dataset, image: ImageRef) -> bool {
    image.idx < dataset.split_of(image).len()
}

/// Giving an image the label it has keeps it.
fn edit_of(dataset: &Dataset, image: ImageRef, class: u32) -> Edit {
    match dataset.label(image) == class {
        true => Edit::Keep,
        false => Edit::Relabel(class),
    }
}

/// Draws the search: its button, its progress, its result.
fn search_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
    let cleaner = cx.studio.datasets().cleaner();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        if let Some(n_done) = cleaner.progress() {
            let stop = labeled_button(ui, None, "Stop search", Weight::Plain, 0.0, true);
            if stop
                .on_hover_text("Ends the search; there is no result then.")
                .clicked()
            {
                cx.act(DataAction::StopLabelSearch);
            }
            let text = format!("{n_done} of {N_FOLDS} models trained…");
            ui.label(theme::quiet(ui, text));
            return;
        }
        let is_possible = cx.studio.can_train();
        let name = "Find wrong labels";
        let button = labeled_button(ui, None, name, Weight::Plain, 0.0, is_possible);
        let about = "Trains five models with the settings of Train, each without a fifth of the \
                     training images, and lists the labels that those who did not see them doubt \
                     (confident learning).";
        if button.on_hover_text(about).clicked() {
            cx.act(DataAction::FindLabelIssues);
        }
        if let Some(issues) = cleaner.issues(dataset) {
            let n_right = issues
                .predictions
                .right()
                .filter(|is_right| *is_right)
                .count();
            let share = n_right as f64 / issues.predictions.len().max(1) as f64;
            let text = format!(
                "{} probably wrong; the models agree with {}",
                count(issues.images.len(), "label"),
                text::percent(share)
            );
            ui.add(Label::new(theme::quiet(ui, text)).wrap());
        }
    });
    if let Some(problem) = cleaner.problem() {
        let problem = RichText::new(text::sentence(problem)).color(tokens(ui).bad);
        ui.add(Label::new(problem).wrap());
    }
}

/// Says what the image is labeled, what it looks like, and what was decided.
fn about_ui(
    ui: &mut Ui,
    issues: Option<&LabelIssues>,
    dataset: &Dataset,
    edits: &Edits,
    image: ImageRef,
) {
    let name = |class: u32| dataset.classes[class as usize].as_str();
    let split = if image.is_test { "Test" } else { "Training" };
    ui.label(format!(
        "{split} image {}",
        text::thousands(image.idx as u64)
    ));
    let label = dataset.label(image);
    let predictions = issues.map(|issues| &issues.predictions);
    let predictions = predictions.filter(|_| !image.is_test);
    let row = predictions.map(|all| all.probabilities(image.idx));
    let share = |class: u32| {
        let p = row.and_then(|row| row.get(class as usize));
        p.map_or(String::new(), |p| {
            format!(" ({})", text::percent(f64::from(*p)))
        })
    };
    ui.label(format!("labeled {}{}", name(label), share(label)));
    if let Some(answer) = predictions.and_then(|all| all.answers()[image.idx]) {
        ui.label(format!("looks like {}{}", name(answer), share(answer)));
    }
    let decided = match edits.of(image) {
        Some(Edit::Relabel(class)) => format!("changed to {}", name(class)),
        Some(Edit::Exclude) => "left out".to_owned(),
        Some(Edit::Keep) => "kept".to_owned(),
        None => String::new(),
    };
    ui.label(RichText::new(decided).color(tokens(ui).accent));
}

/// Draws a button for each class; returns the one that was clicked.
pub(super) fn classes_ui(
    ui: &mut Ui,
    dataset: &Dataset,
    edits: &Edits,
    image: ImageRef,
) -> Option<u32> {
    let now = match edits.of(image) {
        Some(Edit::Relabel(class)) => class,
        _ => dataset.label(image),
    };
    let mut picked = None;
    ScrollArea::vertical()
        .id_salt("label classes")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                for (class, name) in (0..).zip(&dataset.classes) {
                    let button = ui.selectable_label(class == now, name);
                    let button = button.accessible_name(format!("Label it {name}"));
                    if button.on_hover_text("The label of this image.").clicked() {
                        picked = Some(class);
                    }
                }
            });
        });
    picked
}
