//! What the program of commit 3e90706 left on disk still opens, resumes and continues, bit for bit but
//! for validation losses: since then, batch norm is part of the weights before it in evaluation.
//! `tests/fixtures/runs/released.py` made it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use candle_studio::runs::{RunFolder, RunState};
use serde_json::Value;

use crate::support::tiny;

/// A copy of the fixture, with its data beside it; the recorded paths lead there.
struct Released(tempfile::TempDir);

impl Released {
    fn new() -> Released {
        let dir = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs/3e90706");
        let data = dir.path().join("DATA");
        fs::create_dir(&data).unwrap();
        tiny::write_folder(&data);
        copy(&from, dir.path(), &data);
        Released(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_candle-studio"));
        command.current_dir(self.0.path()).args(args);
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {errors}");
        output
    }

    fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(args);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }
}

fn copy(from: &Path, to: &Path, data: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target, data);
        } else if entry.path().extension().is_some_and(|e| e == "toml") {
            let text = fs::read_to_string(entry.path()).unwrap();
            let folder = format!("\"{}\"", data.display());
            let text = text
                .replace("folder = \"DATA\"", &format!("folder = {folder}"))
                .replace("data = \"DATA\"", &format!("data = {folder}"));
            fs::write(target, text).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The values of all tensors of a model, which are the same whatever its description says.
fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<_> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, view.data().to_vec()))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

#[test]
fn a_killed_run_resumes_to_the_weights_it_would_have_had() {
    let released = Released::new();
    released.run(&["train", "--resume", "killed"]);
    let resumed = tensors(&released.path("killed/model.safetensors"));
    assert!(resumed == tensors(&released.path("whole.safetensors")));
}

#[test]
fn its_configuration_trains_to_the_same_weights() {
    let released = Released::new();
    released.run(&[
        "train",
        "--config",
        "net.toml",
        "--data",
        "DATA",
        "--save",
        "again.safetensors",
        "--no-record",
    ]);
    let again = tensors(&released.path("again.safetensors"));
    assert!(again == tensors(&released.path("whole.safetensors")));
    // The keys of that time, given singly.
    released.run(&[
        "train",
        "--config",
        "net.toml",
        "--data",
        "DATA",
        "--save",
        "set.safetensors",
        "--no-record",
        "--average",
        "0.9",
        "--set",
        "warm_up=0.5",
        "--set",
        "optimizer.memory=0.95",
    ]);
    assert!(again == tensors(&released.path("set.safetensors")));
}

#[test]
fn a_guarded_run_is_told_as_it_happened() {
    let released = Released::new();
    let folder = RunFolder::open(&released.path("guarded")).unwrap();
    let state: RunState = folder.replay().unwrap();
    assert!(state.n_rewinds >= 1, "{}", state.n_rewinds);
    assert!(!state.changes.is_empty(), "going back lowers the rate");
    let shown = released.json(&["runs", "show", "guarded", "--json"]);
    assert_eq!(shown[0]["name"], "guarded");
}

#[test]
fn a_model_evaluates() {
    let released = Released::new();
    let result = released.json(&["evaluate", "whole.safetensors", "--data", "DATA", "--json"]);
    assert_eq!(result.last().unwrap()["test_accuracy"], 1.0);
}

#[test]
fn a_sweep_continues_with_the_trials_it_would_have_had() {
    let released = Released::new();
    released.run(&["sweep", "sweep.toml", "--workspace", "workspace"]);
    let events = |path: PathBuf| -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        let kept = |mut event: Value| {
            let fields = event.as_object_mut().unwrap();
            fields.retain(|key, _| !["secs", "run", "fingerprint"].contains(&key.as_str()));
            (fields.get("trial").is_some()).then_some(event)
        };
        let lines = text.lines().map(|l| serde_json::from_str(l).unwrap());
        lines.filter_map(kept).collect()
    };
    let mut continued = events(released.path("workspace/rates/trials.jsonl"));
    let mut whole = events(released.path("five-trials.jsonl"));
    let losses = |events: &mut [Value]| -> Vec<f64> {
        let mut losses = Vec::new();
        for event in events {
            for place in ["/value", "/status/value"] {
                let loss = event.pointer_mut(place).map(Value::take);
                losses.extend(loss.as_ref().and_then(Value::as_f64));
            }
        }
        losses
    };
    let [found, expected] = [&mut continued, &mut whole].map(|events| losses(events));
    assert_eq!((continued, found.len()), (whole, 15));
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found - expected).abs();
        assert!(
            error < 1e-6 + 1e-4 * expected,
            "{found}, expected {expected}"
        );
    }
}
