//! Predictions for all training images by models that were not trained on them.

use std::sync::Arc;

use super::config::{FieldError, Privacy, TrainConfig};
use super::control::Control;
use super::error::TrainError;
use super::event::Event;
use super::job::Job;
use super::steps::{Observer, train};
use crate::data::{Dataset, stratified_folds};
use crate::evaluate::{EvaluateError, Predictions};

/// Why there are no predictions.
#[derive(Debug, thiserror::Error)]
pub enum CrossValidateError {
    /// The configuration does not fit the images.
    #[error("{}", FieldError::joined(.0))]
    Config(Vec<FieldError>),
    /// There are too few images.
    #[error("cross-validation needs at least {needed} training images, found {found}")]
    TooFew {
        /// Images that are needed.
        needed: usize,
        /// Images that there are.
        found: usize,
    },
    /// A fold could not be trained.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A fold could not be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// It was stopped.
    #[error("stopped")]
    Stopped,
}

/// Cross-validation: trains `n_folds` models with `config`, each on all training images but one fold,
/// and returns the predictions for each image by the model that did not see it, in the order of the
/// data. Calls `each` with the number of folds that are done. The same bits for any number of
/// threads.
///
/// # Errors
/// When the configuration does not fit the dataset, there are too few images, or it is stopped.
pub fn cross_validate(
    config: &TrainConfig,
    dataset: &Arc<Dataset>,
    n_folds: usize,
    control: &Control,
    mut each: impl FnMut(usize),
) -> Result<Predictions, CrossValidateError> {
    let set = &dataset.train;
    let (needed, found) = (2 * n_folds.max(2), set.len());
    if found < needed {
        return Err(CrossValidateError::TooFew { needed, found });
    }
    let config = &TrainConfig {
        // The models are discarded: noise would only hide what is looked for.
        privacy: Privacy::None,
        // Sketches are not what is judged.
        sketch_share: 0.0,
        ..config.clone()
    };
    let job = Job::new(config.clone(), dataset.clone()).map_err(CrossValidateError::Config)?;
    let n_classes = dataset.n_classes();
    let mut logits = vec![0.0; set.len() * n_classes];
    let folds = stratified_folds(set.labels(), n_folds, config.seed);
    for (idx, fold) in folds.into_iter().enumerate() {
        let job = job.clone().with_split(fold.clone());
        let outcome = train(&job, control, &mut Silent)?;
        if control.is_stopped() {
            return Err(CrossValidateError::Stopped);
        }
        let classifier = config.classifier(outcome.network, dataset, outcome.epochs, None);
        let predictions = Predictions::new(&classifier, set, &fold.validation)?;
        for (at, &image) in fold.validation.iter().enumerate() {
            let row = image as usize * n_classes;
            logits[row..row + n_classes].copy_from_slice(predictions.logits(at));
        }
        each(idx + 1);
    }
    let labels = set.labels().to_vec();
    Ok(Predictions::from_logits(
        logits,
        labels,
        n_classes,
        config.loss,
        None,
    )?)
}

/// Nobody looks.
pub(super) struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) {}
}
