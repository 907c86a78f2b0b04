//! A model repository of NVIDIA's Triton Inference Server.

use super::names::Names;
use crate::export::model::content::{InFolder, labels};
use crate::export::model::onnx::{INPUT, InputType, LOGITS, OnnxOptions, PROBABILITIES, onnx};
use crate::export::model::{ExportModelError, ExportedModel};

/// Most images of one batch, as in our own service.
const MAX_BATCH: usize = 64;

/// The folder of the model, with its configuration, its labels and its version 1.
///
/// # Errors
/// When the model cannot become an ONNX file.
pub(super) fn files(
    model: &ExportedModel<'_>,
    options: OnnxOptions,
    names: &Names,
) -> Result<Vec<InFolder>, ExportModelError> {
    let path = |file: &str| format!("{}/{file}", names.id);
    let config = config(model, options.input, names);
    Ok(vec![
        (
            path("1/model.onnx"),
            onnx(model.classifier, options, model.fingerprint)?,
        ),
        (path("labels.txt"), labels(&model.classifier.classes)),
        (path("config.pbtxt"), config.into_bytes()),
    ])
}

/// Protobuf's text format of `inference.ModelConfig`.
fn config(model: &ExportedModel<'_>, input: InputType, names: &Names) -> String {
    let [channels, height, width] = model.classifier.network.spec().input;
    let n_classes = model.classifier.classes.len();
    let data_type = match input {
        InputType::Uint8 => "TYPE_UINT8",
        InputType::F32 => "TYPE_FP32",
    };
    format!(
        "name: \"{id}\"\n\
         backend: \"onnxruntime\"\n\
         max_batch_size: {MAX_BATCH}\n\
         input [\n  {{ name: \"{INPUT}\" data_type: {data_type} dims: [ {channels}, {height}, {width} ] }}\n]\n\
         output [\n  \
           {{ name: \"{LOGITS}\" data_type: TYPE_FP32 dims: [ {n_classes} ] label_filename: \"labels.txt\" }},\n  \
           {{ name: \"{PROBABILITIES}\" data_type: TYPE_FP32 dims: [ {n_classes} ] label_filename: \"labels.txt\" }}\n\
         ]\n\
         # Requests that wait become one batch.\n\
         dynamic_batching {{ max_queue_delay_microseconds: 500 }}\n\
         parameters {{ key: \"name\" value {{ string_value: {name} }} }}\n",
        id = names.id,
        name = names.quoted(),
    )
}
