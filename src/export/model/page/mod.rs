//! A page with the model inside: a canvas, the layers in plain JavaScript, the answer as bars. It
//! opens by double click, loads nothing, and sends nothing.
//!
//! The scripts and the style are plain files in this folder. What is known about the model reaches
//! them as JSON, so no name is ever pasted into code; the page's policy allows these scripts alone,
//! by their hashes.

#[cfg(test)]
mod tests;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ExportModelError, ExportedModel};
use crate::model::{Classifier, ParamKind};
use crate::text::{self, escape_markup};

/// The layers, the recipe for drawings and for pictures, and the page itself.
const SCRIPTS: [&str; 5] = [
    include_str!("network.js"),
    include_str!("sequence.js"),
    include_str!("recipe.js"),
    include_str!("picture.js"),
    include_str!("page.js"),
];

const STYLE: &str = include_str!("page.css");

/// Returns the page as HTML.
///
/// # Errors
/// When candle cannot copy the weights.
pub(super) fn page(model: &ExportedModel<'_>) -> Result<String, ExportModelError> {
    let script = format!("\"use strict\";\n{}", SCRIPTS.join("\n"));
    let [script_hash, style_hash] = [script.as_str(), STYLE]
        .map(|text| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())));
    // Within a script element, only `<` could end it.
    let data = serde_json::to_string(&data(model)?)?.replace('<', "\\u003c");
    let name = escape_markup(model.name);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         script-src 'sha256-{script_hash}'; style-src 'sha256-{style_hash}'\">\n\
         <title>{name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{name}</h1>\n<p class=\"quiet\" id=\"about\"></p>\n<main>\n\
         <div class=\"draw\">\n\
         <canvas id=\"canvas\" width=\"280\" height=\"280\" role=\"img\" aria-label=\"Canvas: \
         draw with the mouse, a pen or a finger\"></canvas>\n<div class=\"row\">\n\
         <button id=\"clear\" title=\"Delete\">Clear</button>\n\
         <button id=\"undo\" title=\"Ctrl+Z\">Undo</button>\n\
         <button id=\"open\" title=\"Or drop a picture on the page\">Picture…</button>\n\
         <input id=\"file\" type=\"file\" accept=\"image/*\" hidden>\n\
         <canvas id=\"input\" role=\"img\" aria-label=\"The input that the network sees\" \
         title=\"The input that the network sees\"></canvas>\n</div>\n</div>\n\
         <div class=\"answer\">\n<p id=\"answer\" role=\"status\"></p>\n\
         <ul id=\"bars\" aria-label=\"Probabilities\"></ul>\n</div>\n</main>\n\
         <script type=\"application/json\" id=\"model\">{data}</script>\n\
         <script>{script}</script>\n</body>\n</html>\n"
    ))
}

/// What the scripts read: everything about the model, and its weights as f32 in base64.
fn data(model: &ExportedModel<'_>) -> Result<Value, ExportModelError> {
    let classifier = model.classifier;
    let mut tensors = Vec::new();
    let mut bytes = Vec::new();
    for param in classifier.network.params() {
        // A count of batches, which nothing is computed from.
        if param.kind == ParamKind::Count {
            continue;
        }
        let values: Vec<f32> = param.to_pytorch()?.flatten_all()?.to_vec1()?;
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        tensors.push(json!([param.name, param.pytorch_dims()]));
    }
    Ok(json!({
        "name": model.name,
        "about": about(classifier),
        "classes": classifier.classes,
        "spec": classifier.network.spec(),
        "recipe": classifier.recipe(),
        "temperature": classifier.provenance.temperature,
        "tensors": tensors,
        "weights": BASE64_STANDARD.encode(bytes),
    }))
}

/// One line below the name.
fn about(classifier: &Classifier) -> String {
    let provenance = &classifier.provenance;
    let mut about = String::new();
    if !provenance.dataset.is_empty() {
        about += &format!("Trained on {}", provenance.dataset);
        if let Some(share) = provenance.test_accuracy {
            about += &format!(", {} of the test images right", text::percent_exact(share));
        }
        about += ". ";
    }
    let made_by = concat!("Made by Candle Studio ", env!("CARGO_PKG_VERSION"), ". ");
    about + made_by + "What you draw stays in this page."
}
