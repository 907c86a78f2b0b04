//! Several images with the answer to each.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::{GrayImage, InputImage, Object, Recipe, read_image_file};
use crate::model::Classifier;
use crate::predict::{LastInput, Prediction};

/// An image and the model's answer.
#[derive(Clone, Debug)]
pub struct Classified {
    /// Its short name.
    pub name: String,
    /// Where it is from.
    pub source: ClassifiedSource,
    /// The prediction, or one sentence that says why there is none.
    pub answer: Result<Prediction, String>,
    /// The name of the predicted class.
    pub class: String,
}

/// Where a classified image is from.
#[derive(Clone, Debug)]
pub enum ClassifiedSource {
    /// A file.
    File(PathBuf),
    /// An object of the picture on the canvas: its ink alone.
    Object(Arc<GrayImage>),
}

impl Classified {
    pub(super) fn file(path: PathBuf, classifier: &Classifier, recipe: Recipe) -> Classified {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let answer = read_image_file(&path)
            .map_err(|e| e.to_string())
            .and_then(|image| answer(&image.into(), classifier, recipe));
        Classified::new(name, ClassifiedSource::File(path), answer, classifier)
    }

    pub(super) fn object(
        idx: usize,
        object: Object,
        classifier: &Classifier,
        recipe: Recipe,
    ) -> Classified {
        let image = Arc::new(object.image);
        let answer = answer(&InputImage::Sketch(image.clone()), classifier, recipe);
        let name = format!("object {}", idx + 1);
        Classified::new(name, ClassifiedSource::Object(image), answer, classifier)
    }

    fn new(
        name: String,
        source: ClassifiedSource,
        answer: Result<Prediction, String>,
        classifier: &Classifier,
    ) -> Classified {
        let class = match &answer {
            Ok(prediction) => {
                let known = classifier.classes.get(prediction.class).cloned();
                known.unwrap_or_else(|| prediction.class.to_string())
            }
            Err(_) => String::new(),
        };
        Classified {
            name,
            source,
            answer,
            class,
        }
    }
}

fn answer(
    image: &InputImage,
    classifier: &Classifier,
    recipe: Recipe,
) -> Result<Prediction, String> {
    let found = LastInput::default().classify(classifier, recipe, image);
    let found = found.map_err(|e| e.to_string())?;
    found.ok_or_else(|| "There is nothing on this image".to_owned())
}
