//! Runs of a workspace from the command line.

use super::{check_failure, command, folder, json_lines, lines, run};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Stdio};

/// A quick training that is kept in the workspace `w`.
fn train(dir: &Path, more: &[&str]) {
    let args = [
        "train",
        "--data",
        "data",
        "--preset",
        "softmax",
        "--epochs",
        "1",
        "--workspace",
        "w",
    ];
    let output = command(dir).args(args).args(more).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

fn runs(dir: &Path, args: &[&str]) -> std::process::Output {
    run(dir, &[&["runs", "--workspace", "w"], args].concat())
}

fn listed(dir: &Path, more: &[&str]) -> Vec<Value> {
    json_lines(&runs(dir, &[&["list", "--json"], more].concat()))
}

#[test]
fn trainings_are_kept_listed_found_and_compared() {
    let dir = folder();
    let dir = dir.path();
    assert!(listed(dir, &[]).is_empty());
    train(dir, &["--name", "slow", "--lr", "0.001"]);
    train(dir, &["--name", "quick", "--lr", "0.1", "--seed", "2"]);
    train(dir, &["--no-record"]);
    train(dir, &["--out", "elsewhere"]);

    let all = listed(dir, &[]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["name"], "slow");
    assert_eq!(all[0]["status"], "completed");
    assert_eq!(all[0]["config"]["learning_rate"], 0.001);
    let accuracy = &all[0]["summary"]["test_accuracy"]["last"];
    assert!(accuracy.as_f64().is_some(), "{accuracy}");
    assert!(dir.join("w").join(all[0]["id"].as_str().unwrap()).is_dir());

    let names = |args: &[&str]| -> Vec<String> {
        let found = listed(dir, args).into_iter();
        found
            .map(|run| run["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&["lr > 0.01 and model = softmax"]), ["quick"]);
    assert_eq!(names(&["--sort", "lr"]), ["slow", "quick"]);
    assert_eq!(names(&["--sort", "-lr"]), ["quick", "slow"]);
    assert_eq!(names(&["--sort", "name", "--last", "1"]), ["slow"]);
    check_failure(&runs(dir, &["list", "lr <"]), 2, "at character 5");
    check_failure(&runs(dir, &["list", "lrr = 1"]), 2, "`lrr`");

    let table = lines(&runs(dir, &["list"]));
    assert_eq!(table.len(), 3);
    assert!(
        table[0].contains("learning_rate") && !table[0].contains("batch_size"),
        "{table:?}"
    );
    let shown = lines(&runs(dir, &["show", "slow"])).join("\n");
    assert!(
        shown.contains("test_accuracy") && shown.contains("1×12×12"),
        "{shown}"
    );
    let differing = lines(&runs(dir, &["diff", "slow", "last"]));
    let keys: Vec<&str> = differing[1..]
        .iter()
        .map(|l| l.split(' ').next().unwrap())
        .collect();
    assert_eq!(keys, ["learning_rate", "seed"]);
    let first = &json_lines(&runs(dir, &["diff", "slow", "quick", "--json"]))[0];
    assert_eq!(first["values"][all[1]["id"].as_str().unwrap()], 0.1);

    lines(&runs(dir, &["list", "--csv", "table.csv"]));
    let csv = std::fs::read_to_string(dir.join("table.csv")).unwrap();
    let heading: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(&heading[..2], ["id", "name"]);
    assert!(heading.contains(&"optimizer.beta1") && heading.contains(&"val_loss.best"));
    assert_eq!(csv.lines().count(), 3);
}

#[test]
fn runs_are_edited_deleted_and_restored() {
    let dir = folder();
    let dir = dir.path();
    train(dir, &["--name", "a"]);
    train(dir, &["--name", "b"]);
    lines(&runs(
        dir,
        &[
            "edit", "a", "--name", "first", "--tag", "x,y", "--star", "--note", "so so",
        ],
    ));
    lines(&runs(dir, &["edit", "first", "--untag", "x"]));
    let first = &listed(dir, &["starred = yes"])[0];
    assert_eq!(
        (&first["name"], &first["tags"]),
        (&"first".into(), &serde_json::json!(["y"]))
    );
    check_failure(&runs(dir, &["edit", "b"]), 2, "nothing to change");
    lines(&runs(dir, &["edit", "b", "--archive"]));
    assert_eq!(listed(dir, &[]).len(), 1);
    assert_eq!(listed(dir, &["--all"]).len(), 2);
    assert_eq!(listed(dir, &["archived = yes"])[0]["name"], "b");

    let id = first["id"].as_str().unwrap();
    check_failure(
        &runs(dir, &["rm", "first", "nothing"]),
        2,
        "no run `nothing`",
    );
    assert_eq!(listed(dir, &["first"]).len(), 1, "all or none");
    lines(&runs(dir, &["rm", "first"]));
    assert!(listed(dir, &["first"]).is_empty());
    assert_eq!(lines(&runs(dir, &["trash"])), [id]);
    lines(&runs(dir, &["restore", id]));
    assert_eq!(listed(dir, &["first"])[0]["note"], "so so");
    lines(&runs(dir, &["rm", "first"]));
    assert_eq!(
        lines(&runs(dir, &["trash", "--empty"])),
        ["permanently deleted 1 run"]
    );
    check_failure(&runs(dir, &["restore", id]), 2, "found 0");
}

#[test]
fn a_run_of_the_workspace_is_resumed_by_its_name() {
    let dir = folder();
    let dir = dir.path();
    train(dir, &["--name", "a", "--checkpoint-every", "1"]);
    let args = [
        "train",
        "--resume",
        "a",
        "--workspace",
        "w",
        "--data",
        "data",
    ];
    let output = run(dir, &args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let args = ["train", "--resume", "nothing", "--workspace", "w"];
    check_failure(&run(dir, &args), 1, "no run `nothing`");
}

#[test]
fn every_command_that_reads_runs_finds_them_in_the_workspace() {
    let dir = folder();
    let dir = dir.path();
    let often = ["--checkpoint-every", "3"];
    train(
        dir,
        &[&["--name", "first", "--lr", "0.01"][..], &often].concat(),
    );
    train(
        dir,
        &[&["--name", "second", "--seed", "2"][..], &often].concat(),
    );
    let named = |args: &[&str]| run(dir, &[args, &["--workspace", "w"]].concat());

    let accuracy = listed(dir, &["first"])[0]["summary"]["test_accuracy"]["last"].clone();
    let told = json_lines(&named(&["evaluate", "first", "--data", "data", "--json"]));
    assert_eq!(told[0]["test_accuracy"], accuracy);
    let told = lines(&named(&["compare", "first", "last", "--data", "data"])).join("\n");
    assert!(
        told.contains("second") && told.contains("On the same"),
        "{told}"
    );
    let output = named(&[
        "plot",
        "first",
        "second",
        "--baseline",
        "second",
        "--out",
        "c.svg",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let svg = std::fs::read_to_string(dir.join("c.svg")).unwrap();
    assert!(svg.contains(">first<") && svg.contains(">second<"), "{svg}");

    // Without names, all of them; with folders from elsewhere, those.
    let exported = runs(dir, &["export", "--jsonl", "all.jsonl"]);
    assert_eq!(lines(&exported), ["2 runs exported"]);
    let id = listed(dir, &["first"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::rename(dir.join("w").join(&id), dir.join("elsewhere")).unwrap();
    let exported = runs(dir, &["export", "second", "elsewhere", "--csv", "two.csv"]);
    assert_eq!(lines(&exported), ["2 runs exported"]);
    let differing = lines(&runs(dir, &["diff", "elsewhere", "second"]));
    assert!(
        differing.iter().any(|l| l.starts_with("learning_rate")),
        "{differing:?}"
    );
    assert_eq!(
        lines(&runs(dir, &["show", "elsewhere", "--path"])),
        ["elsewhere"]
    );

    // A branch is kept in the workspace as any run, and starts with its parent's settings.
    let branch = ["train", "--branch", "second@best", "--name", "branched"];
    let output = named(&[&branch[..], &["--data", "data", "--lr", "0.02"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let branched = &listed(dir, &["branched"])[0];
    assert_eq!(branched["config"]["seed"], 2);
    assert_eq!(branched["config"]["learning_rate"], 0.02);
    let search = ["lr-find", "--data", "data", "--config", "second", "--json"];
    assert!(json_lines(&named(&search))[0]["points"].is_array());

    check_failure(&named(&["plot", "third"]), 1, "no run `third` in w");
    check_failure(&named(&["evaluate", "third"]), 1, "no run `third` in w");
    check_failure(&named(&["train", "--config", "third"]), 1, "no run `third`");
    let branch = ["train", "--branch", "third@best", "--data", "data"];
    check_failure(&named(&branch), 1, "no run `third` in w");
}

/// Eight processes that train 20 runs each: `N_RUNS=160 cargo test eight_processes`; fewer by
/// default, to save time.
#[test]
fn eight_processes_share_a_workspace_and_no_run_is_lost() {
    let n_runs: usize = std::env::var("N_RUNS").map_or(16, |n| n.parse().unwrap());
    let dir = folder();
    let dir = dir.path();
    let spawn = |seed: usize| -> Child {
        let seed = seed.to_string();
        let args = [
            "train",
            "--data",
            "data",
            "--preset",
            "softmax",
            "--epochs",
            "1",
            "--threads",
            "1",
            "--workspace",
            "w",
            "--seed",
            &seed,
        ];
        let quiet = command(dir).args(args).stdout(Stdio::null()).spawn();
        quiet.unwrap()
    };
    let train_in_turn = |process: usize| {
        for seed in (process..n_runs).step_by(8) {
            assert!(spawn(seed).wait().unwrap().success());
        }
    };
    std::thread::scope(|scope| {
        for process in 0..8 {
            scope.spawn(move || train_in_turn(process));
        }
        // Others look while they train.
        for _ in 0..4 {
            listed(dir, &[]);
        }
    });
    let mut seeds: Vec<u64> = listed(dir, &["status = completed"])
        .iter()
        .map(|run| run["config"]["seed"].as_u64().unwrap())
        .collect();
    seeds.sort_unstable();
    assert_eq!(seeds, (0..n_runs as u64).collect::<Vec<_>>());
}
