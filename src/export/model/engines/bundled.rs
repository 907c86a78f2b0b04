//! Engines that run Python: the bundle, whose script prepares pictures, with a program that answers
//! requests.

use serde_json::json;

use super::names::Names;
use crate::export::model::bundle;
use crate::export::model::content::InFolder;
use crate::export::model::onnx::{INPUT, InputType, LOGITS, OnnxOptions, PROBABILITIES};
use crate::export::model::{ExportModelError, ExportedModel};

/// An application of Ray Serve.
///
/// # Errors
/// When the model cannot become a bundle.
pub(super) fn ray(
    model: &ExportedModel<'_>,
    options: OnnxOptions,
    names: &Names,
) -> Result<Vec<InFolder>, ExportModelError> {
    let configs = [
        ("serve.yaml", include_str!("templates/ray.yaml")),
        (
            "ray_service.yaml",
            include_str!("templates/ray_service.yaml"),
        ),
        ("Dockerfile", include_str!("templates/ray.Dockerfile")),
    ];
    let mut files = bundle::files(model, options)?;
    files.push((
        "app.py".to_owned(),
        include_str!("templates/ray_app.py").into(),
    ));
    let filled =
        |(file, template): (&str, &str)| (file.to_owned(), names.fill(template).into_bytes());
    files.extend(configs.map(filled));
    Ok(files)
}

/// A model of MLServer.
///
/// # Errors
/// When the model cannot become a bundle.
pub(super) fn mlserver(
    model: &ExportedModel<'_>,
    options: OnnxOptions,
    names: &Names,
) -> Result<Vec<InFolder>, ExportModelError> {
    let settings = serde_json::to_string_pretty(&settings(model, options.input, names))? + "\n";
    let mut files = bundle::files(model, options)?;
    files.push((
        "runtime.py".to_owned(),
        include_str!("templates/mlserver_runtime.py").into(),
    ));
    files.push(("model-settings.json".to_owned(), settings.into_bytes()));
    Ok(files)
}

/// `model-settings.json`: what the model takes and gives, and which class of `runtime.py` runs it.
fn settings(model: &ExportedModel<'_>, input: InputType, names: &Names) -> serde_json::Value {
    let [channels, height, width] = model.classifier.network.spec().input;
    let n_classes = model.classifier.classes.len();
    let data_type = match input {
        InputType::Uint8 => "UINT8",
        InputType::F32 => "FP32",
    };
    let outputs = [LOGITS, PROBABILITIES]
        .map(|name| json!({ "name": name, "datatype": "FP32", "shape": [-1, n_classes] }));
    json!({
        "name": names.id,
        "implementation": "runtime.OnnxClassifier",
        "platform": "onnx",
        "inputs": [{
            "name": INPUT,
            "datatype": data_type,
            "shape": [-1, channels, height, width],
        }],
        "outputs": outputs,
        "parameters": { "uri": "./model.onnx", "version": "1" },
    })
}
