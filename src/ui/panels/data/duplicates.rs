//! Images that are there more than once.

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, Ui};

use super::images::ImagesView;
use crate::data::{Dataset, ImageRef};
use crate::studio::{DataAction, DatasetLook};
use crate::text::{self, count};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// A set of images that are the same, or look the same.
struct Group {
    images: Vec<ImageRef>,
    /// Whether it has training and test images.
    leaks: bool,
    /// Whether its labels differ.
    contradicts: bool,
    is_near: bool,
}

/// The groups of the newest look.
#[derive(Default)]
pub(super) struct DuplicatesView {
    groups: Vec<Group>,
    of: Option<Arc<DatasetLook>>,
}

impl DuplicatesView {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        images: &mut ImagesView,
        look: &Arc<DatasetLook>,
    ) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, look)) {
            self.groups = groups(look);
            self.of = Some(look.clone());
        }
        self.summary_ui(ui, cx, images, look);
        let groups = &self.groups;
        ScrollArea::vertical()
            .id_salt("duplicates")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, groups.len(), |ui, rows| {
                for group in &groups[rows] {
                    group_ui(ui, images, &look.dataset, group);
                }
            });
    }

    fn summary_ui(
        &self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        images: &mut ImagesView,
        look: &DatasetLook,
    ) {
        let found = &look.duplicates;
        self.leaks_ui(ui, images, found.n_leaks());
        let lines = [
            match found.n_duplicates() {
                0 => "No image is there twice within training or test.".to_owned(),
                n => format!(
                    "{} superfluous: the same pixels again.",
                    is_or_are(n, "image")
                ),
            },
            match self.groups.iter().filter(|group| group.contradicts).count() {
                0 => String::new(),
                n => format!("{} with different labels.", count(n, "group")),
            },
            match (&found.near, look.has_near) {
                (Some(near), _) => format!(
                    "{} of images that look the same, {} of them in training and test.",
                    count(near.len(), "pair"),
                    found.near_leaks().count()
                ),
                (None, true) => "Too many images to compare them by their looks.".to_owned(),
                (None, false) => String::new(),
            },
        ];
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            ui.add(Label::new(theme::quiet(ui, line)).wrap());
        }
        if !look.has_near {
            near_ui(ui, cx);
        }
    }

    /// Says how many test images are also training images.
    fn leaks_ui(&self, ui: &mut Ui, images: &mut ImagesView, n_leaks: usize) {
        if n_leaks == 0 {
            return;
        }
        let text = format!(
            "{} also in training: what the test says about {} is too good.",
            is_or_are(n_leaks, "test image"),
            if n_leaks == 1 { "it" } else { "them" }
        );
        let bad = tokens(ui).bad;
        ui.add(Label::new(RichText::new(text).color(bad)).wrap());
        let button = labeled_button(ui, None, "Show them", Weight::Plain, 0.0, true);
        let about = "Shows the images that are in training and test alike.";
        if button.on_hover_text(about).clicked() {
            let groups = self.groups.iter();
            let both = groups.filter(|group| group.leaks && !group.is_near);
            let both: Vec<ImageRef> = both.flat_map(|group| group.images.clone()).collect();
            images.show_only("in training and test alike", &both);
        }
    }
}

/// Draws the button that also compares the images by their looks.
fn near_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let is_busy = cx.studio.datasets().is_looking();
    let name = "Find images that look the same";
    let button = labeled_button(ui, None, name, Weight::Plain, 0.0, !is_busy);
    let about = "Compares every two images by their looks: scaled, compressed or slightly changed \
                 copies. Seconds for ten thousand images, minutes for more.";
    if button.on_hover_text(about).clicked() {
        cx.act(DataAction::FindNearDuplicates);
    }
    if is_busy {
        ui.label(theme::quiet(ui, "comparing…"));
    }
}

/// `1 image is`, `2 images are`.
fn is_or_are(n: usize, noun: &str) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb}", count(n, noun))
}

/// All groups: first those in training and test alike, then those with different labels.
fn groups(look: &DatasetLook) -> Vec<Group> {
    let exact = look
        .duplicates
        .exact
        .iter()
        .map(|group| (group.clone(), false));
    let near = look.duplicates.near.iter().flatten();
    let near = near.map(|pair| (pair.to_vec(), true));
    let group = |(images, is_near): (Vec<ImageRef>, bool)| {
        let first = images[0];
        let label = |image: &ImageRef| look.dataset.label(*image);
        Group {
            leaks: images.iter().any(|image| image.is_test != first.is_test),
            contradicts: images.iter().any(|image| label(image) != label(&first)),
            images,
            is_near,
        }
    };
    let mut groups: Vec<Group> = exact.chain(near).map(group).collect();
    groups.sort_by_key(|group| (!group.leaks, !group.contradicts, group.is_near));
    groups
}

fn group_ui(ui: &mut Ui, images: &mut ImagesView, dataset: &Dataset, group: &Group) {
    let t = tokens(ui);
    let one = |image: &ImageRef| {
        let split = if image.is_test { "test" } else { "training" };
        let class = &dataset.classes[dataset.label(*image) as usize];
        format!("{split} {} ({class})", text::thousands(image.idx as u64))
    };
    let names: Vec<String> = group.images.iter().map(one).collect();
    let text = names.join(if group.is_near { " ~ " } else { " = " });
    let color = if group.leaks { t.bad } else { t.text };
    let row = egui::Button::new(RichText::new(text).color(color))
        .frame(false)
        .truncate();
    let about = match group.is_near {
        true => "They look the same. A click shows them.",
        false => "They have the same pixels. A click shows them.",
    };
    if ui.add(row).on_hover_text(about).clicked() {
        images.show_only("this group", &group.images);
    }
}
