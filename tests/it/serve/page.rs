//! The page and the descriptions.

use serde_json::Value;

use super::{Running, digits, save, source};

#[test]
fn the_page_runs_its_own_script_and_loads_nothing() {
    let running = Running::digits();
    let mut client = running.client();
    for path in ["/", "/v2/docs"] {
        let page = client.get(path);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let policy = page.header("content-security-policy").unwrap().to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'nonce-"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        let text = page.text();
        let n_marked = text.matches(&format!("nonce=\"{nonce}\"")).count();
        let n_own = text.matches("<script").count() + text.matches("<style").count();
        assert!(
            n_marked == n_own && n_own > 0 && !text.contains('@'),
            "{text}"
        );
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!text.contains(outside), "{path}: {outside}");
        }
        // Another one next time.
        let again = client.get(path);
        assert_ne!(again.header("content-security-policy"), Some(&policy[..]));
    }
    let head = client.call("HEAD", "/", &[], b"");
    assert!(head.status == 200 && head.body.is_empty());
}

#[test]
fn the_document_names_every_model_and_every_address_answers() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let running = Running::start(&[source("a b", &path), source("m", &path), source("m", &path)]);
    let mut client = running.client();
    let document = client.get("/openapi.json").json();
    let text = document.to_string();
    assert!(!text.contains('@'), "{text}");
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/v2/models/a%20b/versions/1/infer",
        "/v2/models/m/versions/2/infer",
        "/metrics",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let schema = &document["components"]["schemas"]["InferRequest0"];
    let data = schema
        .pointer("/properties/inputs/items/properties/data")
        .unwrap();
    assert_eq!(data["minItems"], 784);
    for (path, methods) in paths {
        let methods = methods.as_object().unwrap();
        for method in methods.keys() {
            if path.ends_with("unload") {
                continue;
            }
            let method = method.to_uppercase();
            let answer = client.call(&method, path, &[], b"");
            let expected = if path.ends_with("infer") { 400 } else { 200 };
            assert_eq!(
                answer.status,
                expected,
                "{method} {path}: {}",
                answer.text()
            );
        }
    }
    check_references(&document, &document);
}

/// Every `$ref` leads somewhere.
fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get("$ref") {
                let place = to.strip_prefix('#').unwrap();
                assert!(document.pointer(place).is_some(), "{to}");
            }
            fields
                .values()
                .for_each(|part| check_references(document, part));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|part| check_references(document, part)),
        _ => {}
    }
}
