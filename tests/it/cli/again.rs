//! Extending runs, branching off them, and finding a learning rate, from the command line.

use std::fs;

use super::{check_failure, folder, json_lines, lines, run, text};
use candle_studio::runs::RunFolder;
use serde_json::Value;

const TRAIN: [&str; 8] = [
    "train",
    "--preset",
    "mlp",
    "--data",
    "data",
    "--batch-size",
    "8",
    "--json",
];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&TRAIN[..], args].concat()
}

#[test]
fn an_extended_run_is_the_run_it_would_have_been() {
    let dir = folder();
    let long = run(dir.path(), &with(&["--epochs", "5", "--out", "long"]));
    let long = json_lines(&long).pop().unwrap();
    json_lines(&run(
        dir.path(),
        &with(&["--epochs", "3", "--out", "short"]),
    ));
    let args = ["train", "--resume", "short", "--extend", "2", "--json"];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let end: Value = text(&output.stdout)
        .lines()
        .last()
        .map(|l| serde_json::from_str(l).unwrap())
        .unwrap();
    for key in ["test_accuracy", "test_loss", "val_loss", "epochs"] {
        assert_eq!(end[key], long[key], "{key}");
    }
    let model = |run: &str| fs::read(dir.path().join(run).join("model.safetensors")).unwrap();
    let weights = |run: &str| {
        let bytes = model(run);
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[8 + length..].to_vec()
    };
    assert!(weights("short") == weights("long"));
    let state = RunFolder::open(&dir.path().join("short"))
        .unwrap()
        .replay()
        .unwrap();
    assert_eq!((state.epochs.len(), state.config.epochs), (5, 5));
    let output = run(dir.path(), &with(&["--extend", "2"]));
    check_failure(&output, 2, "--resume");
    let output = run(dir.path(), &["train", "--resume", "short", "--extend", "0"]);
    check_failure(&output, 2, "--extend");
    for n in ["10000000000", "18446744073709551615"] {
        let output = run(dir.path(), &["train", "--resume", "short", "--extend", n]);
        check_failure(&output, 2, "epochs: must be from 1 to 1000000000");
        let output = run(dir.path(), &with(&["--epochs", n]));
        check_failure(&output, 2, "epochs: must be from 1 to 1000000000");
    }
    let after = RunFolder::open(&dir.path().join("short")).unwrap().replay();
    assert_eq!(after.unwrap(), state, "a refused extension changes nothing");
}

#[test]
fn a_branch_goes_on_with_other_settings_and_names_its_parent() {
    let dir = folder();
    let every = ["--checkpoint-every", "30", "--checkpoint-keep", "20"];
    let parent = [&with(&["--epochs", "4", "--out", "parent"])[..], &every].concat();
    let whole = json_lines(&run(dir.path(), &parent)).pop().unwrap();
    let branch = |origin: &str, out: &str, more: &[&str]| {
        let args = ["train", "--json", "--branch", origin, "--out", out];
        run(dir.path(), &[&args[..], more].concat())
    };
    let twin = json_lines(&branch("parent@60", "twin", &[])).pop().unwrap();
    for key in ["test_accuracy", "test_loss", "val_loss", "epochs"] {
        assert_eq!(twin[key], whole[key], "{key}");
    }
    let folder = RunFolder::open(&dir.path().join("twin")).unwrap();
    let origin = folder.manifest().parent.clone().unwrap();
    assert_eq!((origin.run.as_str(), origin.step), ("parent", 60));
    let steps = |run: &str| -> Vec<(u64, u64)> {
        let state = RunFolder::open(&dir.path().join(run))
            .unwrap()
            .replay()
            .unwrap();
        state
            .points
            .iter()
            .map(|p| (p.step, p.loss.to_bits()))
            .collect()
    };
    assert_eq!(steps("twin"), steps("parent")[59..], "from update 60 on");

    json_lines(&branch(
        "parent@60",
        "child",
        &["--lr", "0.05", "--set", "epochs=3"],
    ));
    let (child, parent) = (steps("child"), steps("parent"));
    assert_eq!(child[..2], parent[59..61]);
    assert_ne!(child[2..10], parent[61..69]);
    assert_eq!(child.len() + 59, 3 * parent.len() / 4);

    let output = branch("parent@7", "x", &[]);
    check_failure(
        &output,
        1,
        "no checkpoint of update 7: there are 24, 30, 48, 60",
    );
    let best = json_lines(&branch("parent@best", "best", &[]))
        .pop()
        .unwrap();
    assert_eq!(best["test_loss"], whole["test_loss"]);
    check_failure(&branch("parent", "x", &[]), 2, "RUN@STEP");
    check_failure(&branch("parent@60", "x", &["--set", "seed=2"]), 2, "seed");
    check_failure(&branch("parent@60", "child", &[]), 1, "already holds a run");
    assert!(!dir.path().join("x").exists());

    // A run that goes on keeps as many as somebody once asked for.
    let kept = |run: &str| {
        RunFolder::open(&dir.path().join(run))
            .unwrap()
            .checkpoint_steps()
    };
    let before = kept("parent").unwrap();
    json_lines(&run(
        dir.path(),
        &["train", "--json", "--resume", "parent", "--extend", "1"],
    ));
    let after = kept("parent").unwrap();
    assert!(
        before.len() > 3 && after.starts_with(&before) && after.len() == before.len() + 1,
        "{before:?} {after:?}"
    );
}

#[test]
fn a_learning_rate_is_found_and_nothing_is_kept() {
    let dir = folder();
    let find = [
        "lr-find",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--batch-size",
        "8",
    ];
    let before = fs::read_dir(dir.path()).unwrap().count();
    let printed = lines(&run(dir.path(), &find));
    assert!(printed[0].starts_with("steepest descent"), "{printed:?}");
    assert!(
        printed[3].contains("the weights were discarded"),
        "{printed:?}"
    );
    let json = json_lines(&run(dir.path(), &[&find[..], &["--json"]].concat()));
    let curve = &json[0];
    let points = curve["points"].as_array().unwrap();
    assert!(points.len() > 50, "{}", points.len());
    let rates: Vec<f64> = points.iter().map(|p| p["rate"].as_f64().unwrap()).collect();
    assert!(rates.is_sorted() && rates[0] == 1e-6);
    let steepest = curve["suggestions"]["steepest"].as_f64().unwrap();
    assert!((1e-5..1.0).contains(&steepest), "{steepest}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before);
    let output = run(
        dir.path(),
        &[&find[..], &["--from", "1", "--to", "0.1"]].concat(),
    );
    check_failure(&output, 2, "rise by a finite factor");
}
