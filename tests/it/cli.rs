//! The real binary in temporary folders. No display is needed, nor allowed.

mod again;
mod bad_input;
mod bench;
mod checksums;
mod compare;
mod damaged;
mod data;
mod diagram;
mod embed;
mod evaluate;
mod explain;
mod export;
mod export_engines;
mod export_model;
#[cfg(debug_assertions)]
mod faults;
mod hostile;
mod import;
mod interrupted;
mod killed;
mod lr_find;
#[cfg(feature = "mlflow")]
mod mlflow;
mod not_finite;
mod plot;
mod predict;
mod recipe;
mod report;
mod resume;
mod runs;
mod shared;
mod sketches;
mod sweep;
mod teach;
mod train;
mod words;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use candle_studio::data::read_image_file;
use candle_studio::model::{Classifier, PRESETS};
use candle_studio::predict::classify;
use serde_json::Value;

use crate::support::tiny;

/// `candle-studio` in `dir`, without a display.
fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_candle-studio"));
    command.current_dir(dir).stdin(Stdio::null());
    // Runs of tests are nobody's runs.
    let data = format!(
        "{}/data-{}",
        env!("CARGO_TARGET_TMPDIR"),
        std::process::id()
    );
    command.env("XDG_DATA_HOME", data);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The lines of a command that went well and had nothing to complain about.
fn lines(output: &Output) -> Vec<String> {
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn json_lines(output: &Output) -> Vec<Value> {
    lines(output)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Checks that a command failed with `code` and one sentence with `words` in it.
fn check_failure(output: &Output, code: i32, words: &str) {
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert!(message.contains(words), "expected {words:?} in {message}");
    assert!(!message.contains("panicked"), "{message}");
    // Usage errors come with a hint on further lines.
    assert!(
        code == 2 || message.trim_end().lines().count() == 1,
        "{message}"
    );
}

/// A folder with the tiny dataset in `data`.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    tiny::write_folder(&dir.path().join("data"));
    dir
}

/// A quick training on the tiny dataset, with more arguments.
fn train<'a>(dir: &Path, more: impl IntoIterator<Item = &'a str>) -> Output {
    let args = [
        "train", "--data", "data", "--preset", "mlp", "--epochs", "2",
    ];
    command(dir).args(args).args(more).output().unwrap()
}

fn write_png(path: &Path, pixels: Vec<u8>) {
    let side = tiny::SIDE as u32;
    image::GrayImage::from_raw(side, side, pixels)
        .unwrap()
        .save(path)
        .unwrap();
}

#[test]
fn a_saved_model_is_evaluated_and_predicts_as_when_it_was_trained() {
    let dir = folder();
    let trained = json_lines(&train(dir.path(), ["--save", "m.safetensors", "--json"]));
    let trained = trained.last().unwrap();

    let args = ["evaluate", "m.safetensors", "--data", "data", "--json"];
    let evaluated = json_lines(&run(dir.path(), &args));
    assert_eq!(evaluated.len(), 1);
    let evaluated = &evaluated[0];
    assert_eq!(evaluated["test_accuracy"], trained["test_accuracy"]);
    assert_eq!(evaluated["test_loss"], trained["test_loss"]);
    assert_eq!(evaluated["n_images"], tiny::N_TEST);
    let classes = evaluated["per_class"].as_array().unwrap();
    assert_eq!(classes.len(), tiny::CLASSES);
    for field in ["precision", "recall", "f1"] {
        assert!(classes[0][field].is_f64(), "{field}");
    }
    let confusion = evaluated["confusion"].as_array().unwrap();
    let cells = confusion.iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(
        cells.map(|n| n.as_u64().unwrap()).sum::<u64>(),
        tiny::N_TEST as u64
    );

    for class in 0..tiny::CLASSES {
        write_png(
            &dir.path().join(format!("{class}.png")),
            tiny::image(class, 999),
        );
    }
    let predicted = json_lines(&run(
        dir.path(),
        &["predict", "m.safetensors", "2.png", "0.png", "--json"],
    ));
    assert_eq!(predicted.len(), 2);
    let model = Classifier::load(&dir.path().join("m.safetensors")).unwrap();
    for line in predicted {
        let image = dir.path().join(line["image"].as_str().unwrap());
        let here = classify(&model, &read_image_file(&image).unwrap().into())
            .unwrap()
            .unwrap();
        let probabilities: Vec<f32> =
            serde_json::from_value(line["probabilities"].clone()).unwrap();
        assert_eq!(probabilities, here.probabilities);
        assert_eq!(line["class"], model.classes[here.class].as_str());
        assert_eq!(line["class_index"], here.class);
    }
}

#[test]
fn people_get_words_and_tables() {
    let dir = folder();
    let trained = lines(&train(
        dir.path(),
        ["--save", "m.safetensors", "--out", "run"],
    ))
    .join("\n");
    for words in [
        "epoch 2/2",
        "validation loss",
        "test loss",
        "model saved to m.safetensors",
        "recorded in run",
    ] {
        assert!(trained.contains(words), "{words}: {trained}");
    }
    let table = lines(&run(
        dir.path(),
        &["evaluate", "run/model.safetensors", "--data", "data"],
    ))
    .join("\n");
    assert!(
        table.contains("precision") && table.contains("predicted class"),
        "{table}"
    );
    write_png(&dir.path().join("a.png"), tiny::image(1, 7));
    let answer = lines(&run(dir.path(), &["predict", "m.safetensors", "a.png"]));
    assert!(
        answer.len() == 1 && answer[0].starts_with("a.png: "),
        "{answer:?}"
    );
}

#[test]
fn one_of_something_is_singular() {
    let dir = folder();
    let args = "train --data data --preset mlp --epochs 1 --no-record";
    let args: Vec<&str> = args.split(' ').collect();
    let trained = lines(&run(dir.path(), &args)).join("\n");
    assert!(trained.contains("completed after 1 epoch: "), "{trained}");
    assert!(trained.contains(" s of training, "), "{trained}");
}

#[test]
fn one_bad_picture_does_not_keep_the_others_from_their_answers() {
    let dir = folder();
    train(dir.path(), ["--save", "m.safetensors"]);
    write_png(&dir.path().join("a.png"), tiny::image(1, 7));
    fs::write(dir.path().join("b.png"), "no picture").unwrap();
    let output = run(
        dir.path(),
        &["predict", "m.safetensors", "b.png", "a.png", "--json"],
    );
    check_failure(&output, 1, "b.png");
    assert_eq!(text(&output.stdout).lines().count(), 1);
}

#[test]
fn presets_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let shown = lines(&run(dir.path(), &["presets"]));
    let told = json_lines(&run(dir.path(), &["presets", "--json"]));
    assert_eq!((shown.len(), told.len()), (PRESETS.len(), PRESETS.len()));
    for ((preset, shown), told) in PRESETS.iter().zip(shown).zip(told) {
        assert!(shown.starts_with(preset.name), "{shown}");
        assert_eq!(told["name"], preset.name);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["--help"][..], &["train", "--help"], &["--version"]] {
        assert!(!lines(&run(dir.path(), args)).is_empty());
    }
}

/// Both files, byte for byte.
fn assert_same_file(dir: &Path, a: impl AsRef<OsStr>, b: impl AsRef<OsStr>) {
    let read = |name: &OsStr| fs::read(dir.join(name)).unwrap();
    assert!(
        read(a.as_ref()) == read(b.as_ref()),
        "{:?} differs from {:?}",
        a.as_ref(),
        b.as_ref()
    );
}
