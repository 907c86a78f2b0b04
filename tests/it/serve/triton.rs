//! The answers of a real Triton 2.51 to 25 requests (`tests/fixtures/serve/triton-2.51.json`), and
//! ours. Its model answers 0, 1, … 9 to every image, and ours does to a black one.

use std::path::Path;

use serde_json::{Value, json};

use super::Running;
use super::client::{Answer, Client};

/// What is different on purpose: the request, and where.
const DIFFERENCES: [(&str, &str); 9] = [
    // Another program answers.
    ("/v2", "/name"),
    ("/v2", "/version"),
    ("/v2", "/extensions"),
    ("/v2/models/digits", "/platform"),
    ("/v2/models/digits/versions/1", "/platform"),
    // Bad input is the client's error.
    ("bad shape", "status"),
    ("bad json", "status"),
    // In the words of another parser.
    ("bad json", "/error"),
    // Their answer is not kept whole.
    ("/v2/models/digits/config", "/"),
];

fn image(more: Value) -> Value {
    let mut image = json!({ "name": "image", "shape": [1, 1, 28, 28], "datatype": "FP32" });
    let fields = image.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    image
}

/// The requests by their names in the fixture; those of other names are read.
fn ask(client: &mut Client, name: &str) -> Answer {
    let black = vec![0.0; 784];
    let infer = "/v2/models/digits/infer";
    let input = image(json!({ "data": black }));
    let mut post = |body: Value| client.post(infer, &body);
    match name {
        "index" => client.post("/v2/repository/index", &json!({})),
        "infer" => post(json!({ "id": "7", "inputs": [input] })),
        "one output" => {
            let parameters = json!({ "classification": 3 });
            let output = json!({ "name": "probabilities", "parameters": parameters });
            post(json!({ "inputs": [input], "outputs": [output] }))
        }
        "binary_data_output" => {
            post(json!({ "inputs": [input], "parameters": { "binary_data_output": true } }))
        }
        "binary in" => {
            let input = image(json!({ "parameters": { "binary_data_size": 3136 } }));
            let parameters = json!({ "binary_data": true });
            let output = json!({ "name": "probabilities", "parameters": parameters });
            let head = json!({ "inputs": [input], "outputs": [output] }).to_string();
            let length = head.len().to_string();
            let body = [head.as_bytes(), &[0; 3136]].concat();
            let headers = [("Inference-Header-Content-Length", &length[..])];
            client.call("POST", infer, &headers, &body)
        }
        "raw binary" => {
            let headers = [("Inference-Header-Content-Length", "0")];
            client.call("POST", infer, &headers, &[0; 3136])
        }
        "bad shape" => {
            let input = image(json!({ "data": black, "shape": [1, 1, 28, 27] }));
            post(json!({ "inputs": [input] }))
        }
        "bad dtype" => {
            let input = image(json!({ "data": vec![0; 784], "datatype": "INT8" }));
            post(json!({ "inputs": [input] }))
        }
        "bad name" => {
            let input = image(json!({ "data": black, "name": "imag" }));
            post(json!({ "inputs": [input] }))
        }
        "bad json" => client.call("POST", infer, &[], b"{\"inputs\":"),
        "nested data" => {
            let nested = vec![vec![vec![vec![0.0; 28]; 28]]];
            post(json!({ "inputs": [image(json!({ "data": nested }))] }))
        }
        "GET infer" => client.get(infer),
        "65" => {
            let many = vec![0.0; 784 * 65];
            let input = image(json!({ "data": many, "shape": [65, 1, 28, 28] }));
            post(json!({ "inputs": [input] }))
        }
        path => client.get(path),
    }
}

/// The pointers to where two values differ. Numbers may differ in their last bits.
fn differences(at: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b))
            if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) =>
        {
            for (key, theirs) in a {
                differences(&format!("{at}/{key}"), theirs, &b[key], found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (theirs, ours)) in a.iter().zip(b).enumerate() {
                differences(&format!("{at}/{i}"), theirs, ours, found);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > 1e-6 * a.abs().max(1e-3) {
                found.push(at.to_owned());
            }
        }
        _ if theirs == ours => {}
        _ => found.push(at.to_owned()),
    }
}

fn compare(theirs: &Value, ours: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    if theirs["status"] != ours.status {
        found.push("status".to_owned());
    }
    if theirs["content_type"].as_str() != ours.header("content-type") {
        found.push("content type".to_owned());
    }
    match theirs.get("json") {
        Some(Value::Null) => found.push("/".to_owned()),
        Some(json) => differences("", json, &ours.json(), &mut found),
        None if ours.body.is_empty() => {}
        None => found.push("body".to_owned()),
    }
    match theirs.get("tensors") {
        Some(tensors) => differences("tensors", tensors, &json!(ours.tensors()), &mut found),
        None if ours.header("inference-header-content-length").is_none() => {}
        None => found.push("tensors".to_owned()),
    }
    found
}

#[test]
fn the_answers_are_tritons_but_for_what_is_listed() {
    let path = "tests/fixtures/serve/triton-2.51.json";
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let fixture: Vec<Value> = serde_json::from_slice(&text).unwrap();
    assert_eq!(fixture.len(), 25);
    let running = Running::digits();
    let mut client = running.client();
    let mut found = Vec::new();
    for theirs in &fixture {
        let name = theirs["request"].as_str().unwrap();
        let ours = ask(&mut client, name);
        let more = compare(theirs, &ours).into_iter();
        found.extend(more.map(|place| (name.to_owned(), place)));
    }
    let mut expected = DIFFERENCES.map(|(name, place)| (name.to_owned(), place.to_owned()));
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_configuration_has_what_tritons_has() {
    let running = Running::digits();
    let config = running.client().get("/v2/models/digits/config").json();
    for (place, value) in [
        ("/name", json!("digits")),
        ("/max_batch_size", json!(64)),
        ("/input/0/name", json!("image")),
        ("/input/0/data_type", json!("TYPE_FP32")),
        ("/input/0/dims", json!([1, 28, 28])),
        ("/output/0/name", json!("logits")),
        ("/output/1/dims", json!([10])),
        ("/version_policy/latest/num_versions", json!(1)),
    ] {
        assert_eq!(config.pointer(place), Some(&value), "{place}");
    }
}
