//! Every access to a file fails once, whole or half-way: nothing that was acknowledged is lost, and
//! nothing is called saved that is not.

use std::fs;
use std::path::Path;
use std::process::Output;

use candle_studio::model::Classifier;
use serde_json::Value;

use super::{command, folder, lines, run, text};

const TRAIN: &str =
    "train --data data --preset softmax --epochs 2 --batch-size 32 --checkpoint-every 4 --json";

/// Trains with a fault at this access; rescued files go to `tmp`.
fn train(dir: &Path, more: &str, fault: Option<&str>) -> Output {
    let mut train = command(dir);
    train.args(TRAIN.split(' ')).args(more.split(' '));
    if let Some(fault) = fault {
        train.env("CANDLE_STUDIO_FAULT", fault);
    }
    train.env("TMPDIR", dir.join("tmp")).output().unwrap()
}

fn weights(file: &Path) -> Vec<u8> {
    Classifier::load(file).unwrap().to_bytes().unwrap()
}

/// Checks what one training with a fault has left, against the model it should have made.
fn check(dir: &Path, fault: &str, output: &Output, whole: &[u8]) {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(!stderr.contains("panicked"), "{fault}: {stderr}");
    let last = stdout
        .lines()
        .last()
        .map(|l| serde_json::from_str(l).unwrap());
    let last: Value = last.unwrap_or_default();
    let (saved, kept) = (dir.join("m"), dir.join("w/run"));
    if last["saved"].is_null() {
        assert!(!saved.exists(), "{fault}: half a save");
    } else {
        assert!(weights(&saved) == whole, "{fault}: other bits were saved");
    }
    if !last["run"].is_null() {
        assert!(weights(&kept.join("model.safetensors")) == whole, "{fault}");
    }
    let is_clean = stderr.is_empty();
    let code = output.status.code();
    assert_eq!(code, Some(i32::from(!is_whole(&last))), "{fault}: {stderr}");
    assert!(
        is_clean || stderr.contains("no space left"),
        "{fault}: {stderr}"
    );
    if is_whole(&last) {
        lines(&run(dir, &["runs", "--workspace", "w", "check"]));
    }
    // Whatever failed: the same command, or resuming, ends as if nothing had.
    let again = if kept.join("run.toml").exists() {
        let resume = ["train", "--resume", "w/run", "--json", "--save", "m"];
        run(dir, &resume)
    } else {
        train(dir, "--out w/run --save m", None)
    };
    assert_eq!(again.status.code(), Some(0), "{fault}: {again:?}");
    assert!(
        weights(&saved) == whole,
        "{fault}: other bits after resuming"
    );
    assert!(weights(&kept.join("model.safetensors")) == whole, "{fault}");
    check_rescued(dir, fault, stderr, whole);
}

/// Whether both the model and the run were said to be on disk.
fn is_whole(last: &Value) -> bool {
    !last["saved"].is_null() && !last["run"].is_null()
}

/// Uses what was rescued as the message says.
fn check_rescued(dir: &Path, fault: &str, message: &str, whole: &[u8]) {
    for path in message.split("candle-studio evaluate ").skip(1) {
        let path = Path::new(path.split('`').next().unwrap());
        let file = path.join("model.safetensors");
        let file = if file.exists() { file } else { path.to_owned() };
        assert!(weights(&file) == whole, "{fault}: other bits were rescued");
    }
    for path in message.split("train --resume ").skip(1) {
        let path = path.split('`').next().unwrap();
        let resumed = run(dir, &["train", "--resume", path, "--json"]);
        assert_eq!(resumed.status.code(), Some(0), "{fault}: {resumed:?}");
        assert!(
            weights(&Path::new(path).join("model.safetensors")) == whole,
            "{fault}"
        );
    }
}

#[test]
fn whichever_access_to_a_file_fails_nothing_is_lost_and_nothing_called_saved() {
    let reference = folder();
    fs::create_dir(reference.path().join("tmp")).unwrap();
    let more = "--out w/run --save m";
    assert!(train(reference.path(), more, None).status.success());
    let whole = weights(&reference.path().join("m"));
    for half in ["", " half"] {
        let mut number = 1;
        loop {
            let fault = format!("{number}{half}");
            let dir = folder();
            fs::create_dir(dir.path().join("tmp")).unwrap();
            let output = train(dir.path(), more, Some(&fault));
            check(dir.path(), &fault, &output, &whole);
            if !dir.path().join("tmp/candle-studio-fault").exists() {
                break;
            }
            number += 1;
        }
        assert!(number > 25, "there were only {number} accesses");
    }
}

#[test]
fn notes_that_were_not_written_are_not_called_changed_and_the_old_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let notes = crate::workspace::copy_released(&dir.join("w"), "a").join("notes.toml");
    let edit = ["runs", "--workspace", "w", "edit", "a", "--tag"];
    lines(&run(dir, &[&edit[..], &["first"]].concat()));
    let before = fs::read_to_string(&notes).unwrap();
    let mut number = 0;
    loop {
        number += 1;
        let mut edit = command(dir);
        edit.args(["runs", "--workspace", "w", "edit", "a", "--tag", "second"]);
        edit.env("TMPDIR", dir)
            .env("CANDLE_STUDIO_FAULT", number.to_string());
        let output = edit.output().unwrap();
        if output.status.success() {
            break;
        }
        super::check_failure(&output, 1, "no space left");
        assert_eq!(text(&output.stdout), "", "access {number}");
        assert_eq!(
            fs::read_to_string(&notes).unwrap(),
            before,
            "access {number}"
        );
    }
    assert_eq!(
        number, 5,
        "creating, writing, syncing and renaming can fail"
    );
    assert!(fs::read_to_string(&notes).unwrap().contains("second"));
}
