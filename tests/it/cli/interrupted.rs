//! Readers that leave, disks that fill up, and people and systems that ask a run to end.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use candle_studio::model::Classifier;
use candle_studio::runs::RunFolder;
use serde_json::Value;

use super::{command, folder, text};

const LONG: [&str; 8] = [
    "train", "--data", "data", "--preset", "mlp", "--epochs", "100000", "--json",
];

/// Sends a signal, such as `TERM`.
pub(super) fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &to.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn whatever_asks_a_run_to_end_ends_it_and_keeps_it() {
    for signal in ["INT", "TERM", "HUP"] {
        let dir = folder();
        let mut child = command(dir.path())
            .args(LONG)
            .args(["--save", "m.safetensors", "--out", "run"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        send(signal, &child);
        // A terminal that closes asks twice.
        send(signal, &child);
        let last: Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
        let output = child.wait_with_output().unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{signal}: {message}");
        assert_eq!(
            (&last["status"], &last["saved"]),
            (&"stopped".into(), &"m.safetensors".into()),
            "{signal}"
        );
        Classifier::load(&dir.path().join("m.safetensors")).unwrap();
        let run = RunFolder::open(&dir.path().join("run")).unwrap();
        assert!(run.summary().unwrap().is_some(), "{signal}");
    }
}

#[test]
fn an_interrupted_run_with_patience_keeps_its_best_epoch_and_says_which() {
    let dir = folder();
    // Nothing is an improvement after the first epoch.
    let more = [
        "--patience",
        "100000",
        "--set",
        "early_stopping.min_delta=100",
        "--out",
        "run",
    ];
    let mut child = command(dir.path())
        .args(LONG)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    for _ in 0..3 {
        lines.next().unwrap().unwrap();
    }
    send("INT", &child);
    let last: Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        (&first["epoch"], &last["restored_epoch"]),
        (&1.into(), &1.into())
    );
    assert_eq!(first["val_loss"], last["val_loss"]);
    // The weights in the file are those; the run resumes from its last ones.
    let model = Classifier::load(&dir.path().join("run/model.safetensors")).unwrap();
    let run = RunFolder::open(&dir.path().join("run")).unwrap();
    let checkpoint = run.latest_checkpoint().unwrap();
    let bits = |tensor: &candle_core::Tensor| {
        let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let weights = bits(model.network.params()[0].var.as_tensor());
    let best = checkpoint.kept.best.iter().any(|values| {
        let values = values.iter().copied().map(f32::to_bits);
        values.eq(weights.iter().copied())
    });
    assert!(best, "these are not the best epoch's weights");
    assert!(checkpoint.cursor.epoch > 2);
}

#[test]
fn a_run_that_shall_ignore_a_hangup_does() {
    let dir = folder();
    let binary = env!("CARGO_BIN_EXE_candle-studio");
    let mut child = Command::new("bash")
        .args(["-c", "trap '' HUP; exec \"$@\"", "bash", binary])
        .args(LONG)
        .arg("--no-record")
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    send("HUP", &child);
    for _ in 0..20 {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("\"epoch\""), "{line}");
    }
    send("TERM", &child);
    lines.for_each(drop);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
}

#[test]
fn a_run_that_nobody_reads_or_keeps_ends_quietly() {
    let dir = folder();
    let mut child = command(dir.path())
        .args(LONG)
        .arg("--no-record")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
}

#[test]
fn a_run_that_is_kept_goes_on_without_a_reader() {
    let dir = folder();
    let mut child = command(dir.path())
        .args([
            "train", "--data", "data", "--preset", "mlp", "--epochs", "3", "--json",
        ])
        .args(["--out", "run"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
    let run = RunFolder::open(&dir.path().join("run")).unwrap();
    assert_eq!(run.summary().unwrap().unwrap().epochs, 3.0);
}

/// Runs the program where no file may grow above `kib` KiB: to it, a full disk.
pub(super) fn with_small_disk(dir: &std::path::Path, kib: u32, args: &str) -> std::process::Output {
    let binary = env!("CARGO_BIN_EXE_candle-studio");
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec '{binary}' {args}");
    // Here goes what is rescued.
    let temporary = tempfile::tempdir().unwrap();
    Command::new("bash")
        .env("TMPDIR", temporary.path())
        .args(["-c", &script])
        .current_dir(dir)
        .output()
        .unwrap()
}

#[test]
fn a_full_disk_costs_the_model_file_and_nothing_else() {
    let dir = folder();
    std::fs::write(dir.path().join("m.safetensors"), "the old file").unwrap();
    // The mlp takes about 280 KiB.
    let args = "train --data data --preset mlp --epochs 1 --json --no-record --save m.safetensors";
    let output = with_small_disk(dir.path(), 64, args);
    assert_eq!(output.status.code(), Some(1));
    let message = text(&output.stderr);
    assert!(
        message.starts_with("error: could not write m.safetensors"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
    let last: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    assert!(last["saved"].is_null() && last["test_accuracy"].is_f64());
    let old = std::fs::read_to_string(dir.path().join("m.safetensors")).unwrap();
    assert_eq!(old, "the old file");
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        2,
        "something was left behind"
    );
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_run() {
    let dir = folder();
    // The events of 60 epochs take more than that; the softmax model takes 3 KiB.
    let args =
        "train --data data --preset softmax --epochs 60 --json --out run --save m.safetensors";
    let output = with_small_disk(dir.path(), 8, args);
    assert_eq!(output.status.code(), Some(1));
    let is_state = |line: &&str| line.starts_with("warning: a checkpoint was not saved");
    let (states, messages): (Vec<&str>, Vec<&str>) =
        text(&output.stderr).lines().partition(is_state);
    assert!(states.len() <= 1, "{states:?}");
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].starts_with("warning: the run is no longer recorded"),
        "{messages:?}"
    );
    assert!(
        messages[1].starts_with("error: could not write run/events.jsonl"),
        "{messages:?}"
    );
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let last = lines.last().unwrap();
    assert_eq!((lines.len(), &last["status"]), (61, &"completed".into()));
    assert!(last["run"].is_null() && last["saved"] == "m.safetensors");
    let state = RunFolder::open(&dir.path().join("run"))
        .unwrap()
        .replay()
        .unwrap();
    assert!(!state.points.is_empty(), "what was recorded before stays");
}

/// Only Linux has this device.
#[cfg(target_os = "linux")]
#[test]
fn standard_output_on_a_full_disk_is_an_error() {
    let dir = folder();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command(dir.path())
        .args(["presets"])
        .stdout(full)
        .output()
        .unwrap();
    super::check_failure(&output, 1, "could not write to standard output");
}
