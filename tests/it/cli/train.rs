//! What `train` says, and what it keeps.

use candle_studio::data::{Framing, Recipe};
use candle_studio::model::{Classifier, Param};
use candle_studio::runs::{RunFolder, Status};
use candle_studio::train::Finish;

use super::{assert_same_file, check_failure, folder, json_lines, lines, run, text, train};
use crate::support::tiny;

#[test]
fn every_epoch_is_a_line_and_the_last_line_is_the_result() {
    let dir = folder();
    let args = ["--val", "40", "--threads", "2", "--seed", "9", "--json"];
    let lines = json_lines(&train(dir.path(), args));
    assert_eq!(lines.len(), 3);
    for (idx, line) in lines[..2].iter().enumerate() {
        assert_eq!(line["event"], "epoch");
        assert_eq!(line["epoch"], idx + 1);
        for field in [
            "train_loss",
            "train_accuracy",
            "val_loss",
            "val_accuracy",
            "epoch_seconds",
        ] {
            assert!(line[field].is_f64(), "{field}: {line}");
        }
    }
    let last = &lines[2];
    for field in [
        "test_accuracy",
        "test_loss",
        "val_accuracy",
        "train_seconds",
        "images_per_second",
    ] {
        assert!(last[field].is_f64(), "{field}: {last}");
    }
    assert_eq!(last["status"], "completed");
    assert_eq!(last["preset"], "mlp");
    assert_eq!(
        last["parameters"],
        144 * 256 + 256 + 256 * 128 + 128 + 128 * 4 + 4
    );
    assert_eq!(last["epoch_seconds"].as_array().unwrap().len(), 2);
    assert_eq!((&last["threads"], &last["seed"]), (&2.into(), &9.into()));
    assert_eq!(last["val_accuracy"], lines[1]["val_accuracy"]);
    assert!(last["test_accuracy"].as_f64().unwrap() > 0.9, "{last}");
}

#[test]
fn private_training_says_what_it_promises_and_spends_it() {
    let dir = folder();
    let args = [
        "--noise-multiplier",
        "2",
        "--max-grad-norm",
        "0.5",
        "--json",
    ];
    let output = train(dir.path(), args);
    let told = text(&output.stderr).to_owned();
    let stdout = text(&output.stdout).lines();
    let lines: Vec<serde_json::Value> = stdout
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let epsilon = |line: &serde_json::Value| line["epsilon"].as_f64().unwrap();
    let (first, last) = (epsilon(&lines[0]), epsilon(&lines[1]));
    assert!(first < last);
    let promise = format!("private training: ε = {last:.2} at δ = 1e-5 after 2 epochs");
    assert!(told.contains(&promise), "{told}");
    assert!(told.contains("whoever guesses the seed 1"), "{told}");

    let output = train(dir.path(), ["--delta", "1e-6", "--noise-multiplier", "1"]);
    let printed = text(&output.stdout);
    let first = printed.lines().next().unwrap();
    assert!(first.contains("  ε "), "{printed}");
    let output = run(
        dir.path(),
        &[
            "train",
            "--data",
            "data",
            "--preset",
            "resnet-small",
            "--delta",
            "1e-5",
        ],
    );
    check_failure(&output, 2, "use layer norm instead");
    let output = train(dir.path(), ["--noise-multiplier", "0"]);
    check_failure(&output, 2, "noise multiplier");
    let output = run(
        dir.path(),
        &["lr-find", "--data", "data", "--set", "privacy=dp_sgd"],
    );
    check_failure(&output, 1, "turn private training off");
}

#[test]
fn without_validation_its_numbers_are_null() {
    let lines = json_lines(&train(folder().path(), ["--val", "0", "--json"]));
    assert!(lines[0]["val_loss"].is_null() && lines[2]["val_accuracy"].is_null());
}

#[test]
fn the_seed_decides_every_bit_and_the_threads_none() {
    let dir = folder();
    let model = |name: &str, seed, threads| {
        let file = format!("{name}.safetensors");
        // 17 leaves an uneven last batch.
        let args = [
            "--preset",
            "keras-cnn",
            "--batch-size",
            "17",
            "--seed",
            seed,
            "--threads",
            threads,
        ];
        let train = [
            "train", "--data", "data", "--epochs", "1", "--json", "--save", &file,
        ];
        json_lines(&run(dir.path(), &[&train[..], &args].concat()));
    };
    model("a", "5", "1");
    model("b", "5", "1");
    model("c", "5", "2");
    model("d", "5", "3");
    model("e", "6", "1");
    for other in ["b", "c", "d"] {
        assert_same_file(dir.path(), "a.safetensors", format!("{other}.safetensors"));
    }
    let bytes = |name: &str| {
        Classifier::load(&dir.path().join(name))
            .unwrap()
            .to_bytes()
            .unwrap()
    };
    assert_ne!(bytes("a.safetensors"), bytes("e.safetensors"));
}

#[test]
fn sgd_brings_its_own_learning_rate_unless_told() {
    let dir = folder();
    let mut n_runs = 0;
    let mut config = |more: &[&str]| {
        n_runs += 1;
        let run_dir = format!("run{n_runs}");
        let args = [
            "train", "--data", "data", "--epochs", "1", "--out", &run_dir,
        ];
        lines(&run(dir.path(), &[&args[..], more].concat()));
        let folder = RunFolder::open(&dir.path().join(run_dir)).unwrap();
        folder.manifest().config.clone()
    };
    assert_eq!(config(&[]).learning_rate, 1e-3);
    assert_eq!(config(&["--optimizer", "sgd"]).learning_rate, 0.05);
    assert_eq!(
        config(&["--optimizer", "sgd", "--lr", "0.01"]).learning_rate,
        0.01
    );
    // A preset with a recipe of its own keeps it where nothing else is asked for.
    let fast = config(&["--preset", "fast"]);
    assert_eq!(config(&["--preset", "fast", "--optimizer", "adam"]), fast);
    assert_eq!(fast.batch_size, 128);
    assert_eq!(
        config(&["--preset", "fast", "--batch-size", "8"]).schedule,
        fast.schedule
    );
}

#[test]
fn a_run_folder_tells_the_whole_run_and_is_never_overwritten() {
    let dir = folder();
    let lines = json_lines(&train(
        dir.path(),
        ["--out", "runs/one", "--save", "m.safetensors", "--json"],
    ));
    let last = &lines[2];
    assert_eq!(
        (&last["run"], &last["saved"]),
        (&"runs/one".into(), &"m.safetensors".into())
    );
    assert_same_file(dir.path(), "m.safetensors", "runs/one/model.safetensors");

    let folder = RunFolder::open(&dir.path().join("runs/one")).unwrap();
    assert_eq!(folder.manifest().name, "one");
    assert_eq!(folder.manifest().data.name, "data");
    // Bars that reach the edges are not centered like MNIST.
    let fitted = Some(Recipe::new(Framing::Fit));
    assert_eq!(folder.manifest().data.recipe, fitted);
    let state = folder.replay().unwrap();
    assert_eq!(state.status, Status::Finished(Finish::Completed));
    assert_eq!(state.epochs.len(), 2);
    let n_batches = (tiny::N_TRAIN - tiny::N_TRAIN / 12).div_ceil(32);
    assert_eq!(state.points.len(), 2 * n_batches);
    assert_eq!(last["test_accuracy"], state.test.unwrap().accuracy);
    let summary = folder.summary().unwrap().unwrap();
    assert_eq!(last["epoch_seconds"], serde_json::json!(summary.epoch_secs));

    let again = train(dir.path(), ["--out", "runs/one", "--json"]);
    check_failure(&again, 1, "already holds a run");
    assert_eq!(text(&again.stdout), "");
    assert_eq!(folder.replay().unwrap(), state);
}

#[test]
fn a_model_is_fine_tuned_with_frozen_layers() {
    let dir = folder();
    let tune = |args: &[&str]| {
        let all = [
            &[
                "train",
                "--data",
                "data",
                "--batch-size",
                "8",
                "--epochs",
                "2",
                "--json",
            ],
            args,
        ];
        run(dir.path(), &all.concat())
    };
    json_lines(&tune(&[
        "--preset",
        "mlp",
        "--save",
        "a.safetensors",
        "--no-record",
    ]));
    let args = [
        "--from",
        "a.safetensors",
        "--freeze",
        "body",
        "--out",
        "tuned",
    ];
    json_lines(&tune(&args));
    let folder = RunFolder::open(&dir.path().join("tuned")).unwrap();
    let config = &folder.manifest().config;
    assert_eq!(
        (&*config.preset, &config.freeze),
        ("mlp", &vec!["body".to_owned()])
    );
    assert!(
        config
            .start
            .as_ref()
            .unwrap()
            .model
            .ends_with("a.safetensors")
    );
    let model = |path: &str| Classifier::load(&dir.path().join(path)).unwrap();
    let (before, after) = (model("a.safetensors"), model("tuned/model.safetensors"));
    let bits = |p: &Param| -> Vec<f32> {
        p.to_pytorch()
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap()
    };
    let head = format!("{}.", before.network.spec().head().unwrap());
    for (before, after) in before.network.params().iter().zip(after.network.params()) {
        let is_head = before.name.starts_with(&head);
        assert_eq!(bits(before) != bits(after), is_head, "{}", before.name);
    }

    // From a run, with another learning rate for what comes before the head.
    json_lines(&tune(&[
        "--from",
        "tuned",
        "--lr-scale",
        "body=0.1",
        "--out",
        "again",
    ]));
    let output = tune(&[
        "--from",
        "a.safetensors",
        "--freeze",
        "conv*",
        "--no-record",
    ]);
    check_failure(&output, 2, "no layer matches `conv*`; the layers are");
    let output = tune(&[
        "--from",
        "a.safetensors",
        "--lr-scale",
        "body",
        "--no-record",
    ]);
    check_failure(&output, 2, "--lr-scale expects LAYERS=FACTOR");
    let output = tune(&["--from", "nothing.safetensors", "--no-record"]);
    check_failure(&output, 1, "nothing.safetensors");
    let output = tune(&["--from", "a.safetensors", "--preset", "mlp"]);
    check_failure(&output, 2, "--from");

    // A run that starts over begins with its own copy of the model.
    let tuned = dir.path().join("tuned");
    std::fs::remove_dir_all(tuned.join("checkpoints")).unwrap();
    for file in ["summary.json", "model.safetensors"] {
        std::fs::remove_file(tuned.join(file)).unwrap();
    }
    std::fs::remove_file(dir.path().join("a.safetensors")).unwrap();
    let output = run(dir.path(), &["train", "--resume", "tuned"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let again = model("tuned/model.safetensors");
    for (first, again) in after.network.params().iter().zip(again.network.params()) {
        assert_eq!(bits(first), bits(again), "{}", first.name);
    }
}
