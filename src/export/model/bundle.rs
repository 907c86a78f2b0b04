//! A folder with a model and all that belongs to it: the ONNX file, its labels, tensors to test it
//! with, a script that classifies pictures, and a description with the hash of each file.

use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::content::{InFolder, labels};
use super::markdown::in_markdown;
use super::onnx::{INPUT, InputType, LOGITS, OnnxOptions, PROBABILITIES, onnx};
use super::test_data::{BATCHES, TestData};
use super::{ExportModelError, ExportedModel};
use crate::text;

/// The script that classifies pictures. It reads `model.json`, so nothing is pasted into code.
const PREDICT: &str = include_str!("predict.py");

/// The files of the folder. The description, `model.json` with the hashes of the others, comes last: a
/// folder without it is not complete.
///
/// # Errors
/// When the network's output is not finite.
pub(super) fn files(
    model: &ExportedModel<'_>,
    options: OnnxOptions,
) -> Result<Vec<InFolder>, ExportModelError> {
    let mut files = vec![(
        "model.onnx".to_owned(),
        onnx(model.classifier, options, model.fingerprint)?,
    )];
    for (idx, n_images) in BATCHES.into_iter().enumerate() {
        let data = TestData::new(model.classifier, n_images)?;
        let path = |name: String| format!("test_data_set_{idx}/{name}");
        let input = data.input(options.input).encode_to_vec();
        files.push((path("input_0.pb".to_owned()), input));
        for (idx, output) in data.outputs().into_iter().enumerate() {
            files.push((path(format!("output_{idx}.pb")), output.encode_to_vec()));
        }
    }
    files.push(("labels.txt".to_owned(), labels(&model.classifier.classes)));
    files.push(("predict.py".to_owned(), PREDICT.as_bytes().to_vec()));
    files.push(("README.md".to_owned(), readme(model, options).into_bytes()));
    let about = serde_json::to_string_pretty(&description(model, options, &files))? + "\n";
    files.push(("model.json".to_owned(), about.into_bytes()));
    Ok(files)
}

fn description(model: &ExportedModel<'_>, options: OnnxOptions, files: &[InFolder]) -> Value {
    let classifier = model.classifier;
    let provenance = &classifier.provenance;
    let spec = classifier.network.spec();
    let [channels, height, width] = spec.input;
    let hashes: serde_json::Map<String, Value> = files
        .iter()
        .map(|(name, bytes)| {
            let hash = format!("{:x}", Sha256::digest(bytes));
            (
                name.clone(),
                json!({ "bytes": bytes.len(), "sha256": hash }),
            )
        })
        .collect();
    let outputs = [LOGITS, PROBABILITIES]
        .map(|name| json!({ "name": name, "type": "f32", "shape": ["batch", spec.classes] }));
    json!({
        "name": model.name,
        "made_by": concat!("Candle Studio ", env!("CARGO_PKG_VERSION")),
        "opset": options.opset.number(),
        "input": {
            "name": INPUT,
            "type": options.input.name(),
            "shape": ["batch", channels, height, width],
            "divide_by": match options.input {
                InputType::Uint8 => 1,
                InputType::F32 => 255,
            },
        },
        "outputs": outputs,
        "classes": classifier.classes,
        "recipe": classifier.recipe(),
        "dataset": provenance.dataset,
        "fingerprint": model.fingerprint,
        "test_accuracy": provenance.test_accuracy,
        "temperature": provenance.temperature,
        "files": hashes,
    })
}

fn readme(model: &ExportedModel<'_>, options: OnnxOptions) -> String {
    let classifier = model.classifier;
    let [channels, height, width] = classifier.network.spec().input;
    let [name, dataset] = [model.name, &classifier.provenance.dataset].map(in_markdown);
    let trained = match dataset.as_str() {
        "" => String::new(),
        dataset => format!(", trained on {dataset}"),
    };
    let accuracy = match classifier.provenance.test_accuracy {
        None => String::new(),
        Some(share) => format!(" Test accuracy: {}.", text::percent_exact(share)),
    };
    let values = match options.input {
        InputType::Uint8 => "`uint8`, pixels from 0 to 255",
        InputType::F32 => "`float32`, pixels divided by 255",
    };
    let classes = classifier.classes.len();
    let [n_first, n_second, n_third] = BATCHES;
    let recipe = classifier.recipe();
    let opset = options.opset.number();
    format!(
        "# {name}\n\n\
         An image classifier of {classes} classes{trained}.{accuracy}\n\n\
         ```\n\
         pip install onnxruntime pillow\n\
         python predict.py picture.png\n\
         ```\n\n\
         | file | contents |\n\
         | --- | --- |\n\
         | `model.onnx` | the model, opset {opset} |\n\
         | `labels.txt` | the classes, one per line, in the order of the outputs |\n\
         | `predict.py` | classifies pictures, which become inputs as in training: {recipe} |\n\
         | `test_data_set_*` | inputs and their outputs, for {n_first}, {n_second} and {n_third} images |\n\
         | `model.json` | all of this for programs, with the hash of each file |\n\n\
         Input `{INPUT}`: {values}, `[batch, {channels}, {height}, {width}]`. Outputs `{LOGITS}` and \
         `{PROBABILITIES}`: `float32`, `[batch, {classes}]`.\n\n\
         Made by Candle Studio {}.\n",
        env!("CARGO_PKG_VERSION")
    )
}
