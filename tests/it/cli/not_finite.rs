//! A model whose weights have diverged: its outputs are NaN or infinite, and no answer is made of
//! them. All weights are finite themselves, so the file opens.

use std::fs;
use std::path::Path;

use candle_core::Tensor;
use candle_studio::model::Classifier;
use serde_json::Value;

use super::{check_failure, folder, json_lines, run, text, write_png};
use crate::support::tiny::{self, N_TEST, SIDE, TEST_IMAGES, idx};

/// Trains a softmax regression for a moment.
fn train(dir: &Path, more: &[&str]) {
    let args = [
        "train", "--data", "data", "--preset", "softmax", "--epochs", "1", "--json",
    ];
    json_lines(&run(dir, &[&args, more].concat()));
}

/// Saves a softmax regression as `name` that overflows for images which are bright around row 5,
/// columns 1 to 3.
pub(super) fn diverged_model(dir: &Path, name: &str) {
    train(dir, &["--save", name]);
    let path = dir.join(name);
    let model = Classifier::load(&path).unwrap();
    let weight = &model.network.params()[0].var;
    let mut values = vec![0.0; SIDE * SIDE * tiny::CLASSES];
    for (y, x) in (4..9).flat_map(|y| (1..4).map(move |x| (y, x))) {
        let at = (y * SIDE + x) * tiny::CLASSES;
        values[at..at + tiny::CLASSES].fill(f32::MAX);
    }
    weight
        .set(&Tensor::from_vec(values, weight.dims(), weight.device()).unwrap())
        .unwrap();
    model.save(&path).unwrap();
}

/// A bar across the picture, or down.
fn write_bar(path: &Path, is_across: bool) {
    let is_ink = |i: usize| {
        let (along, over) = match is_across {
            true => (i % SIDE, i / SIDE),
            false => (i / SIDE, i % SIDE),
        };
        (1..11).contains(&along) && (5..7).contains(&over)
    };
    let pixel = |i| if is_ink(i) { 255 } else { 0 };
    write_png(path, (0..SIDE * SIDE).map(pixel).collect());
}

#[test]
fn predict_makes_no_answer_of_infinity_and_still_answers_the_others() {
    let dir = folder();
    diverged_model(dir.path(), "m");
    write_bar(&dir.path().join("across.png"), true);
    write_bar(&dir.path().join("down.png"), false);
    for json in [&[][..], &["--json"]] {
        let args = ["predict", "m", "across.png", "down.png"];
        let args: Vec<&str> = args.iter().chain(json).copied().collect();
        let output = run(dir.path(), &args);
        check_failure(
            &output,
            1,
            "across.png: the network's output for this image is infinite",
        );
        let answers = text(&output.stdout);
        assert_eq!(answers.lines().count(), 1, "{answers}");
        assert!(answers.contains("down.png"), "{answers}");
        assert!(
            !answers.contains("NaN") && !answers.contains("null"),
            "{answers}"
        );
    }
}

#[test]
fn explain_makes_no_map_of_infinity() {
    let dir = folder();
    diverged_model(dir.path(), "m");
    write_bar(&dir.path().join("across.png"), true);
    let output = run(
        dir.path(),
        &["explain", "m", "across.png", "--out", "a.npy"],
    );
    check_failure(&output, 1, "its weights may have diverged");
    assert!(!dir.path().join("a.npy").exists());
}

#[test]
fn evaluate_counts_what_is_not_finite_as_wrong_and_fails() {
    let dir = folder();
    diverged_model(dir.path(), "m");
    // Half of the images are black: for those the output is finite.
    let black = N_TEST / 2;
    let mut pixels = vec![0; N_TEST * SIDE * SIDE];
    pixels[black * SIDE * SIDE..].fill(255);
    let file = dir.path().join("data").join(TEST_IMAGES);
    fs::write(file, idx(&[N_TEST, SIDE, SIDE], &pixels)).unwrap();
    let words = format!(
        "NaN or infinite for {} of {N_TEST} test images",
        N_TEST - black
    );

    let output = run(dir.path(), &["evaluate", "m", "--data", "data", "--json"]);
    check_failure(&output, 1, &words);
    let line: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!(line["n_not_finite"], N_TEST - black);
    let confusion = line["confusion"].as_array().unwrap().iter();
    let cells = confusion.flat_map(|row| row.as_array().unwrap());
    let n_answers: u64 = cells.map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(n_answers, black as u64);
    // All black images get the same class, which is right for a quarter of them.
    let accuracy = line["test_accuracy"].as_f64().unwrap();
    assert!(
        accuracy <= black.div_ceil(tiny::CLASSES) as f64 / N_TEST as f64,
        "{accuracy}"
    );
    let support = line["per_class"].as_array().unwrap().iter();
    let support: u64 = support.map(|c| c["support"].as_u64().unwrap()).sum();
    assert_eq!(support, N_TEST as u64);

    let output = run(dir.path(), &["evaluate", "m", "--data", "data"]);
    check_failure(&output, 1, &words);
}

#[test]
fn compare_says_which_model_gave_no_numbers() {
    let dir = folder();
    for (name, seed) in [("a", "1"), ("b", "2")] {
        train(dir.path(), &["--seed", seed, "--out", name]);
    }
    diverged_model(dir.path(), "m");
    fs::copy(dir.path().join("m"), dir.path().join("b/model.safetensors")).unwrap();
    let output = run(dir.path(), &["compare", "a", "b", "--data", "data"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("b/model.safetensors: the network's output is NaN"),
        "{message}"
    );
    assert!(
        !text(&output.stdout).contains("NaN %"),
        "{}",
        text(&output.stdout)
    );
}
