//! The images of the dataset, filtered.

use std::sync::Arc;

use egui::Ui;

use crate::data::edits::{Edit, Edits};
use crate::data::{Dataset, ImageRef};
use crate::studio::DataAction;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Textures, Thumbnail, Weight, combo_of_width, labeled_button, thumbnails};

/// Which images are shown.
#[derive(Clone, Default, PartialEq)]
struct Filter {
    /// Only those of this class.
    class: Option<u32>,
    /// Only training images, or only test images.
    is_test: Option<bool>,
    /// Only these, and what they are.
    among: Option<(String, Vec<ImageRef>)>,
}

/// The images of the dataset.
#[derive(Default)]
pub(super) struct ImagesView {
    textures: Textures<ImageRef>,
    filter: Filter,
    /// The images that match, with the dataset and the filter that they are of.
    found: Option<(Arc<Dataset>, Filter, Arc<[ImageRef]>)>,
    opened: Option<ImageRef>,
    /// Whether `opened` is new.
    is_new: bool,
}

impl ImagesView {
    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        self.textures.clear();
    }

    /// The image that was clicked since the last call.
    pub(super) fn take_opened(&mut self) -> Option<ImageRef> {
        std::mem::take(&mut self.is_new)
            .then_some(self.opened)
            .flatten()
    }

    /// The class whose images are shown.
    pub(super) fn class(&self) -> Option<u32> {
        self.filter.class
    }

    /// Shows the images of a class, or all.
    pub(super) fn show_class(&mut self, class: Option<u32>) {
        self.filter = Filter {
            class,
            ..Filter::default()
        };
    }

    /// Shows these images, which are `what`.
    pub(super) fn show_only(&mut self, what: &str, images: &[ImageRef]) {
        self.filter = Filter {
            among: Some((what.to_owned(), images.to_vec())),
            ..Filter::default()
        };
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
        let is_same = self
            .found
            .as_ref()
            .is_some_and(|(of, ..)| Arc::ptr_eq(of, dataset));
        if !is_same {
            *self = ImagesView::default();
        }
        self.textures.tidy();
        self.filter_ui(ui, dataset);
        let found = self.found(dataset);
        let n_all = dataset.train.len() + dataset.test.len();
        let n = text::thousands(found.len() as u64);
        ui.label(theme::quiet(
            ui,
            format!("{n} of {}", text::count(n_all, "image")),
        ));
        if found.is_empty() {
            ui.label(theme::quiet(ui, "No image is selected by this filter."));
            return;
        }
        let edits = cx.studio.datasets().cleaner().edits(dataset);
        thumbnails(ui, found.len(), |ui, i| {
            self.image_ui(ui, cx, dataset, found[i], edits);
        });
    }

    fn image_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        dataset: &Dataset,
        image: ImageRef,
        edits: Option<&Edits>,
    ) {
        let split = if image.is_test { "test" } else { "training" };
        let class = &dataset.classes[dataset.label(image) as usize];
        let edit = edits.and_then(|edits| edits.of(image));
        let caption = match edit {
            Some(Edit::Relabel(new)) => format!("{class} → {}", dataset.classes[new as usize]),
            Some(Edit::Exclude) => format!("{class} left out"),
            Some(Edit::Keep) => format!("{class} kept"),
            None => class.clone(),
        };
        let name = format!("{split} image {}: label {caption}", image.idx);
        let t = tokens(ui);
        let thumbnail = Thumbnail {
            name: &name,
            caption: &caption,
            color: if edit.is_some() { t.accent } else { t.quiet },
            is_chosen: self.opened == Some(image),
        };
        let response = thumbnail.ui(ui, |ui| {
            self.textures.get(ui, image, || {
                let set = dataset.split_of(image);
                color_image(set.shape(), set.image(image.idx))
            })
        });
        let about = format!(
            "{}. A click puts it on the canvas.",
            text::capitalized(&name)
        );
        if response.on_hover_text(about).clicked() {
            self.opened = Some(image);
            self.is_new = true;
            cx.act(DataAction::OpenImage(image));
        }
    }

    fn filter_ui(&mut self, ui: &mut Ui, dataset: &Dataset) {
        let filter = &mut self.filter;
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            for (is_test, label, about) in [
                (None, "All", "Training and test images."),
                (Some(false), "Training", "Only training images."),
                (Some(true), "Test", "Only test images."),
            ] {
                ui.selectable_value(&mut filter.is_test, is_test, label)
                    .on_hover_text(about);
            }
            let chosen = filter.class.map(|class| &dataset.classes[class as usize]);
            let chosen = chosen.map_or("any class", String::as_str);
            combo_of_width(ui, "Class of the images", chosen, 104.0, |ui| {
                ui.selectable_value(&mut filter.class, None, "any class");
                for (class, name) in (0..).zip(&dataset.classes) {
                    ui.selectable_value(&mut filter.class, Some(class), name);
                }
            })
            .on_hover_text("Only images of this class.");
            if let Some((what, _)) = &filter.among {
                let text = format!("only {what}");
                ui.add(egui::Label::new(theme::quiet(ui, text)).truncate());
            }
            if *filter != Filter::default() {
                let clear = labeled_button(ui, None, "Clear filter", Weight::Bare, 0.0, true);
                if clear.on_hover_text("Shows all images.").clicked() {
                    *filter = Filter::default();
                }
            }
        });
    }

    /// The images that match the filter; they are searched when it changes.
    fn found(&mut self, dataset: &Arc<Dataset>) -> Arc<[ImageRef]> {
        if let Some((of, filter, found)) = &self.found
            && Arc::ptr_eq(of, dataset)
            && *filter == self.filter
        {
            return found.clone();
        }
        let found = matching(dataset, &self.filter);
        self.found = Some((dataset.clone(), self.filter.clone(), found.clone()));
        found
    }
}

fn matching(dataset: &Dataset, filter: &Filter) -> Arc<[ImageRef]> {
    let of_split = |is_test: bool| {
        let set = if is_test {
            &dataset.test
        } else {
            &dataset.train
        };
        (0..set.len()).map(move |idx| ImageRef { is_test, idx })
    };
    let is_wanted = |image: &ImageRef| {
        filter
            .is_test
            .is_none_or(|is_test| is_test == image.is_test)
            && filter
                .class
                .is_none_or(|class| class == dataset.label(*image))
    };
    match &filter.among {
        Some((_, images)) => images.iter().copied().filter(is_wanted).collect(),
        None => of_split(false)
            .chain(of_split(true))
            .filter(is_wanted)
            .collect(),
    }
}
