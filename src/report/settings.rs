//! Where the model is from: settings, data, versions.

use serde_json::Value;

use super::Subject;
use crate::text;
use crate::text::escape_markup;

pub(super) fn html(subject: &Subject<'_>) -> String {
    let provenance = &subject.classifier.provenance;
    let spec = subject.classifier.network.spec();
    let [channels, height, width] = spec.input;
    let mut rows = vec![
        ("trained on".to_owned(), provenance.dataset.clone()),
        ("epochs".to_owned(), text::setting(provenance.epochs)),
        (
            "trained by".to_owned(),
            format!("Candle Studio {}", provenance.version),
        ),
        (
            "report by".to_owned(),
            format!("Candle Studio {}", env!("CARGO_PKG_VERSION")),
        ),
        ("evaluated on".to_owned(), subject.dataset.name.clone()),
        (
            "fingerprint of the data".to_owned(),
            subject.dataset.fingerprint.clone(),
        ),
        ("input".to_owned(), format!("{channels}×{height}×{width}")),
    ];
    let n_weights: usize = subject
        .classifier
        .network
        .params()
        .iter()
        .filter(|param| param.is_trainable())
        .map(|param| param.var.elem_count())
        .sum();
    rows.push(("parameters".to_owned(), text::thousands(n_weights as u64)));
    if let Some(recipe) = provenance.recipe {
        rows.push(("pictures are".to_owned(), recipe.to_string()));
    }
    flatten("", &provenance.config, &mut rows);
    let row = |(name, value): &(String, String)| {
        format!(
            "<tr><td>{}</td><td>{}</td></tr>\n",
            escape_markup(name),
            escape_markup(value)
        )
    };
    let rows: String = rows
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(row)
        .collect();
    format!("<table>\n{rows}</table>\n")
}

/// Adds the values of nested settings under dotted names; lists, such as the layers, in one line.
fn flatten(prefix: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
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
