//! Bodies of strangers: good ones with something wrong in them. `.ci/serve-load` sends more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Running;
use super::protocol::photo;
use crate::corpus::{Random, mutated};

const N_BODIES: usize = 2_000;

/// Good bodies, each with the length of its JSON.
fn good() -> Vec<(Vec<u8>, usize)> {
    let binary = |datatype: &str, shape: Value, tensor: &[u8]| {
        let input = json!({ "name": "image", "shape": shape, "datatype": datatype,
            "parameters": { "binary_data_size": tensor.len() } });
        let head = json!({ "id": "1", "inputs": [input] }).to_string();
        ([head.as_bytes(), tensor].concat(), head.len())
    };
    let picture = photo(20);
    let text = STANDARD.encode(&picture);
    let length = (picture.len() as u32).to_le_bytes();
    let input = json!({ "name": "image", "shape": [1], "datatype": "BYTES", "data": [text] });
    let output = json!({ "name": "probabilities", "parameters": { "classification": 3 } });
    let head = json!({ "inputs": [input], "outputs": [output] }).to_string();
    let shape = json!([1, 1, 28, 28]);
    vec![
        (head.clone().into_bytes(), head.len()),
        binary("FP32", shape.clone(), &[0; 3136]),
        binary("UINT8", shape, &[7; 784]),
        binary("BYTES", json!([1]), &[&length[..], &picture].concat()),
    ]
}

#[test]
fn hostile_bodies_are_answered_or_refused() {
    let running = Running::digits();
    let mut client = running.client();
    let mut random = Random(1);
    let mut counts = [0; 2];
    for (body, json_len) in good().iter().cycle().take(N_BODIES) {
        let hostile = mutated(&mut random, std::slice::from_ref(body));
        let json_len = match random.below(8) {
            0 => random.below(2 * body.len()),
            _ => *json_len,
        };
        let length = json_len.to_string();
        let headers = [("Inference-Header-Content-Length", &length[..])];
        let answer = client.call("POST", "/v2/models/digits/infer", &headers, &hostile);
        match answer.status {
            200 => counts[0] += 1,
            400 => {
                counts[1] += 1;
                assert!(!answer.error().contains('\n'), "{}", answer.error());
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    // The changes are neither all harmless nor all fatal.
    assert!(counts.iter().all(|&n| n > N_BODIES / 100), "{counts:?}");
    for (body, json_len) in good() {
        let length = json_len.to_string();
        let headers = [("Inference-Header-Content-Length", &length[..])];
        let answer = client.call("POST", "/v2/models/digits/infer", &headers, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
