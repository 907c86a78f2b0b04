//! What a file says about its model, for people and for programs.

use serde_json::json;

use super::{InputType, OnnxOptions};
use crate::model::{Classifier, Int8};
use crate::onnx::StringStringEntryProto;

/// One sentence: what the model is.
pub(super) fn summary(classifier: &Classifier) -> String {
    let provenance = &classifier.provenance;
    let n = classifier.classes.len();
    match provenance.dataset.as_str() {
        "" => format!("An image classifier of {n} classes."),
        dataset => format!("An image classifier of {n} classes, trained on {dataset}."),
    }
}

/// The entries of the file's metadata. Lists and objects are JSON.
///
/// * `classes`: their names in the order of the outputs
/// * `preprocessing`: what becomes of a picture before it is the input
/// * `spec`: the layers, from which Candle Studio makes exactly this network again
/// * `dataset`, `fingerprint`, `test_accuracy`, `temperature`: where known
/// * `quantization`: what is kept in 8 bits, of an int8 twin
/// * `version`: of Candle Studio
pub(super) fn entries(
    classifier: &Classifier,
    options: OnnxOptions,
    fingerprint: Option<&str>,
) -> Vec<StringStringEntryProto> {
    let provenance = &classifier.provenance;
    let preprocessing = json!({
        "recipe": classifier.recipe(),
        "divide_by": match options.input {
            InputType::Uint8 => 1,
            InputType::F32 => 255,
        },
    });
    let spec = classifier.network.spec();
    let dataset = Some(&provenance.dataset).filter(|name| !name.is_empty());
    let entries = [
        ("classes", Some(json!(classifier.classes).to_string())),
        ("preprocessing", Some(preprocessing.to_string())),
        ("spec", Some(json!(spec).to_string())),
        ("dataset", dataset.cloned()),
        ("fingerprint", fingerprint.map(str::to_owned)),
        (
            "test_accuracy",
            provenance.test_accuracy.map(|a| a.to_string()),
        ),
        ("temperature", provenance.temperature.map(|t| t.to_string())),
        ("quantization", classifier.network.int8().map(quantization)),
        ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
    ];
    let given = |(key, value): (&str, Option<String>)| {
        Some(StringStringEntryProto {
            key: Some(key.to_owned()),
            value: Some(value?),
        })
    };
    entries.into_iter().filter_map(given).collect()
}

fn quantization(int8: &Int8) -> String {
    json!({
        "weights": "int8, per output, 7 bits",
        "activations": "uint8, min-max",
        "calibration_images": int8.n_images(),
    })
    .to_string()
}
