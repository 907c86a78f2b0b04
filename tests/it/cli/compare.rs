//! Comparing runs from the command line.

use super::{check_failure, folder, json_lines, lines, run, train};

/// Runs of two learning rates with three seeds each, in `slow-1` … `fast-3`.
fn runs(dir: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for (name, rate) in [("slow", "0.00001"), ("fast", "0.01")] {
        for seed in ["1", "2", "3"] {
            let out = format!("{name}-{seed}");
            let set = format!("learning_rate={rate}");
            train(
                dir,
                ["--out", &out, "--seed", seed, "--set", &set, "--json"],
            );
            names.push(out);
        }
    }
    names
}

#[test]
fn the_better_settings_are_named_with_the_images_and_the_reason() {
    let dir = folder();
    let names = runs(dir.path());
    let mut args = vec!["compare", "--images", "3"];
    args.extend(names.iter().map(String::as_str));
    let told = lines(&run(dir.path(), &args)).join("\n");
    assert!(told.contains(" is better than "), "{told}");
    assert!(
        told.contains("3 and 3 seeds") && told.contains("paired t test"),
        "{told}"
    );
    assert!(told.contains("On the same 61 images"), "{told}");
    assert_eq!(told.matches("test image ").count(), 3, "{told}");
    assert!(
        told.contains("importance for test accuracy over 6 runs"),
        "{told}"
    );

    args.push("--json");
    let told = json_lines(&run(dir.path(), &args));
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["verdict"], "better");
    assert_eq!(told[0]["seeds"]["method"], "paired");
    assert_eq!(told[0]["disagreements"].as_array().unwrap().len(), 3);
    let counts = &told[0]["images"][0];
    let sum: u64 = ["both", "only_baseline", "only_candidate", "neither"]
        .iter()
        .map(|name| counts[name].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 61);
    let keys = told[1]["importance"]["keys"].as_array().unwrap();
    assert_eq!(keys[0]["key"], "learning_rate");
}

#[test]
fn one_run_each_asks_for_more_seeds() {
    let dir = folder();
    train(dir.path(), ["--out", "a", "--json"]);
    train(
        dir.path(),
        ["--out", "b", "--set", "learning_rate=0.002", "--json"],
    );
    let told = lines(&run(dir.path(), &["compare", "a", "b"])).join("\n");
    assert!(
        told.contains("Not enough data") && told.contains("Train 2 more seeds of each"),
        "{told}"
    );
    train(dir.path(), ["--out", "c", "--seed", "2", "--json"]);
    let told = lines(&run(dir.path(), &["compare", "a", "c"])).join("\n");
    assert!(told.contains("the same settings"), "{told}");
}

/// What the table shows, `compare --metric` takes; earlier names are read too.
#[test]
fn metrics_are_named_as_in_the_table() {
    let dir = folder();
    train(dir.path(), ["--out", "a", "--json"]);
    train(dir.path(), ["--out", "b", "--seed", "2", "--json"]);
    let told = json_lines(&run(
        dir.path(),
        &["runs", "list", "--json", "--workspace", "."],
    ));
    let summary = |metric: &str, aggregate: &str| told[0]["summary"][metric][aggregate].clone();
    for (typed, name, expected) in [
        (
            "val_accuracy",
            "val_accuracy.best",
            summary("val_accuracy", "max"),
        ),
        (
            "val_acc.last",
            "val_accuracy.last",
            summary("val_accuracy", "last"),
        ),
        ("val_loss", "val_loss.best", summary("val_loss", "min")),
        (
            "train_loss.min",
            "train_loss.min",
            summary("train_loss", "min"),
        ),
        (
            "test_accuracy",
            "test_accuracy",
            summary("test_accuracy", "last"),
        ),
        (
            "best_validation",
            "val_accuracy.best",
            summary("val_accuracy", "max"),
        ),
        (
            "last_validation",
            "val_accuracy.last",
            summary("val_accuracy", "last"),
        ),
        (
            "validation_loss",
            "val_loss.last",
            summary("val_loss", "last"),
        ),
        (
            "train_secs",
            "train_seconds",
            summary("train_seconds", "last"),
        ),
    ] {
        let args = ["compare", "a", "b", "--metric", typed, "--json"];
        let told = json_lines(&run(dir.path(), &args));
        assert_eq!(told[0]["metric"], name, "{typed}");
        // Both runs are equal but for the time they took.
        let values = told[0]["baseline"]["values"].as_array().unwrap();
        assert!(values.contains(&expected), "{typed}: {values:?}");
    }
    let args = ["compare", "a", "b", "--metric", "val_accuracy"];
    let told = lines(&run(dir.path(), &args)).join("\n");
    assert!(told.contains("the same settings"), "{told}");
    // The number of updates is a column too, but no run is better by it.
    let args = ["compare", "a", "b", "--metric", "steps"];
    check_failure(&run(dir.path(), &args), 2, "val_accuracy, val_loss");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let dir = folder();
    train(dir.path(), ["--out", "a", "--json"]);
    check_failure(&run(dir.path(), &["compare", "a", "nowhere"]), 1, "nowhere");
    check_failure(&run(dir.path(), &["compare", "a"]), 2, "RUN");
    let args = ["compare", "a", "a", "--metric", "beauty"];
    check_failure(&run(dir.path(), &args), 2, "test_accuracy");

    std::fs::rename(dir.path().join("data"), dir.path().join("old")).unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    crate::support::tiny::write_folder(&dir.path().join("data"));
    let images = dir
        .path()
        .join("data")
        .join(crate::support::tiny::TRAIN_IMAGES);
    let mut bytes = std::fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&images, bytes).unwrap();
    train(dir.path(), ["--out", "b", "--json"]);
    check_failure(
        &run(dir.path(), &["compare", "a", "b"]),
        2,
        "different dataset",
    );
}

#[test]
fn runs_are_exported_as_tables_and_for_tensorboard() {
    let dir = folder();
    for (name, seed) in [("a", "1"), ("b", "2")] {
        train(dir.path(), ["--out", name, "--seed", seed, "--json"]);
    }
    let args = "runs export a b --csv runs.csv --jsonl runs.jsonl --tensorboard tb/all";
    let args: Vec<&str> = args.split(' ').collect();
    assert_eq!(lines(&run(dir.path(), &args)), ["2 runs exported"]);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    let table = read("runs.csv");
    assert_eq!(table.lines().count(), 3);
    let headings: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    for heading in [
        "id",
        "status",
        "parent",
        "learning_rate",
        "val_accuracy.best",
        "test_loss",
    ] {
        assert!(headings.contains(&heading), "{headings:?}");
    }
    let told: Vec<serde_json::Value> = read("runs.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(
        (&told[1]["id"], &told[1]["status"]),
        (&"b".into(), &"completed".into())
    );
    assert_eq!(told[1]["settings"]["seed"], 2.0);
    assert!(
        told[1]["metrics"]["val_loss.last"].is_f64(),
        "{}",
        told[1]["metrics"]
    );
    assert_eq!(told[0]["epochs"].as_array().unwrap().len(), 2);
    // Written again, the files are replaced: TensorBoard would show every point twice.
    let events = |run: &str| {
        let files = std::fs::read_dir(dir.path().join("tb/all").join(run)).unwrap();
        let files: Vec<_> = files.map(|f| f.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        std::fs::read(&files[0]).unwrap()
    };
    let first = events("a");
    lines(&run(dir.path(), &args));
    assert!(first == events("a") && first != events("b"));

    check_failure(
        &run(dir.path(), &["runs", "export", "a"]),
        2,
        "--tensorboard",
    );
    check_failure(
        &run(dir.path(), &["runs", "export", "nowhere", "--csv", "x.csv"]),
        1,
        "nowhere",
    );
    assert!(!dir.path().join("x.csv").exists());
}
