//! The description of the service for programs. It is written by hand; what depends on the models is
//! put in: their names, and the shapes of their inputs and outputs.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::serve::failure::Failure;
use crate::serve::limits::MAX_BATCH;
use crate::serve::models::{Loaded, Repository};
use crate::serve::reply::Reply;

/// What is the same for all models.
const SERVICE: &str = include_str!("openapi.json");
/// The addresses of one model, and the schemas of what they take.
const MODEL: &str = include_str!("openapi_model.json");

/// The document, with the models that are loaded; `has_token` says whether a token is needed.
///
/// # Errors
/// When the document is not what its tests say.
pub(in crate::serve) fn openapi(models: &Repository, has_token: bool) -> Result<Reply, Failure> {
    let document = document(models, has_token).map_err(|_error| Failure::internal())?;
    Reply::json(&document)
}

fn document(models: &Repository, has_token: bool) -> serde_json::Result<Value> {
    let mut document: Value = serde_json::from_str(SERVICE)?;
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    for (idx, model) in models.models().iter().enumerate() {
        let Some(loaded) = model.loaded() else {
            continue;
        };
        let part = of_model(&model.name, model.version, idx, &loaded)?;
        for (key, place) in [("paths", "/paths"), ("schemas", "/components/schemas")] {
            let target = document.pointer_mut(place).and_then(Value::as_object_mut);
            if let (Some(target), Some(Value::Object(more))) = (target, part.get(key)) {
                target.extend(more.clone());
            }
        }
    }
    if has_token {
        document["security"] = json!([{ "token": [] }]);
        let scheme = json!({ "token": { "type": "http", "scheme": "bearer" } });
        document["components"]["securitySchemes"] = scheme;
        open_without_token(&mut document);
    }
    Ok(document)
}

/// The addresses that are answered without a token.
fn open_without_token(document: &mut Value) {
    for path in ["/", "/v2/health/live", "/v2/health/ready"] {
        document["paths"][path]["get"]["security"] = json!([]);
    }
}

/// The part of one version of a model. The texts in its template are replaced, and the numbers.
fn of_model(name: &str, version: u32, idx: usize, loaded: &Loaded) -> serde_json::Result<Value> {
    let template: Value = serde_json::from_str(MODEL)?;
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
    let texts = [
        ("@NAME@", name),
        ("@VERSION@", version.to_string()),
        ("@ID@", idx.to_string()),
    ];
    let [channels, height, width] = loaded.input();
    let numbers = [
        ("@CHANNELS@", channels),
        ("@HEIGHT@", height),
        ("@WIDTH@", width),
        ("@VALUES@", loaded.image_len()),
        ("@CLASSES@", loaded.n_classes()),
        ("@BATCH@", MAX_BATCH),
    ];
    Ok(filled(template, &texts, &numbers))
}

fn filled(value: Value, texts: &[(&str, String)], numbers: &[(&str, usize)]) -> Value {
    let text_of = |text: String| {
        let replace = |text: String, (from, to): &(&str, String)| text.replace(from, to);
        let text = texts.iter().fold(text, replace);
        let replace =
            |text: String, (from, to): &(&str, usize)| text.replace(from, &to.to_string());
        numbers.iter().fold(text, replace)
    };
    match value {
        Value::String(text) => match numbers.iter().find(|(from, _)| *from == text) {
            Some((_, number)) => json!(number),
            None => Value::String(text_of(text)),
        },
        Value::Array(all) => all
            .into_iter()
            .map(|value| filled(value, texts, numbers))
            .collect(),
        Value::Object(all) => {
            let field = |(key, value)| (text_of(key), filled(value, texts, numbers));
            Value::Object(all.into_iter().map(field).collect::<Map<_, _>>())
        }
        other => other,
    }
}
