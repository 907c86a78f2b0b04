//! Runs that are killed, stopped and resumed from the command line.

use std::fs;
use std::time::Duration;

use super::{check_failure, command, folder, json_lines, run, text};
use crate::tiny;
use candle_studio::runs::{RunFolder, Status, list_runs};
use rand::{Rng, SeedableRng};

/// How often the run is killed. Each kill comes at a random moment: while it starts, trains,
/// writes an event or a checkpoint.
const N_KILLS: usize = 100;

const TRAIN: [&str; 10] = [
    "train",
    "--preset",
    "mlp",
    "--data",
    "data",
    "--epochs",
    "500",
    "--batch-size",
    "8",
    "--json",
];

#[test]
fn a_run_killed_again_and_again_ends_as_if_nothing_had_happened() {
    let dir = folder();
    let whole = run(dir.path(), &[&TRAIN[..], &["--out", "whole"]].concat());
    let whole = json_lines(&whole).pop().unwrap();

    let mut rng = rand::rngs::StdRng::seed_from_u64(5);
    let every = ["--checkpoint-every", "20"];
    let first = [&TRAIN[..], &["--out", "runs/killed"], &every].concat();
    let again = [&["train", "--resume", "runs/killed", "--json"][..], &every].concat();
    let has_checkpoint = || {
        RunFolder::open(&dir.path().join("runs/killed"))
            .is_ok_and(|folder| folder.latest_checkpoint().is_ok())
    };
    let mut n_kills = 0;
    while n_kills < N_KILLS {
        let args = if has_checkpoint() { &again } else { &first };
        if !has_checkpoint() {
            // Killed before the first full state was kept: there is nothing to go on from.
            let _ = fs::remove_dir_all(dir.path().join("runs/killed"));
        }
        let mut child = command(dir.path())
            .args(args)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(rng.random_range(10..120)));
        if child.try_wait().unwrap().is_some_and(|s| s.success()) {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        n_kills += 1;
        if has_checkpoint() {
            let listing = list_runs(&dir.path().join("runs")).unwrap();
            assert_eq!(listing.problems, [""; 0], "after {n_kills} kills");
            assert_eq!(listing.records[0].status, Status::Interrupted);
        }
    }
    assert_eq!(n_kills, N_KILLS, "the run was too short to be killed");
    let args = if has_checkpoint() { &again } else { &first };
    let end = json_lines(&run(dir.path(), args)).pop().unwrap();
    for key in ["test_accuracy", "test_loss", "val_loss", "epochs"] {
        assert_eq!(end[key], whole[key], "{key} after {n_kills} kills");
    }
    let model = |run: &str| fs::read(dir.path().join(run).join("model.safetensors")).unwrap();
    assert!(
        model("runs/killed") == model("whole"),
        "other bits after {n_kills} kills"
    );
    let points = |run: &str| {
        let state = RunFolder::open(&dir.path().join(run))
            .unwrap()
            .replay()
            .unwrap();
        assert!(!state.is_live());
        let loss = |p: &candle_studio::train::StepPoint| (p.step, p.loss.to_bits());
        state.points.iter().map(loss).collect::<Vec<_>>()
    };
    assert_eq!(points("runs/killed"), points("whole"));
}

#[test]
fn a_folder_without_a_run_or_with_other_data_cannot_be_resumed() {
    let dir = folder();
    let output = run(dir.path(), &["train", "--resume", "nothing"]);
    check_failure(&output, 1, "no such folder");
    let output = run(
        dir.path(),
        &[&TRAIN[..], &["--out", "run", "--checkpoint-every", "10"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let labels = dir.path().join("data").join(tiny::TRAIN_LABELS);
    let mut bytes = fs::read(&labels).unwrap();
    let last = bytes.len() - 1;
    bytes[last] = (bytes[last] + 1) % 2;
    fs::write(&labels, bytes).unwrap();
    let output = run(dir.path(), &["train", "--resume", "run"]);
    check_failure(&output, 1, "other images");
    let output = run(dir.path(), &["train", "--resume", "run", "--epochs", "3"]);
    check_failure(&output, 2, "cannot be used with");
}

#[test]
fn a_printed_configuration_trains_the_same_model() {
    let dir = folder();
    let set = ["--set", "seed=9", "--set", "epochs=2"];
    let data = ["train", "--data", "data", "--preset", "mlp"];
    let printed = run(dir.path(), &[&data[..], &set, &["--print-config"]].concat());
    assert_eq!(printed.status.code(), Some(0));
    assert!(text(&printed.stdout).contains("# decides first weights"));
    fs::write(dir.path().join("config.toml"), &printed.stdout).unwrap();
    let model = |args: &[&str], file: &str| {
        let output = run(dir.path(), &[args, &["--save", file, "--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::read(dir.path().join(file)).unwrap()
    };
    let from_flags = model(&[&data[..], &set].concat(), "a.safetensors");
    let from_file = model(
        &["train", "--data", "data", "--config", "config.toml"],
        "b.safetensors",
    );
    assert!(from_flags == from_file);
    fs::write(dir.path().join("config.toml"), "seed = 1\nepochs = 'x'\n").unwrap();
    let output = run(
        dir.path(),
        &["train", "--data", "data", "--config", "config.toml"],
    );
    check_failure(&output, 2, "line 2");
}
