//! Labels that are probably wrong: the worst first, each with what models say that did not see it.

use std::sync::Arc;

use egui::{
    Event, Image, Key, Label, Modifiers, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextureHandle, TextureOptions, Ui, WidgetInfo, vec2,
};

use super::images::ImagesView;
use super::space::SpaceView;
use crate::data::edits::{Edit, Edits};
use crate::data::{Dataset, ImageRef};
use crate::studio::{DataAction, LabelIssues, N_FOLDS};
use crate::text::{self, count};
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Side of the picture.
const SIDE: f32 = 140.0;

/// The image that is looked at.
#[derive(Default)]
pub(super) struct LabelsView {
    current: Option<ImageRef>,
    texture: Option<(ImageRef, Arc<Dataset>, TextureHandle)>,
    /// The issues that are shown among the images.
    of: Option<Arc<LabelIssues>>,
    /// What was typed of the name of a class.
    typed: String,
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
            self.typed.clear();
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
            decided = self.picture_ui(ui, dataset, image);
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
            self.typed.clear();
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

    /// Draws the image, large. While it has the focus, keys decide about it.
    fn picture_ui(
        &mut self,
        ui: &mut Ui,
        dataset: &Arc<Dataset>,
        image: ImageRef,
    ) -> Option<Option<Edit>> {
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
        let name = "Image whose label is in question";
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        let is_same = |(of, data, _): &(ImageRef, Arc<Dataset>, TextureHandle)| {
            *of == image && Arc::ptr_eq(data, dataset)
        };
        if !self.texture.as_ref().is_some_and(is_same) {
            let set = dataset.split_of(image);
            let pixels = color_image(set.shape(), set.image(image.idx));
            let texture = ui.load_texture("label", pixels, TextureOptions::NEAREST);
            self.texture = Some((image, dataset.clone(), texture));
        }
        if let Some((_, _, texture)) = &self.texture {
            ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
            Image::new(texture).paint_at(ui, rect);
        }
        if response.clicked() {
            response.request_focus();
        }
        if response.has_focus() {
            let line = Stroke::new(2.0, tokens(ui).accent);
            ui.painter()
                .rect_stroke(rect, 2.0, line, StrokeKind::Outside);
        }
        let has_focus = response.has_focus();
        response.on_hover_text(
            "With the focus here: the first letters of a class relabel, Enter keeps the label, \
             Delete leaves the image out, Ctrl+Z undoes.",
        );
        has_focus.then(|| self.keys(ui, dataset, image)).flatten()
    }

    /// What the keys pressed say.
    fn keys(&mut self, ui: &Ui, dataset: &Dataset, image: ImageRef) -> Option<Option<Edit>> {
        let is_pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if is_pressed(Key::Enter) {
            return Some(Some(Edit::Keep));
        }
        if is_pressed(Key::Delete) {
            return Some(Some(Edit::Exclude));
        }
        let typed = ui.input(|input| {
            let texts = input.events.iter().filter_map(|event| match event {
                Event::Text(text) => Some(text.clone()),
                _ => None,
            });
            texts.collect::<String>()
        });
        if typed.is_empty() {
            return None;
        }
        self.typed.push_str(&typed.to_lowercase());
        let fits = |typed: &str| -> Vec<u32> {
            let names = (0..).zip(&dataset.classes);
            let fit = names.filter(|(_, name)| name.to_lowercase().starts_with(typed));
            fit.map(|(class, _)| class).collect()
        };
        let mut found = fits(&self.typed);
        if found.is_empty() {
            // Another class begins.
            self.typed = typed.to_lowercase();
            found = fits(&self.typed);
        }
        match found[..] {
            [class] => Some(Some(edit_of(dataset, image, class))),
            _ => None,
        }
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

/// Draws how many edits there are, and what can be done with them.
fn edits_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, edits: &Edits) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let n = edits.n_changes();
        let text = match n {
            0 => "No label is changed yet.".to_owned(),
            n => count(n, "change"),
        };
        ui.label(theme::quiet(ui, text));
        let can_undo = cx.studio.datasets().cleaner().can_undo();
        let undo = labeled_button(ui, None, "Undo edit", Weight::Bare, 0.0, can_undo);
        if undo
            .on_hover_text("Undoes the last decision (Ctrl+Z).")
            .clicked()
        {
            cx.act(DataAction::UndoEdit);
        }
        let save = labeled_button(ui, None, "Save as dataset", Weight::Plain, 0.0, n > 0);
        let about = "Stores this dataset with the changes under a name of its own, and opens it; \
                     what it is made of stays as it is. Train on it and let Compare say whether \
                     the changes help.";
        if save.on_hover_text(about).clicked() {
            cx.act(DataAction::SaveEdited);
        }
    });
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
fn classes_ui(ui: &mut Ui, dataset: &Dataset, edits: &Edits, image: ImageRef) -> Option<u32> {
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
