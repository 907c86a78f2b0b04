//! What the programs in Python begin with.

use serde_json::json;

use super::training::Training;
use crate::export::model::ExportedModel;

/// The lines that name what is known about the model and its training.
pub(super) fn constants(model: &ExportedModel<'_>, training: &Training) -> String {
    let classifier = model.classifier;
    // Every string of JSON is one of Python.
    let classes = classifier.classes.iter().map(|c| json!(c).to_string());
    let (name, classes) = (json!(model.name), classes.collect::<Vec<_>>().join(", "));
    format!(
        "NAME = {name}\nCLASSES = [{classes}]\n\
         INPUT = {:?}  # channels, height, width\n\
         TEMPERATURE = {:?}  # what the logits are divided by before the softmax\n\
         EPOCHS, BATCH_SIZE, LEARNING_RATE = {}, {}, {:?}\n",
        classifier.network.spec().input,
        classifier.provenance.temperature.unwrap_or(1.0),
        training.epochs,
        training.batch_size,
        training.learning_rate,
    )
}
