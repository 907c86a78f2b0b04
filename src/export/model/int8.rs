//! The int8 twin of a model, calibrated on images that it was trained on.

use candle_core::Device;

use super::ExportModelError;
use crate::data::Dataset;
use crate::evaluate::SplitName;
use crate::model::Classifier;

/// Images that the ranges of an int8 twin are from; more change little.
const CALIBRATION_IMAGES: usize = 500;

/// Returns the int8 twin of a model: see [`Classifier::int8_twin`]. Its ranges are from 500 of its
/// training images in `dataset`, evenly spaced.
///
/// # Errors
/// When the dataset has no training images that fit the model, or what it computes is not finite.
pub fn int8_twin(
    classifier: &Classifier,
    dataset: &Dataset,
) -> Result<Classifier, ExportModelError> {
    let (expected, found) = (classifier.network.spec().input, dataset.image_shape());
    if expected != found {
        let [c, h, w] = expected;
        let text = format!(
            "the model takes images of {c}×{h}×{w}, found those of {}",
            dataset.name
        );
        return Err(ExportModelError::Calibration(text));
    }
    let (set, indices) = SplitName::Train
        .images(dataset, classifier)
        .map_err(|error| ExportModelError::Calibration(error.to_string()))?;
    let every = indices.len().div_ceil(CALIBRATION_IMAGES).max(1);
    let chosen: Vec<u32> = indices.into_iter().step_by(every).collect();
    let batch = set.batch(&chosen, &Device::Cpu)?;
    Ok(classifier.int8_twin(&batch.images)?)
}
