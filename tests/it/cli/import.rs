//! Models of other programs on the command line: opened by every command, or refused in one sentence.

use std::path::Path;

use serde_json::Value;

use super::{check_failure, folder, lines, run, text, write_png};
use crate::support::tiny;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    folder.join(name).display().to_string()
}

/// Runs a command that is to succeed; returns what it says.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    let said = text(&output.stderr).to_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

/// Accuracy on MNIST's test images, and what is said beside it.
fn accuracy(dir: &Path, args: &[&str]) -> (f64, String) {
    let output = run(dir, &[&["evaluate", "--json"], args].concat());
    let said = text(&output.stderr).to_owned();
    let line: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    (line["test_accuracy"].as_f64().unwrap(), said)
}

/// Reports of users, as `tests/fixtures/import/reports` has them: the nearest mean of each class.
#[test]
fn weights_that_others_saved_answer_as_they_do_there() {
    let dir = folder();
    for (file, n_right, slack, words) in [
        (
            "centroid-no-metadata",
            8_203.0,
            0.0,
            "the preset softmax and no other",
        ),
        ("centroid-module", 8_203.0, 0.0, ""),
        ("centroid-f16", 8_203.0, 5.0, ""),
    ] {
        let file = fixture(&format!("reports/{file}.safetensors"));
        let (found, said) = accuracy(dir.path(), &[&file]);
        assert!(
            (found * 10_000.0 - n_right).abs() <= slack + 1e-6,
            "{file}: {found}"
        );
        assert!(said.contains(words), "{said}");
        assert_eq!(said.is_empty(), words.is_empty(), "{said}");
    }
    let untracked = fixture("reports/batch-norm-untracked.safetensors");
    let (found, said) = accuracy(dir.path(), &[&untracked]);
    assert!(found > 0.0 && said.is_empty(), "{found} {said}");
}

#[test]
fn every_command_opens_what_is_not_ours() {
    let dir = folder();
    let dir = dir.path();
    write_png(&dir.join("a.png"), tiny::image(0, 1));
    let model = fixture("reports/centroid-no-metadata.safetensors");
    for args in [
        &["predict", &model, "a.png"][..],
        &["explain", &model, "a.png", "--out", "map.png"],
        &["diagram", &model, "--out", "network.svg"],
        &[
            "export",
            &model,
            "--onnx",
            "m.onnx",
            "--safetensors",
            "ours.safetensors",
        ],
    ] {
        assert!(
            said(dir, args).contains("fit the preset softmax and no other"),
            "{args:?}"
        );
    }
    for again in ["m.onnx", "ours.safetensors"] {
        let output = run(dir, &["predict", again, "a.png", "--json"]);
        let expected = run(dir, &["predict", &model, "a.png", "--json"]);
        assert_eq!(text(&output.stdout), text(&expected.stdout), "{again}");
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    }
    let args = [
        "train",
        "--from",
        "m.onnx",
        "--epochs",
        "1",
        "--no-record",
        "--val",
        "100",
        "--save",
    ];
    let limit = ["--data", "digits"];
    // The digits built in have other sizes, so the model is not for them.
    let output = run(dir, &[&args[..], &["t.safetensors"], &limit].concat());
    check_failure(&output, 1, "the model is for images of [1, 28, 28]");
}

#[test]
fn weights_without_layers_ask_for_their_network() {
    let dir = folder();
    let dir = dir.path();
    write_png(&dir.join("a.png"), tiny::image(0, 1));
    let small = fixture("small.pth");
    let output = run(dir, &["predict", &small, "a.png"]);
    check_failure(
        &output,
        1,
        "name their network with --preset NAME, or with --config FILE",
    );
    let output = run(dir, &["predict", &small, "a.png", "--preset", "mlp"]);
    check_failure(&output, 1, "they are not those of mlp");
    let output = run(dir, &["train", "--from", &small, "--data", "digits"]);
    check_failure(
        &output,
        1,
        "candle-studio export FILE --preset NAME --safetensors MODEL",
    );
    let config = text(
        &run(
            dir,
            &[
                "train",
                "--data",
                "digits",
                "--preset",
                "softmax",
                "--print-config",
            ],
        )
        .stdout,
    )
    .to_owned();
    let (head, _) = config.split_once("[model]").unwrap();
    let layers = r#"[model]
input = [1, 8, 8]
classes = 10
layers = [{ kind = "conv2d", channels = 4, kernel = 3, padding = 1 }, { kind = "batch_norm" }, { kind = "relu" },
  { kind = "max_pool2d", kernel = 2, stride = 2 }, { kind = "flatten" }, { kind = "dense", units = 10 }]
"#;
    std::fs::write(dir.join("small.toml"), format!("{head}{layers}")).unwrap();
    let output = run(
        dir,
        &[
            "export",
            &small,
            "--config",
            "small.toml",
            "--safetensors",
            "small.safetensors",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("1 layer without a bias got one of zeros"));
    let args = [
        "train",
        "--from",
        "small.safetensors",
        "--data",
        "digits",
        "--epochs",
        "1",
        "--no-record",
    ];
    lines(&run(dir, &args));
}

#[test]
fn what_cannot_be_read_is_refused_by_its_name() {
    let dir = folder();
    let dir = dir.path();
    write_png(&dir.join("a.png"), tiny::image(0, 1));
    std::fs::create_dir(dir.join("saved")).unwrap();
    std::fs::write(dir.join("saved/saved_model.pb"), [8, 1, 18, 0]).unwrap();
    std::fs::write(
        dir.join("checkpoint"),
        "model_checkpoint_path: \"model.ckpt\"",
    )
    .unwrap();
    for (file, words) in [
        ("saved", "a TensorFlow SavedModel"),
        ("checkpoint", "a TensorFlow checkpoint"),
        (&fixture("module.pth"), "a whole pickled"),
        (&fixture("dilated.onnx"), "has gaps in its window"),
        ("none.onnx", "could not read none.onnx"),
    ] {
        check_failure(&run(dir, &["predict", file, "a.png"]), 1, words);
    }
}
