//! Several models, versions, files that change.

use std::fs;

use candle_core::Tensor;
use candle_studio::serve::{ModelSource, ServeError};
use serde_json::{Value, json};

use super::client::Client;
use super::{Running, digits, save, source};

fn infer(client: &mut Client, model: &str) -> Value {
    let input = json!({ "name": "image", "shape": [1, 1, 28, 28], "datatype": "FP32",
        "data": vec![0.0; 784] });
    let path = format!("/v2/models/{model}/infer");
    client.post(&path, &json!({ "inputs": [input] })).json()
}

/// The logit of the last class, by which the models here can be told apart.
fn last_logit(client: &mut Client, model: &str) -> f64 {
    infer(client, model)["outputs"][0]["data"][9]
        .as_f64()
        .unwrap()
}

#[test]
fn models_of_one_name_are_versions_and_the_newest_answers() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c] = [1.0, 2.0, 3.0].map(|step| save(dir.path(), &step.to_string(), &digits(step)));
    let running = Running::start(&[source("m", &a), source("other", &b), source("m", &c)]);
    let mut client = running.client();
    assert_eq!(last_logit(&mut client, "m"), 27.0);
    assert_eq!(last_logit(&mut client, "m/versions/1"), 9.0);
    assert_eq!(last_logit(&mut client, "other"), 18.0);
    assert_eq!(infer(&mut client, "m")["model_version"], "2");
    assert_eq!(
        client.get("/v2/models/m").json()["versions"],
        json!(["1", "2"])
    );
    let stats = client.get("/v2/models/m/stats").json();
    let counts = stats["model_stats"].as_array().unwrap().iter();
    let counts: Vec<_> = counts
        .map(|model| model["inference_count"].as_u64())
        .collect();
    assert_eq!(counts, [Some(1), Some(2)]);
    assert_eq!(
        client.get("/v2/models/stats").json()["model_stats"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[test]
fn a_model_can_be_unloaded_and_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let running = Running::start(&[source("digits", &path)]);
    let mut client = running.client();
    let mut post = |path: &str, body: Value| {
        let answer = client.post(path, &body);
        (answer.status, answer)
    };
    assert_eq!(
        post("/v2/repository/models/digits/unload", json!({})).0,
        200
    );
    let (_, index) = post("/v2/repository/index", json!({}));
    assert_eq!(
        index.json(),
        json!([{ "name": "digits", "version": "1", "state": "UNAVAILABLE", "reason": "unloaded" }])
    );
    let (_, index) = post("/v2/repository/index", json!({ "ready": true }));
    assert_eq!(index.json(), json!([]));
    assert_eq!(post("/v2/models/digits/infer", json!({})).0, 404);
    let mut other = running.client();
    assert_eq!(other.get("/v2/health/ready").status, 400);
    assert_eq!(other.get("/v2/health/live").status, 200);
    assert_eq!(other.get("/v2/models/digits/ready").status, 400);

    let (status, answer) = post("/v2/repository/models/nope/load", json!({}));
    assert!(status == 400 && answer.error().contains("there is no such model"));
    let parameters = json!({ "parameters": { "config": "{}" } });
    let (status, answer) = post("/v2/repository/models/digits/load", parameters);
    assert!(status == 400 && answer.error().contains("expected no parameters"));
    assert_eq!(post("/v2/repository/models/digits/load", json!({})).0, 200);
    assert_eq!(last_logit(&mut other, "digits"), 9.0);
    // Without the file the old model stays; the path is not told to strangers.
    fs::remove_file(&path).unwrap();
    let (status, answer) = post("/v2/repository/models/digits/load", json!({}));
    assert!(
        status == 400 && !answer.error().contains("/m"),
        "{}",
        answer.error()
    );
    assert_eq!(last_logit(&mut other, "digits"), 9.0);
}

#[test]
fn a_changed_file_is_loaded_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let running = Running::start(&[source("digits", &path)]);
    let mut client = running.client();
    assert_eq!(last_logit(&mut client, "digits"), 9.0);

    let whole = digits(2.0).to_bytes().unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    running.wait_for("warning: digits: the model from before stays, because");
    assert_eq!(last_logit(&mut client, "digits"), 9.0);
    let n_told = running.told.lock().unwrap().len();

    fs::write(&path, &whole).unwrap();
    running.wait_for("digits: the changed file was loaded");
    assert_eq!(last_logit(&mut client, "digits"), 18.0);
    // It is said once.
    assert_eq!(running.told.lock().unwrap().len(), n_told + 1);
}

#[test]
fn a_model_that_has_diverged_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let model = digits(1.0);
    let weight = &model.network.params()[0].var;
    let values = Tensor::full(f32::MAX, weight.dims(), weight.device()).unwrap();
    weight.set(&values).unwrap();
    let path = save(dir.path(), "m", &model);
    let error = Running::with(&[source("m", &path)], |_| ()).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("is not served: the network's output"),
        "{text}"
    );
}

#[test]
fn two_files_of_one_name_are_not_taken_for_versions() {
    let dir = tempfile::tempdir().unwrap();
    let path = save(dir.path(), "m", &digits(1.0));
    let unnamed = ModelSource {
        is_named: false,
        ..source("m", &path)
    };
    let error = Running::with(&[unnamed.clone(), unnamed], |_| ())
        .err()
        .unwrap();
    assert!(matches!(error, ServeError::SameName(_)), "{error}");
    for name in ["", "a/b", "a\nb", "a\"b"] {
        let error = Running::with(&[source(name, &path)], |_| ()).err().unwrap();
        assert!(matches!(error, ServeError::Name(_)), "{error}");
    }
}
