//! What is asked, and what is answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use candle_core::Device;
use candle_studio::data::read_image_bytes;
use candle_studio::model::{Classifier, Init, Network, PRESETS, Provenance};
use candle_studio::predict::{classify, outputs};
use image::{GrayImage, ImageFormat, Luma};
use serde_json::{Value, json};

use super::{Running, digits, save, source};

const INFER: &str = "/v2/models/digits/infer";

/// A photo of a bar: dark on light, larger than the input.
pub fn photo(left: u32) -> Vec<u8> {
    let is_ink = |x, y| (left..left + 8).contains(&x) && (10..50).contains(&y);
    let pixel = |x, y| Luma([if is_ink(x, y) { 20 } else { 230 }]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = GrayImage::from_fn(60, 60, pixel);
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn pixels(seed: usize) -> Vec<u8> {
    (0..784)
        .map(|i| ((i * 31 + seed * 97) % 256) as u8)
        .collect()
}

fn body(shape: &[usize], datatype: &str, data: Value) -> Value {
    let input = json!({ "name": "image", "shape": shape, "datatype": datatype, "data": data });
    json!({ "inputs": [input] })
}

fn probabilities(answer: &Value) -> Vec<f32> {
    serde_json::from_value(answer["outputs"][1]["data"].clone()).unwrap()
}

#[test]
fn an_image_has_the_same_bits_in_every_batch_and_in_every_network() {
    for preset in PRESETS.iter() {
        let spec = preset.spec([1, 28, 28], 10);
        let network = Network::new(&spec, Init::HeUniform, 5, &Device::Cpu).unwrap();
        let model = Classifier {
            network,
            classes: (0..10).map(|class| class.to_string()).collect(),
            provenance: Provenance {
                temperature: Some(1.3),
                ..Provenance::default()
            },
        };
        let n = 64;
        let image = |seed| {
            pixels(seed)
                .into_iter()
                .map(|pixel| f32::from(pixel) / 255.0)
        };
        let together = outputs(&model, (0..n).flat_map(image).collect()).unwrap();
        for seed in 0..n {
            let alone = outputs(&model, image(seed).collect()).unwrap();
            let row = seed * 10..seed * 10 + 10;
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(
                [bits(&alone.logits), bits(&alone.probabilities)],
                [
                    bits(&together.logits[row.clone()]),
                    bits(&together.probabilities[row])
                ],
                "{} image {seed}",
                preset.name
            );
        }
    }
}

#[test]
fn bytes_and_numbers_from_0_to_1_are_the_same_image() {
    let running = Running::digits();
    let mut client = running.client();
    let pixels = pixels(3);
    let unit: Vec<f32> = pixels
        .iter()
        .map(|&pixel| f32::from(pixel) / 255.0)
        .collect();
    let of_bytes = client.post(INFER, &body(&[1, 1, 28, 28], "UINT8", json!(pixels)));
    let of_unit = client.post(INFER, &body(&[1, 1, 28, 28], "FP32", json!(unit)));
    assert_eq!(of_bytes.json(), of_unit.json());

    let head = |datatype: &str, size: usize| {
        let input = json!({ "name": "image", "shape": [1, 1, 28, 28], "datatype": datatype,
            "parameters": { "binary_data_size": size } });
        json!({ "inputs": [input] }).to_string()
    };
    let mut binary = |datatype: &str, bytes: &[u8]| {
        let head = head(datatype, bytes.len());
        let length = head.len().to_string();
        let headers = [("Inference-Header-Content-Length", &length[..])];
        let body = [head.as_bytes(), bytes].concat();
        client.call("POST", INFER, &headers, &body).json()
    };
    assert_eq!(binary("UINT8", &pixels), of_unit.json());
    let words: Vec<u8> = unit.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(binary("FP32", &words), of_unit.json());
}

#[test]
fn a_picture_gets_the_answer_of_predict() {
    let running = Running::digits();
    let mut client = running.client();
    let photos = [photo(8), photo(30)];
    let texts: Vec<String> = photos.iter().map(|photo| STANDARD.encode(photo)).collect();
    let answer = client.post(INFER, &body(&[2], "BYTES", json!(texts)));
    let found = probabilities(&answer.json());
    let model = digits(1.0);
    for (photo, found) in photos.iter().zip(found.chunks(10)) {
        let picture = read_image_bytes(photo, "photo").unwrap();
        let expected = classify(&model, &picture.into()).unwrap().unwrap();
        assert_eq!(found, expected.probabilities);
    }

    // The same as bytes, each after its length; the answer as bytes, too.
    let tensor: Vec<u8> = photos
        .iter()
        .flat_map(|photo| [&(photo.len() as u32).to_le_bytes()[..], photo].concat())
        .collect();
    let input = json!({ "name": "image", "shape": [2, 1], "datatype": "BYTES",
        "parameters": { "binary_data_size": tensor.len() } });
    let output = json!({ "name": "probabilities", "parameters": { "binary_data": true } });
    let head = json!({ "inputs": [input], "outputs": [output] }).to_string();
    let length = head.len().to_string();
    let headers = [("Inference-Header-Content-Length", &length[..])];
    let answer = client.call(
        "POST",
        INFER,
        &headers,
        &[head.as_bytes(), &tensor].concat(),
    );
    assert_eq!(answer.tensors(), found);
}

#[test]
fn what_is_wrong_is_one_sentence_and_the_next_request_is_answered() {
    let running = Running::digits();
    let mut client = running.client();
    let black = vec![0; 784];
    let image = [1, 1, 28, 28];
    for (body, words) in [
        (
            body(&image, "UINT8", json!(vec![256; 784])),
            "from 0 to 255",
        ),
        (
            body(&image, "FP32", json!(vec![1e9; 784])),
            "pixels are 0 to 1",
        ),
        (
            body(&image, "FP32", json!(vec!["a"; 784])),
            "expected numbers, found texts",
        ),
        (
            body(&[1], "BYTES", json!([7])),
            "expected texts, found numbers",
        ),
        (body(&[1], "BYTES", json!(["no base64!"])), "base64"),
        (
            body(&[1], "BYTES", json!(["bm8gcGljdHVyZQ=="])),
            "picture 0",
        ),
        (
            body(&[1, 28, 28], "FP32", json!(black)),
            "expected [-1,1,28,28], got [1,28,28]",
        ),
        (
            body(&[1, 784], "BYTES", json!(vec![""; 784])),
            "expected [-1], got [1,784]",
        ),
        (
            body(&[0, 1, 28, 28], "FP32", json!([])),
            "batch-size must be >= 1",
        ),
        (
            body(&[usize::MAX, 2], "FP32", json!([])),
            "does not match true shape",
        ),
        (json!({ "inputs": [] }), "expected 1 inputs but got 0"),
        (json!({}), "missing field `inputs`"),
        (json!([[]]), "an object"),
        (json!({ "inputs": [["image", [1], "FP32"]] }), "an object"),
        (json!({ "inputs": null }), "failed to parse"),
        (json!({ "id": 7, "inputs": [] }), "a string"),
    ] {
        let answer = client.post(INFER, &body);
        assert_eq!(answer.status, 400, "{body}");
        let error = answer.error();
        assert!(error.contains(words), "expected {words:?} in {error:?}");
        assert!(!error.contains('\n') && !error.contains("src/"), "{error}");
    }
    let mut of = |outputs: Value| {
        let mut body = body(&image, "FP32", json!(black));
        body["outputs"] = outputs;
        client.post(INFER, &body)
    };
    let error = of(json!([{ "name": "answer" }])).error();
    assert!(
        error.contains("unexpected inference output 'answer'"),
        "{error}"
    );
    let error = of(json!([{ "name": "logits" }, { "name": "logits" }, { "name": "logits" }]));
    assert!(error.error().contains("at most 2 outputs, found 3"));
    assert_eq!(of(json!([])).status, 200);
}

#[test]
fn bytes_that_do_not_fit_the_request_are_refused() {
    let running = Running::digits();
    let mut client = running.client();
    let mut send = |size: usize, n_bytes: usize, length: &str, value: u8| {
        let input = json!({ "name": "image", "shape": [1, 1, 28, 28], "datatype": "FP32",
            "parameters": { "binary_data_size": size } });
        let head = json!({ "inputs": [input] }).to_string();
        let length = length.replace("HEAD", &head.len().to_string());
        let headers = [("Inference-Header-Content-Length", &length[..])];
        let body = [head.as_bytes(), &vec![value; n_bytes]].concat();
        let answer = client.call("POST", INFER, &headers, &body);
        (answer.status, answer.error())
    };
    for (size, n_bytes, length, value, words) in [
        (3136, 3135, "HEAD", 0, "expected 3136 bytes after the JSON"),
        (
            3132,
            3132,
            "HEAD",
            0,
            "unexpected total byte size 3132, expecting 3136",
        ),
        (3136, 3136, "HEAD", 255, "found NaN"),
        (3136, 3136, "999999", 0, "expected at least 999999 bytes"),
        (3136, 3136, "-1", 0, "expected the number of bytes"),
        (3136, 3136, "0", 0, "unexpected total byte size"),
        (usize::MAX, 0, "HEAD", 0, "found 0"),
    ] {
        let (status, error) = send(size, n_bytes, length, value);
        assert!(status == 400 && error.contains(words), "{words}: {error}");
    }
    let answer = client.call("POST", INFER, &[("Content-Encoding", "gzip")], b"{}");
    assert_eq!(answer.status, 415);
}

#[test]
fn classes_are_sorted_and_never_more_than_there_are() {
    let running = Running::digits();
    let mut client = running.client();
    let mut request = body(&[2, 1, 28, 28], "FP32", json!(vec![0.0; 2 * 784]));
    request["outputs"] = json!([{ "name": "logits", "parameters": { "classification": 99 } }]);
    let output = client.post(INFER, &request).json()["outputs"][0].clone();
    assert_eq!(output["shape"], json!([2, 10]));
    let texts: Vec<&str> = output["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    assert_eq!(texts[..2], ["9.000000:9:nine", "8.000000:8:eight"]);
    assert_eq!(texts[..10], texts[10..]);
}

#[test]
fn a_name_may_hold_spaces_and_letters_of_all_kinds() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let running = Running::start(&[source("größe 2", &path)]);
    let answer = running.client().get("/v2/models/gr%C3%B6%C3%9Fe%202");
    assert_eq!(answer.json()["name"], "größe 2");
    let index = running
        .client()
        .post("/v2/repository/index", &json!({}))
        .json();
    assert_eq!(index[0]["name"], "größe 2");
}
