//! The front matter: YAML that model hubs read, with the numbers in the form of a model index.

use serde_json::json;

use super::CardSubject;
use crate::evaluate::Report;

/// The names that hubs have for the datasets that are built in.
const HUB_NAMES: [(&str, &str); 2] = [
    ("MNIST", "ylecun/mnist"),
    ("Fashion-MNIST", "zalando-datasets/fashion_mnist"),
];

/// Returns the front matter, with its two lines of dashes.
pub(super) fn text(subject: &CardSubject<'_>) -> String {
    let dataset = subject.model.classifier.provenance.dataset.as_str();
    let on_hub = HUB_NAMES.iter().find(|(name, _)| *name == dataset);
    let mut yaml = format!("license: {}\n", string(subject.license));
    yaml += "pipeline_tag: image-classification\ntags:\n- image-classification\n- candle\n\
             - candle-studio\n- safetensors\n- onnx\n";
    if let Some((_, name)) = on_hub {
        yaml += &format!("datasets:\n- {}\n", string(name));
    }
    if let Some((_, report)) = subject.evaluation {
        yaml += "metrics:\n- accuracy\n- f1\n";
        yaml += &model_index(subject, report, on_hub.map_or(dataset, |(_, name)| name));
    }
    format!("---\n{yaml}---\n\n")
}

fn model_index(subject: &CardSubject<'_>, report: &Report, dataset: &str) -> String {
    let name = string(subject.model.name);
    let data_name = string(&subject.model.classifier.provenance.dataset);
    let [low, high] = report.accuracy_interval;
    let interval = format!("accuracy (95 % interval {low:.4} to {high:.4})");
    let metrics = [
        ("accuracy", interval.as_str(), report.accuracy),
        ("f1", "macro F1", report.macro_scores.f1),
        ("brier_score", "Brier score", report.brier),
        (
            "ece",
            "expected calibration error",
            report.calibration.ece(),
        ),
    ];
    let metrics: String = metrics
        .iter()
        // YAML has no word for what is not finite that JSON has too.
        .filter(|(_, _, value)| value.is_finite())
        .map(|(kind, name, value)| {
            let name = string(name);
            format!("    - type: {kind}\n      name: {name}\n      value: {value:.6}\n")
        })
        .collect();
    format!(
        "model-index:\n- name: {name}\n  results:\n  - task:\n      type: image-classification\n    \
         dataset:\n      name: {data_name}\n      type: {}\n      split: test\n    metrics:\n{metrics}",
        string(dataset)
    )
}

/// A text in quotes: every string of JSON is one of YAML.
fn string(text: &str) -> String {
    json!(text).to_string()
}
