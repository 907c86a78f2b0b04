//! A model card: Markdown about a model, with the front matter that model hubs read (Mitchell et al.
//! 2019, Model Cards for Model Reporting).

mod front_matter;
mod numbers;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::ExportedModel;
use super::markdown::in_markdown;
use crate::data::Dataset;
use crate::evaluate::Report;
use crate::model::Shape;
use crate::text;

/// What a card is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardSubject<'a> {
    /// The model.
    pub model: ExportedModel<'a>,
    /// Identifier of its license, as model hubs write it, such as `mit`.
    pub license: &'a str,
    /// The data it was trained on, and its evaluation on the test images; `None` if they are not
    /// there.
    pub evaluation: Option<(&'a Dataset, &'a Report)>,
}

/// Returns the card as Markdown.
pub(super) fn card(subject: &CardSubject<'_>) -> String {
    let mut card = front_matter::text(subject);
    card += &format!(
        "# {}\n\n{}\n",
        in_markdown(subject.model.name),
        summary(subject)
    );
    for (heading, text) in [
        ("How to use", usage(subject)),
        ("Data", data(subject)),
        ("Network", network(subject)),
        ("Training", training(subject)),
        ("Numbers", numbers::text(subject)),
        ("Limits", limits(subject)),
    ] {
        card += &format!("\n## {heading}\n\n{text}\n");
    }
    card
}

/// What it is and how good, in two sentences.
fn summary(subject: &CardSubject<'_>) -> String {
    let classifier = subject.model.classifier;
    let n = classifier.classes.len();
    let trained = match classifier.provenance.dataset.as_str() {
        "" => String::new(),
        dataset => format!(", trained on {}", in_markdown(dataset)),
    };
    let what = format!("An image classifier of {n} classes{trained}.");
    match subject.evaluation {
        None => what,
        Some((_, report)) => {
            let [low, high] = report.accuracy_interval.map(text::percent_exact);
            let right = text::percent_exact(report.accuracy);
            let images = text::count(report.n_images, "test image");
            format!(
                "{what} It classifies {right} of {images} correctly (95 % interval {low} to {high})."
            )
        }
    }
}

fn usage(subject: &CardSubject<'_>) -> String {
    let [channels, height, width] = subject.model.classifier.network.spec().input;
    let recipe = subject.model.classifier.recipe();
    format!(
        "```\ncandle-studio predict model.safetensors picture.png\n\
         candle-studio export model.safetensors --onnx model.onnx --bundle bundle --web page.html\n\
         ```\n\n\
         The input is {channels}×{height}×{width} (channels × height × width), pixels divided by 255, \
         bright on black. Pictures become inputs the way the training images did: {recipe}. In the \
         ONNX file, the input `image` takes the pixels from 0 to 255 and the outputs are `logits` and \
         `probabilities`. The tensors of the safetensors file have PyTorch's names and layouts."
    )
}

fn data(subject: &CardSubject<'_>) -> String {
    let classifier = subject.model.classifier;
    let mut lines = Vec::new();
    if let Some((dataset, _)) = subject.evaluation {
        let n_validation = classifier.provenance.config.get("n_validation");
        let n_validation = n_validation.and_then(Value::as_u64).unwrap_or(0);
        lines.push(format!(
            "{}: {} (of which {} set aside for validation) and {}.",
            in_markdown(&dataset.name),
            text::count(dataset.train.len(), "training image"),
            text::thousands(n_validation),
            text::count(dataset.test.len(), "test image"),
        ));
        lines.push(format!("Fingerprint: `{}`.", dataset.fingerprint));
    } else if !classifier.provenance.dataset.is_empty() {
        lines.push(format!("{}.", in_markdown(&classifier.provenance.dataset)));
    }
    let classes: Vec<String> = classifier.classes.iter().map(|c| in_markdown(c)).collect();
    lines.push(format!("Classes: {}.", classes.join(", ")));
    lines.join("\n")
}

/// A table of the layers.
fn network(subject: &CardSubject<'_>) -> String {
    let spec = subject.model.classifier.network.spec();
    let (report, _) = spec.check();
    let mut table = "| layer | | output | parameters |\n| --- | --- | --- | ---: |\n".to_owned();
    for (idx, (layer, about)) in spec.layers.iter().zip(&report.layers).enumerate() {
        let name = in_markdown(&spec.layer_name(idx).unwrap_or_default());
        let what = format!("{} {}", layer.label(), layer.detail());
        table += &format!(
            "| {name} | {} | {} | {} |\n",
            what.trim_end(),
            about.output,
            text::thousands(about.n_parameters)
        );
    }
    format!(
        "{table}\nInput {}; {} parameters, {} multiply-accumulates per image.",
        Shape::Image(spec.input),
        text::thousands(report.n_parameters()),
        text::thousands(report.multiply_adds())
    )
}

/// A table of the settings; the layers have one of their own.
fn training(subject: &CardSubject<'_>) -> String {
    let provenance = &subject.model.classifier.provenance;
    let mut rows = Vec::new();
    flatten("", &provenance.config, &mut rows);
    if rows.is_empty() {
        return "The settings it was trained with are not known.".to_owned();
    }
    let mut table = "| setting | value |\n| --- | --- |\n".to_owned();
    for (name, value) in rows {
        table += &format!("| {} | {} |\n", in_markdown(&name), in_markdown(&value));
    }
    format!(
        "{table}\nTrained for {} {} with Candle Studio {}. The same settings, data and version give \
         the same weights, bit for bit.",
        text::setting(provenance.epochs),
        text::unit("epochs", provenance.epochs),
        in_markdown(&provenance.version)
    )
}

/// Nested settings under dotted names.
fn flatten(prefix: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(key, _)| *key != "model") {
                let name = match prefix {
                    "" => key.clone(),
                    prefix => format!("{prefix}.{key}"),
                };
                flatten(&name, value, rows);
            }
        }
        Value::Null => {}
        Value::String(text) => rows.push((prefix.to_owned(), text.clone())),
        other => rows.push((prefix.to_owned(), other.to_string())),
    }
}

fn limits(subject: &CardSubject<'_>) -> String {
    let classifier = subject.model.classifier;
    let mut limits = vec![
        "It answers one of its classes for every picture, also for pictures of anything else."
            .to_owned(),
        "It was trained on the images named above and is only as good for others as they are like \
         those."
            .to_owned(),
    ];
    if let Some((_, report)) = subject.evaluation {
        limits.extend(numbers::weaknesses(classifier, report));
    }
    let lines = limits.iter().map(|limit| format!("* {limit}"));
    lines.collect::<Vec<_>>().join("\n")
}
