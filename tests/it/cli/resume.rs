//! Runs that are killed, stopped and resumed from the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::{check_failure, command, folder, json_lines, run, text};
use crate::support::tiny;
use candle_studio::runs::{RunFolder, Status, list_runs};
use candle_studio::train::OnDivergence;
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
    let again = ["train", "--resume", "runs/killed", "--json"].to_vec();
    let has_checkpoint = || {
        RunFolder::open(&dir.path().join("runs/killed"))
            .is_ok_and(|folder| folder.latest_checkpoint().is_ok())
    };
    let is_run = || RunFolder::is_at(&dir.path().join("runs/killed"));
    let mut n_kills = 0;
    while n_kills < N_KILLS {
        let args = if is_run() { &again } else { &first };
        if !is_run() {
            // Killed before the folder was made a run.
            let _ = fs::remove_dir_all(dir.path().join("runs/killed"));
        }
        let mut child = command(dir.path())
            .args(args)
            .stdout(Stdio::null())
            // It says when it begins again.
            .stderr(Stdio::null())
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
            assert_eq!(listing.unreadable, [], "after {n_kills} kills");
            assert_eq!(listing.records[0].status, Status::Interrupted);
        }
    }
    assert_eq!(n_kills, N_KILLS, "the run was too short to be killed");
    let args = if is_run() { &again } else { &first };
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

/// What is left when a run is killed just after its full state of update `step` was written: no later
/// states, no end.
fn as_killed(dir: &Path, run: &str, step: u64, to: &str) {
    let mut copy = Command::new("cp");
    let copied = copy.args(["-r", run, to]).current_dir(dir).status();
    assert!(copied.unwrap().success());
    let to = dir.join(to);
    fs::remove_file(to.join("summary.json")).unwrap();
    fs::remove_file(to.join("model.safetensors")).unwrap();
    for file in fs::read_dir(to.join("checkpoints")).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let at = name
            .strip_prefix("step-")
            .map(|n| n.parse::<u64>().unwrap());
        if at.is_none_or(|at| at > step) {
            fs::remove_file(file).unwrap();
        }
    }
}

/// The run goes back at update 22 or so, and has other weights if it goes back elsewhere.
#[test]
#[cfg(unix)]
fn a_guarded_run_goes_on_with_its_guard_and_its_states_to_go_back_to() {
    let dir = folder();
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "mlp",
        "--optimizer",
        "sgd",
        "--lr",
        "1e3",
        "--epochs",
        "2",
        "--batch-size",
        "8",
        "--seed",
        "3",
        "--out",
        "whole",
        "--on-divergence",
        "rollback",
        "--checkpoint-every",
        "4",
        "--checkpoint-keep",
        "100",
    ];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let recoveries = |output: &Output| text(&output.stderr).matches("rolled back").count();
    let n_back = recoveries(&output);
    assert!(n_back > 0, "{}", text(&output.stderr));
    let whole = RunFolder::open(&dir.path().join("whole")).unwrap();
    let model = |run: &str| fs::read(dir.path().join(run).join("model.safetensors")).unwrap();
    let told = |run: &str| {
        let state = RunFolder::open(&dir.path().join(run))
            .unwrap()
            .replay()
            .unwrap();
        let points: Vec<_> = state
            .points
            .iter()
            .map(|p| (p.step, p.loss.to_bits()))
            .collect();
        (points, state.changes, state.n_rewinds)
    };
    let steps = whole.checkpoint_steps().unwrap();
    assert!(steps.len() > 8, "{steps:?}");
    for step in steps.into_iter().step_by(2) {
        let killed = format!("killed-{step}");
        as_killed(dir.path(), "whole", step, &killed);
        let output = run(dir.path(), &["train", "--resume", &killed]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(
            model(&killed) == model("whole"),
            "other weights from {step}"
        );
        assert_eq!(told(&killed), told("whole"), "another story from {step}");
        let kept = RunFolder::open(&dir.path().join(&killed)).unwrap();
        assert_eq!(
            kept.checkpoint_steps().unwrap(),
            whole.checkpoint_steps().unwrap()
        );
    }
    // What is typed anew holds from then on.
    let manifest = |run: &str| {
        RunFolder::open(&dir.path().join(run))
            .unwrap()
            .manifest()
            .clone()
    };
    as_killed(dir.path(), "whole", 4, "anew");
    run(
        dir.path(),
        &["train", "--resume", "anew", "--on-divergence", "skip"],
    );
    let (begun, anew) = (manifest("whole"), manifest("anew"));
    assert_eq!(anew.options.unwrap().on_divergence, OnDivergence::Skip);
    assert_eq!(begun.options.unwrap().on_divergence, OnDivergence::Rollback);
    assert_eq!(anew.options.unwrap().checkpoint_every, Some(4));
    assert_eq!(anew.checkpoints.unwrap().keep_last, 100);

    // Lost states are told.
    as_killed(dir.path(), "whole", 8, "lost");
    fs::remove_dir_all(dir.path().join("lost/rollback")).unwrap();
    let output = run(dir.path(), &["train", "--resume", "lost"]);
    assert!(text(&output.stderr).contains("rollback states of update 8"));
}

#[test]
#[cfg(unix)]
fn a_run_killed_before_its_first_full_state_begins_again() {
    let dir = folder();
    let args = [
        &TRAIN[..],
        &["--no-fuse", "--layer-stats", "--out", "whole"],
    ]
    .concat();
    let args = args.iter().map(|&arg| if arg == "500" { "2" } else { arg });
    let output = command(dir.path()).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    as_killed(dir.path(), "whole", 0, "killed");
    let output = run(dir.path(), &["train", "--resume", "killed", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let message = text(&output.stderr);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("starts over at update 0"), "{message}");
    let model = |run: &str| fs::read(dir.path().join(run).join("model.safetensors")).unwrap();
    assert!(model("killed") == model("whole"));
    let state = |run: &str| {
        RunFolder::open(&dir.path().join(run))
            .unwrap()
            .replay()
            .unwrap()
    };
    let (killed, whole) = (state("killed"), state("whole"));
    assert_eq!(killed.points.len(), whole.points.len());
    assert_eq!(killed.layer_points.len(), whole.layer_points.len());
    assert!(!whole.layer_points.is_empty());

    // An extended run that is killed at once is still extended.
    as_killed(dir.path(), "whole", u64::MAX, "longer");
    let longer = ["train", "--resume", "longer", "--extend", "500", "--json"];
    let mut child = command(dir.path())
        .args(longer)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while state("longer").config.epochs != 502 || state("longer").points.len() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = RunFolder::open(&dir.path().join("longer")).unwrap();
    assert_eq!(folder.latest_checkpoint().unwrap().config.epochs, 502);

    // A branch has a state of its own from its beginning; without it, it names its parent.
    let branch = [
        "train",
        "--branch",
        "whole@best",
        "--out",
        "branch",
        "--json",
    ];
    assert_eq!(run(dir.path(), &branch).status.code(), Some(0));
    let folder = RunFolder::open(&dir.path().join("branch")).unwrap();
    let origin = folder.manifest().parent.clone().unwrap();
    assert!(folder.checkpoint_steps().unwrap().contains(&origin.step));
    as_killed(dir.path(), "branch", 0, "lost");
    let output = run(dir.path(), &["train", "--resume", "lost"]);
    check_failure(&output, 1, "branch again from whole@");
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
    check_failure(&output, 1, "different dataset");
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
    assert!(text(&printed.stdout).contains("# Determines everything random: initial weights"));
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
