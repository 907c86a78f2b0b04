//! Several image files with the answer to each.

use std::path::PathBuf;

use crate::data::{InputImage, read_image_file};
use crate::model::Classifier;
use crate::predict::{Prediction, classify};

/// An image file and the model's answer.
#[derive(Clone, Debug)]
pub struct ClassifiedFile {
    /// The file.
    pub path: PathBuf,
    /// The prediction, or one sentence that says why there is none.
    pub answer: Result<Prediction, String>,
    /// The name of the predicted class.
    pub class: String,
}

impl ClassifiedFile {
    pub(super) fn new(path: PathBuf, classifier: &Classifier) -> ClassifiedFile {
        let read = read_image_file(&path).map_err(|e| e.to_string());
        let answer = read.and_then(|image| {
            let found = classify(classifier, &InputImage::from(image)).map_err(|e| e.to_string());
            found?.ok_or_else(|| "There is nothing on this image".to_owned())
        });
        let class = match &answer {
            Ok(prediction) => {
                let known = classifier.classes.get(prediction.class).cloned();
                known.unwrap_or_else(|| prediction.class.to_string())
            }
            Err(_) => String::new(),
        };
        ClassifiedFile {
            path,
            answer,
            class,
        }
    }
}
