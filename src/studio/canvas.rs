//! Canvas actions: strokes, images, test images.

use std::sync::Arc;

use super::action::Action;
use super::background::Message;
use super::{LastEdited, Studio};
use crate::data::{DecodedImage, Framing, Recipe};

impl Studio {
    pub(super) fn handle_canvas(&mut self, action: Action) {
        if action.is_canvas_edit() {
            self.last_edited = LastEdited::Canvas;
        }
        match action {
            Action::BeginStroke(stroke) => self.pad.begin(stroke),
            Action::ExtendStroke(points) => self.pad.extend(&points),
            Action::EndStroke => self.pad.end(),
            Action::UndoStroke => self.pad.undo(),
            Action::RedoStroke => self.pad.redo(),
            Action::ClearCanvas => self.pad.clear(),
            Action::SetBrush(width) => self.pad.set_brush(width),
            Action::PasteImage(image) => self.paste(image, None),
            _ => {}
        }
    }

    pub(super) fn open_picture(
        &mut self,
        origin: String,
        read: impl FnOnce() -> Result<DecodedImage, String> + Send + 'static,
    ) {
        self.background
            .run(format!("opening {origin}"), || Message::Picture(read()));
    }

    /// Puts a picture on the canvas.
    pub(super) fn paste(&mut self, image: DecodedImage, true_label: Option<u32>) {
        let shown = self.recipe().shown(&image);
        self.pad.paste(&shown, Some(image.into()), true_label);
    }

    /// How pictures become inputs: by the recipe of the model that is asked, or of the dataset.
    pub fn recipe(&self) -> Recipe {
        let of_model = self.classifier().map(|classifier| classifier.recipe());
        let of_data = || self.dataset().map(|dataset| dataset.recipe);
        of_model
            .or_else(of_data)
            .unwrap_or(Recipe::new(Framing::Center))
    }

    pub(super) fn random_test_image(&mut self) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let idx = (self.pick() % dataset.test.len() as u64) as usize;
        self.test_image(idx);
    }

    /// Puts a test image on the canvas, with its label.
    pub(super) fn test_image(&mut self, idx: usize) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let test = &dataset.test;
        if idx >= test.len() {
            return;
        }
        let image = DecodedImage::from_pixels(test.shape(), test.image(idx));
        self.last_edited = LastEdited::Canvas;
        self.paste(image, Some(test.labels()[idx]));
        self.ask();
    }
}
