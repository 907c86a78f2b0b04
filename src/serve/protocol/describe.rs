//! What there is: the server, its models, their configuration.

use serde_json::{Value, json};

use super::{IMAGE, OUTPUTS};
use crate::serve::limits::MAX_BATCH;
use crate::serve::models::{Loaded, Model, Repository};

/// The server.
pub(in crate::serve) fn server_metadata() -> Value {
    json!({
        "name": "candle-studio",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": [
            "classification",
            "model_repository",
            "model_configuration",
            "binary_tensor_data",
            "parameters",
            "statistics",
        ],
    })
}

/// A model: its inputs and outputs. `versions` are those that are loaded.
pub(in crate::serve) fn model_metadata(name: &str, versions: &[u32], loaded: &Loaded) -> Value {
    let [channels, height, width] = loaded.input();
    let output = |name: &str| json!({ "name": name, "datatype": "FP32", "shape": [-1, loaded.n_classes() as i64] });
    json!({
        "name": name,
        "versions": versions.iter().map(u32::to_string).collect::<Vec<_>>(),
        "platform": "candle",
        "inputs": [{
            "name": IMAGE,
            "datatype": "FP32",
            "shape": [-1, channels as i64, height as i64, width as i64],
        }],
        "outputs": OUTPUTS.map(output),
    })
}

/// The configuration that Triton would show for such a model.
pub(in crate::serve) fn model_config(name: &str, n_versions: usize, loaded: &Loaded) -> Value {
    let output = |name: &str| {
        json!({
            "name": name,
            "data_type": "TYPE_FP32",
            "dims": [loaded.n_classes()],
            "label_filename": "",
            "is_shape_tensor": false,
            "is_non_linear_format_io": false,
        })
    };
    json!({
        "name": name,
        "platform": "",
        "backend": "candle",
        "runtime": "",
        "version_policy": { "latest": { "num_versions": n_versions } },
        "max_batch_size": MAX_BATCH,
        "input": [{
            "name": IMAGE,
            "data_type": "TYPE_FP32",
            "format": "FORMAT_NONE",
            "dims": loaded.input(),
            "is_shape_tensor": false,
            "allow_ragged_batch": false,
            "optional": false,
            "is_non_linear_format_io": false,
        }],
        "output": OUTPUTS.map(output),
        "dynamic_batching": { "max_queue_delay_microseconds": 0 },
        "parameters": {
            "classes": { "string_value": loaded.classifier.classes.join("\n") },
            "recipe": { "string_value": loaded.classifier.recipe().to_string() },
        },
    })
}

/// All models, or those that are loaded.
pub(in crate::serve) fn index(models: &Repository, is_ready_only: bool) -> Value {
    let entry = |model: &Model| match model.loaded() {
        Some(_) => json!({
            "name": model.name,
            "version": model.version.to_string(),
            "state": "READY",
        }),
        None => json!({
            "name": model.name,
            "version": model.version.to_string(),
            "state": "UNAVAILABLE",
            "reason": "unloaded",
        }),
    };
    let shown = models.models().iter();
    let shown = shown.filter(|model| !is_ready_only || model.loaded().is_some());
    shown.map(|model| entry(model)).collect()
}
