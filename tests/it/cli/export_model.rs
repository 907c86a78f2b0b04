//! `export`: a model as files for others. `.ci/onnx` and `.ci/page` run what is written.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::not_finite::diverged_model;
use super::{check_failure, folder, json_lines, run, text, train};

const ALL: [&str; 9] = [
    "--onnx", "m.onnx", "--bundle", "b", "--web", "p.html", "--card", "c.md", "--json",
];

/// A run called `one & only`, in the workspace `w`.
fn trained(dir: &Path) {
    let output = train(dir, ["--workspace", "w", "--name", "one & only"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

fn export(dir: &Path, args: &[&str]) -> std::process::Output {
    run(dir, &[&["export", "--workspace", "w"], args].concat())
}

#[test]
fn a_run_leaves_as_all_kinds_of_files_in_one_call() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    let lines = json_lines(&export(dir, &[&["one & only"], &ALL[..]].concat()));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["model"], "one & only");
    let files = lines[0]["files"].as_array().unwrap();
    let kinds = files.iter().map(|file| file["kind"].as_str().unwrap());
    let mut kinds: Vec<&str> = kinds.collect();
    kinds.dedup();
    assert_eq!(kinds, ["onnx", "bundle", "web", "card"]);
    for file in files {
        let bytes = fs::read(dir.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["bytes"], bytes.len(), "{file}");
    }
    check_description(&dir.join("b"));
    let onnx = fs::read(dir.join("m.onnx")).unwrap();
    assert_eq!(fs::read(dir.join("b/model.onnx")).unwrap(), onnx);
    let page = fs::read_to_string(dir.join("p.html")).unwrap();
    assert!(page.contains("<h1>one &amp; only</h1>"));
    check_card(dir);
}

#[test]
fn programs_in_several_languages_leave_in_one_call() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    let args = [
        "one & only",
        "--code",
        "pytorch",
        "p",
        "--code",
        "rust",
        "r",
    ];
    let output = export(dir, &args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(dir.join("p/model.py").is_file() && dir.join("r/Cargo.toml").is_file());
}

/// The bundle's description tells every other file with its hash, and the run's data.
fn check_description(bundle: &Path) {
    let about = fs::read_to_string(bundle.join("model.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    let files = about["files"].as_object().unwrap();
    // The model, labels, script and README, and three test data sets of three tensors.
    assert_eq!(files.len(), 4 + 9);
    for (name, file) in files {
        let bytes = fs::read(bundle.join(name)).unwrap();
        let hash = format!("{:x}", Sha256::digest(&bytes));
        assert_eq!(file["sha256"], hash, "{name}");
    }
    assert!(about["fingerprint"].as_str().is_some_and(|f| f.len() > 10));
    let labels = fs::read_to_string(bundle.join("labels.txt")).unwrap();
    assert_eq!(labels, "0\n1\n2\n3\n");
}

/// The card has the numbers of `evaluate`.
fn check_card(dir: &Path) {
    let card = fs::read_to_string(dir.join("c.md")).unwrap();
    let args = [
        "evaluate",
        "one & only",
        "--workspace",
        "w",
        "--data",
        "data",
        "--json",
    ];
    let evaluated = &json_lines(&run(dir, &args))[0];
    let accuracy = evaluated["test_accuracy"].as_f64().unwrap();
    assert!(card.contains(&format!("value: {accuracy:.6}\n")), "{card}");
    assert!(card.contains("# one \\& only\n"), "{card}");
    assert!(card.contains("license: \"unknown\""));
    assert!(card.contains("| learning\\_rate | 0.001 |"));
}

#[test]
fn what_cannot_be_exported_is_told_and_nothing_is_written() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    check_failure(
        &export(dir, &["last"]),
        2,
        "nothing to export to: use --onnx FILE",
    );
    check_failure(
        &export(dir, &["last", "--onnx", "m", "--opset", "12"]),
        2,
        "17, 13",
    );
    check_failure(
        &export(dir, &["nobody", "--onnx", "m"]),
        1,
        "no run `nobody`",
    );
    check_failure(
        &export(dir, &["last", "--web", "none/p.html"]),
        1,
        "none/p.html",
    );
    check_failure(
        &export(dir, &["last", "--bundle", "none/b"]),
        1,
        "the folder none/b",
    );

    diverged_model(dir, "bad.safetensors");
    let output = export(dir, &[&["bad.safetensors"], &ALL[..]].concat());
    check_failure(&output, 1, "could not export bad: the network's output is");
    assert_eq!(text(&output.stdout), "");
    for path in ["m", "m.onnx", "b", "p.html", "c.md"] {
        assert!(!dir.join(path).exists(), "{path}");
    }
}

#[test]
fn a_card_has_only_numbers_of_the_data_that_is_there() {
    let dir = folder();
    let dir = dir.path();
    let saved = train(
        dir,
        [
            "--save",
            "m.safetensors",
            "--workspace",
            "w",
            "--name",
            "one",
        ],
    );
    assert_eq!(saved.status.code(), Some(0), "{saved:?}");
    let card = |args: &[&str]| {
        let output = export(dir, &[&["m.safetensors", "--card", "c.md"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(text(&output.stderr), "wrote c.md\n");
        fs::read_to_string(dir.join("c.md")).unwrap()
    };
    // The file does not say where its data is.
    assert!(!card(&[]).contains("model-index"));
    assert!(card(&["--data", "data"]).contains("model-index"));
    let other = export(dir, &["one", "--card", "d.md", "--data", "digits"]);
    check_failure(&other, 1, "was trained on a different dataset");
    assert!(!dir.join("d.md").exists());
}

#[test]
fn the_int8_twin_is_written_beside_the_model_and_compared_with_it() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    let lines = json_lines(&export(
        dir,
        &["last", "--onnx", "m.onnx", "--int8", "--json"],
    ));
    let [f32, int8] = ["m.onnx", "m.int8.onnx"].map(|name| fs::read(dir.join(name)).unwrap());
    assert!(int8.len() < f32.len() / 2, "{} {}", int8.len(), f32.len());
    assert_eq!(lines[0]["files"][1]["kind"], "int8");
    let compared = &lines[0]["int8"];
    let evaluated = json_lines(&run(
        dir,
        &[
            "evaluate",
            "--workspace",
            "w",
            "last",
            "--data",
            "data",
            "--json",
        ],
    ));
    assert_eq!(compared["test_accuracy"], evaluated[0]["test_accuracy"]);
    let n = compared["test_images"].as_f64().unwrap();
    let accuracy = |key: &str| compared[key].as_f64().unwrap() * n;
    let flipped = compared["flipped"].as_array().unwrap();
    let moved = (accuracy("test_accuracy") - accuracy("int8_test_accuracy")).abs();
    assert!(moved <= flipped.len() as f64 + 1e-6, "{compared}");
    assert!(flipped.len() as f64 <= 0.1 * n, "{compared}");

    let words = text(&export(dir, &["last", "--onnx", "m.onnx", "--int8"]).stderr).to_owned();
    assert!(
        words.contains("wrote m.int8.onnx") && words.contains("answers differ"),
        "{words}"
    );
    // Of a file whose data nobody knows, there is nothing to calibrate on.
    check_failure(
        &export(dir, &["last", "--web", "p.html", "--int8"]),
        2,
        "--onnx <FILE>",
    );
}

#[test]
fn a_file_goes_to_standard_output_byte_by_byte() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    export(dir, &["last", "--onnx", "m.onnx"]);
    let piped = export(dir, &["last", "--onnx", "-"]);
    assert_eq!(piped.stdout, fs::read(dir.join("m.onnx")).unwrap());
    assert_eq!(text(&piped.stderr), "");
    let expected = "only one file, and no --json beside it, can go to standard output";
    check_failure(
        &export(dir, &["last", "--onnx", "-", "--card", "-"]),
        2,
        expected,
    );
    check_failure(
        &export(dir, &["last", "--onnx", "-", "--json"]),
        2,
        expected,
    );
    check_failure(
        &export(dir, &["last", "--onnx", "-", "--int8"]),
        2,
        "has to be one",
    );
    assert!(!dir.join("-").exists());
}

#[cfg(feature = "age")]
#[test]
fn a_file_is_encrypted_for_those_who_are_named() {
    let dir = folder();
    let dir = dir.path();
    trained(dir);
    let key = age::x25519::Identity::generate();
    let recipient = key.to_public().to_string();
    export(dir, &["last", "--onnx", "m.onnx"]);
    export(
        dir,
        &["last", "--onnx", "m.age", "--age-recipient", &recipient],
    );
    let sealed = fs::read(dir.join("m.age")).unwrap();
    let opened = age::decrypt(&key, &sealed).unwrap();
    assert_eq!(opened, fs::read(dir.join("m.onnx")).unwrap());
    assert!(age::decrypt(&age::x25519::Identity::generate(), &sealed).is_err());

    fs::write(dir.join("pass"), "correct horse\n").unwrap();
    let args = ["last", "--card", "c.age", "--age-passphrase-file", "pass"];
    assert_eq!(export(dir, &args).status.code(), Some(0));
    let sealed = fs::read(dir.join("c.age")).unwrap();
    let secret = age::secrecy::SecretString::from("correct horse".to_owned());
    let opened = age::decrypt(&age::scrypt::Identity::new(secret), &sealed).unwrap();
    assert!(text(&opened).contains("one & only"));

    let nobody = export(dir, &["last", "--onnx", "m", "--age-recipient", "me"]);
    check_failure(&nobody, 2, "expected a recipient such as age1…, found `me`");
    let folder = export(
        dir,
        &["last", "--bundle", "b", "--age-recipient", &recipient],
    );
    check_failure(&folder, 2, "folders are not encrypted");
}
