//! Which images a model is evaluated on.

use super::error::EvaluateError;
use crate::data::sketches::unseen_sketches;
use crate::data::{Dataset, ImageSet, stratified_split};
use crate::model::Classifier;

/// A split of a dataset, as the model's training saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitName {
    /// The images it was trained on.
    Train,
    /// The training images set aside for validation.
    Validation,
    /// The test images.
    #[default]
    Test,
    /// What the user drew and labeled.
    Sketches,
}

impl SplitName {
    /// All of them.
    pub const ALL: [SplitName; 4] = [
        SplitName::Train,
        SplitName::Validation,
        SplitName::Test,
        SplitName::Sketches,
    ];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            SplitName::Train => "train",
            SplitName::Validation => "validation",
            SplitName::Test => "test",
            SplitName::Sketches => "sketches",
        }
    }

    /// What one of its images is called.
    pub fn image(self) -> &'static str {
        match self {
            SplitName::Train => "training image",
            SplitName::Validation => "validation image",
            SplitName::Test => "test image",
            SplitName::Sketches => "sketch",
        }
    }

    /// The indices of the sketches in `set` that `classifier` was not trained on: those it was trained
    /// on say nothing about it.
    pub fn unseen_sketches(classifier: &Classifier, set: &ImageSet) -> Vec<u32> {
        let config = &classifier.provenance.config;
        let n_mixed = config.get("sketches").and_then(|mixed| mixed.get("n"));
        let number = |value: &serde_json::Value| value.as_u64();
        let seed = config.get("seed").and_then(number);
        match n_mixed.and_then(number).zip(seed) {
            Some((n, seed)) => unseen_sketches(set.labels(), n as usize, seed),
            None => (0..set.len() as u32).collect(),
        }
    }

    /// Whether `set` still holds the images of this split of `dataset`: sketches may have been added.
    pub fn is_current(self, set: &ImageSet, dataset: &Dataset) -> bool {
        let sketches = || dataset.sketches.get();
        self != SplitName::Sketches || sketches().is_some_and(|newest| newest.is_same(set))
    }

    /// Finds the images of the split: the set, and their indices in it. Which training images were
    /// set aside follows from the configuration in the model; a model without one has been trained
    /// on all of them, as far as it says.
    ///
    /// # Errors
    /// When there are none.
    pub fn images(
        self,
        dataset: &Dataset,
        classifier: &Classifier,
    ) -> Result<(ImageSet, Vec<u32>), EvaluateError> {
        let config = &classifier.provenance.config;
        let number = |key: &str| config.get(key).and_then(serde_json::Value::as_u64);
        let set_aside = number("n_validation").zip(number("seed"));
        let (set, indices) = match (self, set_aside) {
            (SplitName::Test, _) => {
                let all = (0..dataset.test.len() as u32).collect();
                (dataset.test.clone(), all)
            }
            (SplitName::Sketches, _) => {
                let set = dataset.sketches.get().ok_or(EvaluateError::NoSketches)?;
                let unseen = SplitName::unseen_sketches(classifier, &set);
                (set, unseen)
            }
            (SplitName::Validation, None) => return Err(EvaluateError::UnknownValidation),
            (SplitName::Validation, Some((0, _))) => return Err(EvaluateError::NoValidation),
            (split, set_aside) => {
                let (n, seed) = set_aside.unwrap_or_default();
                let parts = stratified_split(dataset.train.labels(), n as usize, seed);
                let indices = match split {
                    SplitName::Validation => parts.validation,
                    _ => parts.train,
                };
                (dataset.train.clone(), indices)
            }
        };
        match indices.is_empty() {
            true => Err(EvaluateError::Empty(self.name())),
            false => Ok((set, indices)),
        }
    }
}
