//! `export` for engines that serve models. `.ci/deploy` gives what is written to them.

use std::fs;
use std::path::Path;

use super::not_finite::diverged_model;
use super::{check_failure, folder, json_lines, run, text, train};

const MODEL: &str = "it's mine.safetensors";

const ALL: [&str; 12] = [
    "--triton",
    "triton",
    "--kserve",
    "kserve.yaml",
    "--docker",
    "docker",
    "--ray",
    "ray",
    "--mlserver",
    "mlserver",
    "--systemd",
    "mine.service",
];

fn export(dir: &Path, model: &str, args: &[&str]) -> std::process::Output {
    run(dir, &[&["export", model], args].concat())
}

#[test]
fn every_engine_gets_its_files_in_one_call() {
    let dir = folder();
    let dir = dir.path();
    let trained = train(dir, ["--no-record", "--save", MODEL]);
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let lines = json_lines(&export(dir, MODEL, &[&ALL[..], &["--json"]].concat()));
    let files = lines[0]["files"].as_array().unwrap();
    let mut kinds: Vec<&str> = Vec::new();
    for file in files {
        let about = fs::metadata(dir.join(file["path"].as_str().unwrap())).unwrap();
        assert!(about.len() > 0 && file["bytes"] == about.len(), "{file}");
        kinds.push(file["kind"].as_str().unwrap());
    }
    kinds.dedup();
    assert_eq!(
        kinds,
        ["triton", "kserve", "docker", "ray", "mlserver", "systemd"]
    );
    let config = fs::read_to_string(dir.join("triton/it-s-mine/config.pbtxt")).unwrap();
    assert!(config.contains("string_value: \"it's mine\""), "{config}");
    let [weights, saved] = ["docker/model.safetensors", MODEL].map(|f| fs::read(dir.join(f)));
    assert!(weights.unwrap() == saved.unwrap());
    // Triton gets the very file that --onnx writes.
    let with_onnx = ["--onnx", "m.onnx", "--kserve", "k.yaml", "--opset", "13"];
    let again = export(dir, MODEL, &[&with_onnx[..], &["--triton", "t"]].concat());
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert_eq!(text(&again.stderr), "wrote m.onnx\nwrote t\nwrote k.yaml\n");
    let [onnx, triton] = ["m.onnx", "t/it-s-mine/1/model.onnx"].map(|f| fs::read(dir.join(f)));
    assert!(onnx.unwrap() == triton.unwrap());
    // One file goes to standard output, as those of the other formats.
    let piped = export(dir, MODEL, &["--systemd", "-"]);
    assert_eq!(piped.stdout, fs::read(dir.join("mine.service")).unwrap());
    assert!(!dir.join("-").exists());
}

#[test]
fn nothing_is_written_when_something_cannot_be() {
    let dir = folder();
    let dir = dir.path();
    let trained = train(dir, ["--no-record", "--save", MODEL]);
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let output = export(dir, MODEL, &["--triton", "t", "--systemd", "none/unit"]);
    check_failure(&output, 1, "none/unit");
    diverged_model(dir, "bad.safetensors");
    let output = export(dir, "bad.safetensors", &ALL);
    check_failure(&output, 1, "could not export bad: the network's output is");
    for path in [
        "t",
        "triton",
        "kserve.yaml",
        "docker",
        "ray",
        "mine.service",
    ] {
        assert!(!dir.join(path).exists(), "{path}");
    }
}
