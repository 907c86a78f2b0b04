//! `evaluate`: its numbers, splits, predictions and temperature.

use std::fs;
use std::path::Path;
use std::time::Instant;

use candle_studio::model::Classifier;
use serde_json::Value;

use super::{check_failure, folder, json_lines, lines, run, train, write_png};
use crate::support::tiny::{self, CLASSES, N_TEST, N_TRAIN};

/// A folder with the tiny dataset and `m.safetensors`, trained so little that some of its answers
/// are wrong.
fn trained() -> tempfile::TempDir {
    let dir = folder();
    let args = "--val 40 --lr 0.0001 --save m.safetensors --no-record --json";
    json_lines(&train(dir.path(), args.split(' ')));
    dir
}

/// The line of `evaluate`, without the one number that is another each time.
fn evaluate(dir: &Path, more: &[&str]) -> Value {
    let args = ["evaluate", "m.safetensors", "--data", "data", "--json"];
    let start = Instant::now();
    let mut told = json_lines(&run(dir, &[&args, more].concat()));
    assert_eq!(told.len(), 1);
    let mut line = told.remove(0);
    let seconds = number(&line, "seconds");
    assert!(0.0 < seconds && seconds < start.elapsed().as_secs_f64());
    line.as_object_mut().unwrap().remove("seconds");
    line
}

fn number(line: &Value, key: &str) -> f64 {
    line[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no {key} in {line}"))
}

/// The rows of `p.csv`, without the heading.
fn rows(dir: &Path) -> Vec<Vec<String>> {
    let table = fs::read_to_string(dir.join("p.csv")).unwrap();
    let mut rows = table
        .lines()
        .map(|l| l.split(',').map(str::to_owned).collect());
    let heading: Vec<String> = rows.next().unwrap();
    assert_eq!(heading.join(","), "index,label,answer,loss,0,1,2,3");
    rows.collect()
}

#[test]
fn each_pass_of_a_benchmark_tells_the_same_numbers() {
    let dir = trained();
    let args = ["evaluate", "m.safetensors", "--data", "data", "--json"];
    let told = json_lines(&run(dir.path(), &[&args[..], &["--passes", "3"]].concat()));
    let alone = evaluate(dir.path(), &[]);
    assert_eq!(told.len(), 3);
    for mut line in told {
        line.as_object_mut().unwrap().remove("seconds");
        assert_eq!(line, alone);
    }
}

#[test]
fn the_numbers_of_evaluate_agree_with_each_other() {
    let dir = trained();
    let told = evaluate(dir.path(), &[]);
    assert_eq!(told["split"], "test");
    let accuracy = number(&told, "test_accuracy");
    assert!((0.3..1.0).contains(&accuracy), "{accuracy}");
    let interval: [f64; 2] = serde_json::from_value(told["accuracy_interval"].clone()).unwrap();
    assert!(
        interval[0] < accuracy && accuracy < interval[1],
        "{interval:?}"
    );
    let confusion: Vec<Vec<u64>> = serde_json::from_value(told["confusion"].clone()).unwrap();
    let n_right: u64 = (0..CLASSES).map(|c| confusion[c][c]).sum();
    assert_eq!(confusion.iter().flatten().sum::<u64>(), N_TEST as u64);
    assert_eq!(n_right as f64 / N_TEST as f64, accuracy);
    let of_classes = |key: &str| -> Vec<f64> {
        let classes = told["per_class"].as_array().unwrap();
        classes.iter().map(|class| number(class, key)).collect()
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / CLASSES as f64;
    assert!((number(&told, "balanced_accuracy") - mean(of_classes("recall"))).abs() < 1e-12);
    assert!((number(&told, "macro_f1") - mean(of_classes("f1"))).abs() < 1e-12);
    let weighted = of_classes("f1")
        .iter()
        .zip(of_classes("support"))
        .map(|(f1, n)| f1 * n)
        .sum::<f64>();
    assert!((number(&told, "weighted_f1") - weighted / N_TEST as f64).abs() < 1e-12);
    assert_eq!(number(&told["top_k"], "1"), accuracy);
    assert!(number(&told["top_k"], "2") >= accuracy);
    assert!(number(&told, "mce") >= number(&told, "ece"));
    assert!((0.0..2.0).contains(&number(&told, "brier")));
    assert!(told["temperature"].is_null() && told["before_temperature"].is_null());
}

#[test]
fn predictions_are_a_table_that_gives_the_same_numbers() {
    let dir = trained();
    let told = evaluate(dir.path(), &["--predictions", "p.csv"]);
    let rows = rows(dir.path());
    assert_eq!(rows.len(), N_TEST);
    let (mut n_right, mut loss, mut brier) = (0, 0.0, 0.0);
    for (idx, row) in rows.iter().enumerate() {
        assert_eq!(row[0], idx.to_string());
        assert_eq!(row[1], (idx % CLASSES).to_string());
        n_right += usize::from(row[1] == row[2]);
        loss += row[3].parse::<f64>().unwrap();
        let p: Vec<f32> = row[4..].iter().map(|p| p.parse().unwrap()).collect();
        let most = p.iter().copied().fold(0.0, f32::max);
        assert_eq!(p[row[2].parse::<usize>().unwrap()], most);
        for (class, p) in p.iter().enumerate() {
            let target = f64::from(u8::from(class == idx % CLASSES));
            brier += (f64::from(*p) - target).powi(2);
        }
    }
    let n = N_TEST as f64;
    assert_eq!(n_right as f64 / n, number(&told, "test_accuracy"));
    assert!((loss / n - number(&told, "test_loss")).abs() < 1e-6);
    assert!((brier / n - number(&told, "brier")).abs() < 1e-12);
}

#[test]
fn a_split_has_the_images_that_training_gave_it() {
    let dir = trained();
    let mut seen = Vec::new();
    for (split, n) in [("train", N_TRAIN - 40), ("validation", 40)] {
        let told = evaluate(dir.path(), &["--split", split, "--predictions", "p.csv"]);
        assert_eq!(told["split"], split);
        assert_eq!(told["n_images"], n);
        let indices: Vec<usize> = rows(dir.path())
            .iter()
            .map(|r| r[0].parse().unwrap())
            .collect();
        assert!(indices.is_sorted());
        seen.extend(indices);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..N_TRAIN).collect::<Vec<_>>());
    let output = run(
        dir.path(),
        &[
            "evaluate",
            "m.safetensors",
            "--data",
            "data",
            "--split",
            "validation",
        ],
    );
    assert!(lines(&output)[0].contains("40 validation images"));
}

#[test]
fn validation_loss_is_that_of_the_last_epoch() {
    let dir = folder();
    let args = ["--val", "40", "--save", "m.safetensors", "--json"];
    let epochs = json_lines(&train(dir.path(), args));
    let last = epochs.iter().rfind(|l| l["val_loss"].is_f64()).unwrap();
    let told = evaluate(dir.path(), &["--split", "validation"]);
    assert_eq!(told["test_loss"], last["val_loss"]);
    assert_eq!(told["test_accuracy"], last["val_accuracy"]);
}

#[test]
fn a_temperature_lowers_the_loss_of_validation_and_changes_no_answer() {
    let dir = trained();
    let args = ["--split", "validation", "--predictions", "p.csv"];
    let before = evaluate(dir.path(), &args);
    let answers = |rows: Vec<Vec<String>>| -> Vec<String> {
        rows.into_iter().map(|r| r[2].clone()).collect()
    };
    let answers_before = answers(rows(dir.path()));
    write_png(&dir.path().join("a.png"), tiny::image(1, 7));
    let predict = || {
        json_lines(&run(
            dir.path(),
            &["predict", "m.safetensors", "a.png", "--json"],
        ))
        .remove(0)
    };
    let predicted_before = predict();

    let fitted = evaluate(dir.path(), &[&args[..], &["--fit-temperature"]].concat());
    let temperature = number(&fitted, "temperature");
    assert!(
        number(&fitted, "test_loss") < number(&before, "test_loss"),
        "{fitted}"
    );
    assert_eq!(fitted["confusion"], before["confusion"]);
    assert_eq!(answers(rows(dir.path())), answers_before);
    let was = &fitted["before_temperature"];
    assert!((number(was, "test_loss") - number(&before, "test_loss")).abs() < 1e-6);
    for key in ["brier", "ece", "mce"] {
        assert_eq!(was[key], before[key], "{key}");
    }

    // It is kept as metadata, and used by everything that shows a probability.
    let model = Classifier::load(&dir.path().join("m.safetensors")).unwrap();
    assert_eq!(model.provenance.temperature, Some(temperature));
    assert_eq!(evaluate(dir.path(), &args), fitted);
    let predicted = predict();
    assert_eq!(predicted["class"], predicted_before["class"]);
    let ratio = |line: &Value| {
        let p: Vec<f64> = serde_json::from_value(line["probabilities"].clone()).unwrap();
        (p[0] / p[1]).ln()
    };
    let scaled = ratio(&predicted_before) / temperature;
    assert!((ratio(&predicted) - scaled).abs() < 1e-3, "{predicted}");

    // Once more finds the same: a temperature that was kept takes no part.
    let again = evaluate(dir.path(), &["--fit-temperature"]);
    assert_eq!(again["temperature"], fitted["temperature"]);
    let said = lines(&run(
        dir.path(),
        &[
            "evaluate",
            "m.safetensors",
            "--data",
            "data",
            "--fit-temperature",
        ],
    ));
    assert!(
        said[0].contains("fitted on 40 validation images"),
        "{said:?}"
    );
    assert!(
        said.iter().any(|line| line.contains("at temperature")),
        "{said:?}"
    );
}

#[test]
fn what_cannot_be_evaluated_is_said_in_a_sentence() {
    let dir = folder();
    let args = [
        "--val",
        "0",
        "--save",
        "m.safetensors",
        "--no-record",
        "--json",
    ];
    json_lines(&train(dir.path(), args));
    let bytes = fs::read(dir.path().join("m.safetensors")).unwrap();
    let fails = |more: &[&str], code: i32, words: &str| {
        let args = ["evaluate", "m.safetensors", "--data", "data"];
        check_failure(&run(dir.path(), &[&args, more].concat()), code, words);
    };
    fails(
        &["--split", "val"],
        2,
        "possible values: train, validation, test",
    );
    fails(
        &["--split", "validation"],
        1,
        "trained without validation images",
    );
    fails(
        &["--fit-temperature"],
        1,
        "trained without validation images",
    );
    fails(&["--predictions", "none/p.csv"], 1, "none");
    assert!(bytes == fs::read(dir.path().join("m.safetensors")).unwrap());

    let path = dir.path().join("m.safetensors");
    let mut foreign = Classifier::load(&path).unwrap();
    foreign.provenance.config = Value::Null;
    foreign.save(&path).unwrap();
    fails(
        &["--split", "validation"],
        1,
        "does not say which training images",
    );
    assert_eq!(
        evaluate(dir.path(), &["--split", "train"])["n_images"],
        N_TRAIN
    );
    foreign.provenance.temperature = Some(0.0);
    foreign.save(&path).unwrap();
    fails(&[], 1, "its temperature is 0, but must be from 0.01 to 100");
}

#[test]
fn a_class_name_is_the_label_the_answer_and_the_column() {
    let dir = trained();
    let path = dir.path().join("m.safetensors");
    let mut model = Classifier::load(&path).unwrap();
    model.classes = ["a, b", "c", "d", "e"].map(str::to_owned).to_vec();
    model.save(&path).unwrap();
    evaluate(dir.path(), &["--predictions", "p.csv"]);
    let table = fs::read_to_string(dir.path().join("p.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("index,label,answer,loss,\"a, b\",c,d,e"));
    assert!(lines.next().unwrap().starts_with("0,\"a, b\","));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let dir = trained();
    let of_threads = |n: &str| {
        let told = evaluate(dir.path(), &["--predictions", "p.csv", "--threads", n]);
        let table = fs::read_to_string(dir.path().join("p.csv")).unwrap();
        (told, table)
    };
    assert_eq!(of_threads("1"), of_threads("3"));
}
