//! The training images in the space of the model on the canvas: odd ones out, and what is near an
//! image.

use std::sync::Arc;

use egui::{Label, RichText, Ui};

use super::images::ImagesView;
use crate::data::{Dataset, ImageRef};
use crate::model::Classifier;
use crate::studio::{DataAction, OddImages};
use crate::text::{self, count};
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Textures, Thumbnail, Weight, labeled_button};

/// What was shown last.
#[derive(Default)]
pub(super) struct SpaceView {
    asked: Option<(Arc<Dataset>, ImageRef)>,
    shown: Option<Arc<OddImages>>,
    textures: Textures<usize>,
}

impl SpaceView {
    /// Draws the search for odd ones out; shows them among the images once they are found.
    pub(super) fn odd_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        images: &mut ImagesView,
        dataset: &Arc<Dataset>,
    ) {
        let space = cx.studio.datasets().space();
        let found = space.odd(dataset).cloned();
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            let is_possible = cx.studio.classifier().is_some() && !space.is_searching();
            let name = "Find odd ones out";
            let button = labeled_button(ui, None, name, Weight::Plain, 0.0, is_possible);
            let about = "Shows the training images that are farthest from the mean of their class in \
                         the last hidden layer of the model on the canvas: strange images, and wrong \
                         labels.";
            if button.on_hover_text(about).clicked() {
                self.shown = None;
                cx.act(DataAction::FindOddOnes);
            }
            if let Some(found) = &found {
                let text = format!("{} by {}", count(found.images.len(), "image"), found.layer);
                ui.label(theme::quiet(ui, text));
            }
        });
        if let Some(problem) = space.problem() {
            let problem = RichText::new(text::sentence(problem)).color(tokens(ui).bad);
            ui.add(Label::new(problem).wrap());
        }
        let is_shown =
            |of: &Arc<OddImages>| self.shown.as_ref().is_some_and(|s| Arc::ptr_eq(s, of));
        if let Some(found) = found.filter(|found| !is_shown(found)) {
            images.show_only("far from their class", &found.images);
            self.shown = Some(found);
        }
    }

    /// Draws the training images that are nearest to `image`, with their labels.
    pub(super) fn near_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        dataset: &Arc<Dataset>,
        image: ImageRef,
    ) {
        let fits = |of: &Arc<Classifier>| of.network.spec().input == dataset.image_shape();
        if !cx.studio.classifier().is_some_and(fits) {
            return;
        }
        let is_asked =
            |(of, asked): &(Arc<Dataset>, ImageRef)| Arc::ptr_eq(of, dataset) && *asked == image;
        if !self.asked.as_ref().is_some_and(is_asked) {
            self.asked = Some((dataset.clone(), image));
            self.textures.clear();
            cx.act(DataAction::FindNear(image));
        }
        let Some(near) = cx.studio.datasets().space().near(dataset, image) else {
            return;
        };
        let about = "The training images that the last hidden layer of the model on the canvas makes \
                     most similar.";
        ui.label(theme::quiet(ui, "Nearest")).on_hover_text(about);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            for &idx in &near.nearest {
                let set = &dataset.train;
                let class = &dataset.classes[set.labels()[idx] as usize];
                let is_other = set.labels()[idx] != dataset.label(image);
                let t = tokens(ui);
                let thumbnail = Thumbnail {
                    name: &format!("near image {idx}: label {class}"),
                    caption: class,
                    color: if is_other { t.bad } else { t.quiet },
                    is_chosen: false,
                };
                let response = thumbnail.ui(ui, |ui| {
                    let picture = || color_image(set.shape(), set.image(idx));
                    self.textures.get(ui, idx, picture)
                });
                let about = format!("Training image {idx}, labeled {class}. A click opens it.");
                if response.on_hover_text(about).clicked() {
                    let is_test = false;
                    cx.act(DataAction::OpenImage(ImageRef { is_test, idx }));
                }
            }
        });
    }
}
