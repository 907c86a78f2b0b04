//! Actions on the canvas: strokes, images, test images, and the model that classifies them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::{DecodedImage, Framing, ImageSet, Recipe, read_image_bytes, read_image_file};
use crate::studio::action::CanvasAction;
use crate::studio::classified::{Classified, ClassifiedSource};
use crate::studio::message::Message;
use crate::studio::pad::Pad;
use crate::studio::{LastEdited, Studio};
use crate::text::count;

/// The most image files that are classified at once; `predict` has no limit.
const MAX_CLASSIFIED: usize = 200;

impl Studio {
    pub(super) fn handle_canvas(&mut self, action: CanvasAction) {
        match action {
            CanvasAction::BeginStroke(stroke) => self.edit_canvas(|pad| pad.begin(stroke)),
            CanvasAction::ExtendStroke(points) => self.change_canvas(|pad| pad.extend(&points)),
            CanvasAction::EndStroke => self.change_canvas(Pad::end),
            CanvasAction::Undo => self.undo_on_canvas(),
            CanvasAction::Redo => self.redo_on_canvas(),
            CanvasAction::Clear => self.edit_canvas(Pad::clear),
            CanvasAction::SetBrush(width) => self.change_canvas(|pad| pad.set_brush(width)),
            CanvasAction::OpenImage(path) => self.open_image(path),
            CanvasAction::Classify(paths) => self.classify(paths),
            CanvasAction::ClassifyEach => self.classify_each(),
            CanvasAction::OpenClassified(idx) => self.open_classified(idx),
            CanvasAction::SetRecipe(recipe) => {
                self.canvas.set_own_recipe(recipe);
                self.ask();
            }
            CanvasAction::CloseClassified => self.classified = Arc::default(),
            CanvasAction::OpenImageBytes(bytes, origin) => {
                self.open_picture(origin.clone(), None, move || {
                    read_image_bytes(&bytes, &origin).map_err(|e| e.to_string())
                });
            }
            CanvasAction::TestImage(idx) => self.test_image(idx),
            CanvasAction::RandomTestImage => self.random_test_image(),
            CanvasAction::UseTrainedModel => self.use_trained_model(),
        }
    }

    /// Makes an undoable change to the canvas.
    pub(in crate::studio) fn edit_canvas(&mut self, edit: impl FnOnce(&mut Pad)) {
        self.last_edited = LastEdited::Canvas;
        self.sketches.canvas_edited();
        self.change_canvas(edit);
    }

    pub(in crate::studio) fn change_canvas(&mut self, change: impl FnOnce(&mut Pad)) {
        change(&mut self.canvas.pad);
        self.ask();
    }

    fn open_image(&mut self, path: PathBuf) {
        self.open_picture(path.display().to_string(), Some(path.clone()), move || {
            read_image_file(&path).map_err(|e| e.to_string())
        });
    }

    fn open_picture(
        &mut self,
        origin: String,
        path: Option<PathBuf>,
        read: impl FnOnce() -> Result<DecodedImage, String> + Send + 'static,
    ) {
        let recipe = self.recipe();
        self.files.run(format!("opening {origin}"), move || {
            let read = read().map(|image| (recipe.shown(&image), image));
            Message::Picture(path, read)
        });
    }

    /// Classifies image files with the model of the canvas.
    fn classify(&mut self, paths: Vec<PathBuf>) {
        let Some(classifier) = self.classifier().cloned() else {
            let text = "There is no model to classify these images with: train one or open one";
            return self.notices.error(text.to_owned());
        };
        if paths.len() > MAX_CLASSIFIED {
            let text = format!(
                "Only the first {MAX_CLASSIFIED} images are classified; `candle-studio predict` has \
                 no limit"
            );
            self.notices.info(text);
        }
        let activity = format!("classifying {}", count(paths.len(), "image"));
        let recipe = self.recipe();
        self.files.run(activity, move || {
            let file = |path| Classified::file(path, &classifier, recipe);
            Message::Classified(paths.into_iter().take(MAX_CLASSIFIED).map(file).collect())
        });
    }

    /// Classifies each object of the picture on the canvas.
    fn classify_each(&mut self) {
        let Some(classifier) = self.classifier().cloned() else {
            return;
        };
        let (image, recipe) = (self.canvas.pad.input(), self.recipe());
        let activity = "classifying each object".to_owned();
        self.files.run(activity, move || {
            let shape = classifier.network.spec().input;
            let objects = recipe.objects(&image, shape).into_iter().enumerate();
            let object = |(idx, object)| Classified::object(idx, object, &classifier, recipe);
            Message::Classified(objects.map(object).collect())
        });
    }

    /// Puts a classified image on the canvas.
    fn open_classified(&mut self, idx: usize) {
        let all = std::mem::take(&mut self.classified);
        match all.get(idx).map(|classified| &classified.source) {
            Some(ClassifiedSource::File(path)) => self.open_image(path.clone()),
            Some(ClassifiedSource::Object(image)) => {
                self.edit_canvas(|pad| pad.paste(image, None, None));
            }
            None => {}
        }
    }

    fn random_test_image(&mut self) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let idx = (self.pick() % dataset.test.len() as u64) as usize;
        self.test_image(idx);
    }

    /// Puts a test image on the canvas, with its label.
    fn test_image(&mut self, idx: usize) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let test = &dataset.test;
        if idx >= test.len() {
            return;
        }
        self.put_image(test, idx);
    }

    /// Puts the image of `set` at `idx` on the canvas, with its label.
    pub(in crate::studio) fn put_image(&mut self, set: &ImageSet, idx: usize) {
        let image = DecodedImage::from_pixels(set.shape(), set.image(idx)).as_input();
        let (shown, label) = (self.recipe().shown(&image), set.labels()[idx]);
        self.edit_canvas(|pad| pad.paste(&shown, Some(image.into()), Some(label)));
    }

    /// How pictures become inputs: as chosen, or as the model that is asked was trained, or as the
    /// dataset's images.
    pub fn recipe(&self) -> Recipe {
        let chosen = self.canvas.own_recipe();
        chosen.unwrap_or_else(|| self.model_recipe())
    }

    /// How pictures become inputs unless another recipe is chosen.
    pub fn model_recipe(&self) -> Recipe {
        let of_data = || self.dataset().map(|dataset| dataset.recipe);
        let of_model = self.canvas.model_recipe().or_else(of_data);
        of_model.unwrap_or(Recipe::new(Framing::Center))
    }

    /// Classifies the drawing with the network in training, or the last one trained.
    pub(in crate::studio) fn use_trained_model(&mut self) {
        self.canvas.use_trained();
        self.ask();
    }
}
