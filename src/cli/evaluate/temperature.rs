//! `--fit-temperature`, and what a temperature changes.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::data::Dataset;
use crate::evaluate::{Calibration, Predictions, SplitName, brier, fit_temperature};
use crate::model::Classifier;
use crate::text;

/// The numbers that a temperature changes, as they are without.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Before {
    pub(super) test_loss: f64,
    pub(super) brier: f64,
    pub(super) ece: f64,
    pub(super) mce: f64,
}

impl Before {
    /// Returns `None` if the predictions are made without a temperature.
    pub(super) fn of(predictions: &Predictions) -> anyhow::Result<Option<Before>> {
        if predictions.temperature().is_none() {
            return Ok(None);
        }
        let without = predictions.at_temperature(None)?;
        let calibration = Calibration::new(&without);
        Ok(Some(Before {
            test_loss: without.mean_loss(),
            brier: brier(&without),
            ece: calibration.ece(),
            mce: calibration.mce(),
        }))
    }
}

/// Fits a temperature on the validation images, keeps it in the model file, and says so.
pub(super) fn fit(
    classifier: &mut Classifier,
    dataset: &Dataset,
    file: &Path,
) -> anyhow::Result<String> {
    // A temperature that was kept before takes no part: the logits are those of the network.
    let predictions = super::predict(classifier, dataset, SplitName::Validation)?;
    let temperature = fit_temperature(&predictions)?;
    classifier.provenance.temperature = Some(temperature);
    classifier
        .save(file)
        .with_context(|| format!("could not save {}", file.display()))?;
    Ok(format!(
        "temperature {temperature:.4}, fitted on {} and kept in {}",
        text::count(predictions.len(), SplitName::Validation.image()),
        file.display()
    ))
}
