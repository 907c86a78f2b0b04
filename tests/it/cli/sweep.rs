//! `candle-studio sweep`, the real binary.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::{check_failure, command, folder, json_lines, lines, run, text};

const SWEEP: &str = r#"
preset = "mlp"
data = "data"
method = "sobol"
metric = "val_loss"
trials = 5

[set]
epochs = 2
n_validation = 40

[[search]]
key = "learning_rate"
log_range = [1e-4, 1e-1]

[[search]]
key = "optimizer"
list = ["adam", "sgd"]

[[search]]
key = "optimizer.momentum"
range = [0.5, 0.95]
when = { key = "optimizer", is = ["sgd"] }
"#;

/// A folder with the tiny dataset and a sweep of it, `rates.toml`.
pub(super) fn with_sweep(sweep: &str) -> tempfile::TempDir {
    let dir = folder();
    fs::write(dir.path().join("rates.toml"), sweep).unwrap();
    dir
}

const RUN: [&str; 4] = ["sweep", "rates.toml", "--workspace", "runs"];

fn journal(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("runs/rates/trials.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_sweep_ends_with_the_best_settings_and_its_runs_in_the_workspace() {
    let dir = with_sweep(SWEEP);
    let told = json_lines(&run(
        dir.path(),
        &[&RUN[..], &["--json", "--parallel", "2"]].concat(),
    ));
    let result = told.last().unwrap();
    assert_eq!(result["event"], "result");
    assert_eq!(
        (&result["status"], &result["completed"]),
        (&"completed".into(), &5.into())
    );
    let best = &result["best"];
    let ended = told.iter().filter(|e| e["event"] == "ended");
    let values: Vec<f64> = ended
        .map(|e| e["status"]["value"].as_f64().unwrap())
        .collect();
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!((values.len(), &best["value"]), (5, &lowest.into()));
    assert_eq!(result["leaderboard"][0]["point"], best["point"]);
    let model = Path::new("runs").join(best["run"].as_str().unwrap());
    let args = ["evaluate", "m.safetensors", "--data", "data", "--json"];
    fs::copy(
        dir.path().join(model).join("model.safetensors"),
        dir.path().join("m.safetensors"),
    )
    .unwrap();
    assert_eq!(json_lines(&run(dir.path(), &args)).len(), 1);

    // The same command finds nothing left to do.
    let again = lines(&run(dir.path(), &RUN)).join("\n");
    assert!(
        again.starts_with("resumed: 5 of 5 trials have ended\nbest settings by validation loss:"),
        "{again}"
    );
    assert!(again.contains("\n  1. "), "{again}");
}

#[test]
#[cfg(unix)]
fn whatever_asks_it_to_end_stops_it_and_the_same_command_goes_on() {
    for signal in ["INT", "TERM", "HUP"] {
        let dir = with_sweep(&SWEEP.replace("epochs = 2", "epochs = 60"));
        let mut child = command(dir.path())
            .args(RUN)
            .args(["--json", "--parallel", "2"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut told = std::io::BufRead::lines(told);
        let reported = told.find(|line| line.as_ref().unwrap().contains("\"reported\""));
        assert!(reported.is_some());
        super::interrupted::send(signal, &child);
        let last: Value = serde_json::from_str(&told.last().unwrap().unwrap()).unwrap();
        let output = child.wait_with_output().unwrap();
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{signal}: {message}");
        assert_eq!(last["status"], "stopped", "{signal}");

        let told = json_lines(&run(dir.path(), &[&RUN[..], &["--json"]].concat()));
        assert!(told.iter().any(|e| e["event"] == "resumed"), "{told:?}");
        assert_eq!(told.last().unwrap()["completed"], 5);
    }
}

#[test]
fn a_killed_sweep_repeats_no_finished_trial() {
    let dir = with_sweep(&SWEEP.replace("epochs = 2", "epochs = 30"));
    let mut child = command(dir.path())
        .args(RUN)
        .arg("--json")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut n_ended = 0;
    let begun = told.find(|line| {
        let line = line.as_ref().unwrap();
        n_ended += usize::from(line.contains("\"ended\""));
        n_ended == 2 && line.contains("\"reported\"")
    });
    assert!(begun.is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    let n_before = journal(dir.path()).len();
    let told = json_lines(&run(dir.path(), &[&RUN[..], &["--json"]].concat()));
    assert_eq!(told.last().unwrap()["completed"], 5);
    let again: Vec<u64> = journal(dir.path())[n_before..]
        .iter()
        .filter(|e| e["event"] == "started" || e["event"] == "resumed")
        .map(|e| e["trial"].as_u64().unwrap())
        .collect();
    assert_eq!(again, [3, 4, 5]);
}

#[test]
fn everything_wrong_with_a_sweep_is_told_at_once() {
    let dir = with_sweep("method = 'best'\ntrials = 0\n[[search]]\nkey = 'epochs'\nlist = []\n");
    let output = run(dir.path(), &RUN);
    check_failure(&output, 2, "the sweep rates.toml cannot run:");
    for words in [
        "line 1: method must be one of",
        "line 2: trials must be from 1",
        "line 3: search `epochs` list must not be empty",
    ] {
        assert!(
            text(&output.stderr).contains(words),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(!dir.path().join("runs").exists());

    let dir = with_sweep(&SWEEP.replace("log_range = [1e-4, 1e-1]", "range = [-1, 1]"));
    check_failure(&run(dir.path(), &RUN), 2, "learning rate: must be above 0");
    check_failure(
        &run(dir.path(), &["sweep", "none.toml"]),
        2,
        "could not read none.toml",
    );
}

#[test]
fn a_sweep_is_written_out_for_other_engines() {
    let dir = with_sweep(SWEEP);
    for (engine, first) in [
        ("ray", "ray_sweep.py"),
        ("slurm", "sweep.sbatch"),
        ("kubernetes", "sweep.json"),
        ("optuna", "optuna_sweep.py"),
    ] {
        let out = format!("out of {engine}");
        let said = lines(&run(
            dir.path(),
            &["sweep", "rates.toml", "--emit", engine, &out],
        ));
        assert_eq!(said, [format!("start with {out}/{first}")]);
        let again = run(dir.path(), &["sweep", "rates.toml", "--emit", engine, &out]);
        check_failure(&again, 1, "is not empty");
    }
    // Every job trains what the sweep itself would have trained.
    json_lines(&run(dir.path(), &[&RUN[..], &["--json"]].concat()));
    for number in 1..=5 {
        let job = fs::read_to_string(
            dir.path()
                .join(format!("out of ray/trials/{number:03}.toml")),
        );
        let run = fs::read_to_string(dir.path().join(format!("runs/rates-{number:03}/run.toml")));
        let run: toml::Table = toml::from_str(&run.unwrap()).unwrap();
        assert_eq!(
            Some(&toml::Value::Table(toml::from_str(&job.unwrap()).unwrap())),
            run.get("config")
        );
    }
    let text = fs::read_to_string(dir.path().join("out of kubernetes/sweep.json")).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["items"][2]["spec"]["completions"], 5);

    let dir = with_sweep(&SWEEP.replace("sobol", "tpe"));
    let emit = |engine: &str| {
        run(
            dir.path(),
            &["sweep", "rates.toml", "--emit", engine, engine],
        )
    };
    check_failure(&emit("slurm"), 1, "slurm needs every setting in advance");
    check_failure(&emit("spark"), 2, "one of ray, slurm, kubernetes, optuna");
    lines(&emit("optuna"));
}

#[test]
#[cfg(unix)]
fn an_emitted_job_trains_resumes_and_knows_when_it_is_done() {
    let dir = with_sweep(SWEEP);
    lines(&run(
        dir.path(),
        &["sweep", "rates.toml", "--emit", "slurm", "a b"],
    ));
    let job = || {
        std::process::Command::new("bash")
            .args(["sweep.sbatch"])
            .current_dir(dir.path().join("a b"))
            .env("SLURM_ARRAY_TASK_ID", "2")
            .env("CANDLE_STUDIO", env!("CARGO_BIN_EXE_candle-studio"))
            .output()
            .unwrap()
    };
    // What a job that was killed before its first checkpoint leaves behind.
    let left = dir.path().join("a b/runs/rates-002");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("events.jsonl"), "").unwrap();
    let first = job();
    assert!(first.status.success(), "{}", text(&first.stderr));
    assert!(left.join("model.safetensors").exists());
    let told = fs::read_to_string(left.join("run.toml")).unwrap();
    let told: toml::Table = toml::from_str(&told).unwrap();
    let sweep = toml::toml! { name = "rates"
    trial = 2 };
    assert_eq!(
        told["sweep"],
        toml::Value::Table(sweep),
        "it names its sweep"
    );
    let again = job();
    assert_eq!(text(&again.stdout), "trial 002 is done\n");
    // A job whose time is over is asked to end, and is not done.
    let summary = fs::read_to_string(left.join("summary.json")).unwrap();
    let stopped = summary.replacen("completed", "stopped", 1);
    assert_ne!(stopped, summary);
    fs::write(left.join("summary.json"), stopped).unwrap();
    assert!(job().status.success());
    let again = fs::read_to_string(left.join("summary.json")).unwrap();
    assert!(again.contains("completed"), "{again}");
    // A run that was killed before its first checkpoint goes on, too.
    fs::remove_dir_all(left.join("checkpoints")).unwrap();
    fs::remove_file(left.join("summary.json")).unwrap();
    let again = job();
    assert!(again.status.success() && left.join("summary.json").exists());
    assert!(text(&again.stderr).contains("starts over at update 0"));
}

#[test]
fn a_sweep_with_failed_trials_fails_and_says_how_to_try_them_again() {
    let dir = with_sweep(
        "preset = 'mlp'\ndata = 'data'\nmethod = 'grid'\nmetric = 'val_loss'\n\
         [set]\nepochs = 2\nn_validation = 40\n\
         [[search]]\nkey = 'learning_rate'\nlist = [0.01, 1e30, 1e31]\n",
    );
    let output = run(dir.path(), &RUN);
    check_failure(&output, 1, "2 of 3 trials failed, the first is trial 2: ");
    check_failure(&output, 1, "--retry failed");
    let output = run(
        dir.path(),
        &[&RUN[..], &["--json", "--retry", "failed"]].concat(),
    );
    check_failure(&output, 1, "2 of 3 trials failed");
    let started = text(&output.stdout)
        .lines()
        .filter(|line| line.contains("\"started\""));
    assert_eq!(started.count(), 2);
    check_failure(
        &run(dir.path(), &[&RUN[..], &["--retry", "all"]].concat()),
        2,
        "or `failed`",
    );
    check_failure(
        &run(dir.path(), &[&RUN[..], &["--retry", "9"]].concat()),
        2,
        "no trial 9",
    );
}

#[test]
fn a_sweep_over_few_settings_says_that_all_were_tried() {
    let search = "method = 'random'\ntrials = 9\npreset = 'mlp'\ndata = 'data'\n[set]\nepochs = 1\n\
        [[search]]\nkey = 'optimizer'\nlist = ['adam', 'sgd']\n";
    let dir = with_sweep(search);
    let told = lines(&run(dir.path(), &RUN)).join("\n");
    assert!(told.contains("trial 2/2"), "{told}");
    assert!(
        told.contains("all 2 settings of the search space have been tried"),
        "{told}"
    );
    let told = json_lines(&run(dir.path(), &[&RUN[..], &["--json"]].concat()));
    assert_eq!(told.last().unwrap()["status"], "exhausted");
}

#[test]
#[cfg(unix)]
fn a_full_disk_stops_a_sweep_and_fails_no_trial() {
    let dir = with_sweep(
        &SWEEP
            .replace("epochs = 2", "epochs = 60")
            .replace("mlp", "softmax"),
    );
    // The events of 60 epochs take more than that.
    let args = "sweep rates.toml --workspace runs";
    let output = super::interrupted::with_small_disk(dir.path(), 8, args);
    check_failure(
        &output,
        1,
        "the sweep stopped because the disk is full: could not write",
    );
    let status = |event: &Value| event["status"]["how"].as_str().map(str::to_owned);
    let ended: Vec<String> = journal(dir.path()).iter().filter_map(status).collect();
    assert_eq!(ended, ["interrupted"]);
    // There is room again.
    let output = run(dir.path(), &[&RUN[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout).lines().last().unwrap().to_owned();
    let result: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&result["completed"], &result["failed"]),
        (&5.into(), &0.into())
    );
    let folders = fs::read_dir(dir.path().join("runs")).unwrap();
    let n_runs = folders
        .filter(|e| e.as_ref().unwrap().path().join("run.toml").exists())
        .count();
    assert_eq!(n_runs, 5);
}
