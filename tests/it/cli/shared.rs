//! Workspaces that others write to, move, remove, or fill with what is not a file.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{check_failure, command, folder, json_lines, lines, run, text};
use crate::workspace::copy_released;

#[test]
fn tags_that_twenty_processes_add_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    copy_released(&dir.join("w"), "a");
    let add = |i: usize| -> Child {
        let tag = format!("t{i}");
        let args = ["runs", "--workspace", "w", "edit", "a", "--tag", &tag];
        let mut add = command(dir);
        add.args(args).stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..20).map(add).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let all = json_lines(&run(dir, &["runs", "--workspace", "w", "list", "--json"]));
    assert_eq!(all[0]["tags"].as_array().unwrap().len(), 20, "{}", all[0]);
}

/// The output of a command that must end by itself.
#[cfg(unix)]
fn ends(dir: &Path, args: &[&str]) -> Output {
    let mut child = command(dir);
    let child = child
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_in_a_workspace_are_no_files() {
    for name in [
        "a/run.toml",
        "a/events.jsonl",
        "a/notes.toml",
        "a/notes.lock",
        "a/run.lock",
        "a/summary.json",
        "a/model.safetensors",
        "a/checkpoints/step-0000000001.safetensors",
        ".index.sqlite",
        ".index.sqlite-journal",
        "workspace.toml",
        "s/sweep.toml",
    ] {
        for is_pipe in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let dir = dir.path();
            let w = dir.join("w");
            fs::create_dir_all(copy_released(&w, "a").join("checkpoints")).unwrap();
            fs::create_dir_all(w.join("s")).unwrap();
            let path = w.join(name);
            let _ = fs::remove_file(&path);
            if is_pipe {
                let made = Command::new("mkfifo").arg(&path).status();
                assert!(made.unwrap().success());
            } else {
                std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            }
            let unreadable = ["run.toml", "events.jsonl", "notes.toml"];
            let is_unreadable = unreadable.iter().any(|end| name.ends_with(end));
            let list = ends(dir, &["runs", "--workspace", "w", "list", "--json"]);
            let listed = text(&list.stdout);
            assert_eq!(
                listed.contains("\"unreadable\"") && listed.contains("not a regular file"),
                is_unreadable,
                "{name}: {list:?}"
            );
            ends(dir, &["runs", "--workspace", "w", "show", "a"]);
            ends(dir, &["runs", "--workspace", "w", "check"]);
            ends(dir, &["runs", "--workspace", "w", "edit", "a", "--star"]);
            ends(dir, &["plot", "w/a", "--out", "a.svg"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_name_gives_a_terminal_no_orders() {
    let dir = folder();
    let dir = dir.path();
    let name = "n\u{1b}]0;owned\u{7}\u{9b}31m";
    let train = [
        "train", "--data", "data", "--preset", "softmax", "--epochs", "1",
    ];
    let named = [&train[..], &["--workspace", "w", "--name", name]].concat();
    let folder_named = [&train[..], &["--out", "w/f\u{1b}[2J", "--lr", "0.01"]].concat();
    let note = "so\rso\u{7f}";
    let all = ["--tag", "t\u{1b}[31m", "--note", note];
    for args in [
        &named[..],
        &folder_named,
        &[&["runs", "--workspace", "w", "edit", name], &all[..]].concat(),
        &["runs", "--workspace", "w", "list"],
        &["runs", "--workspace", "w", "list", "--columns", "tags,note"],
        &["runs", "--workspace", "w", "list", "--json"],
        &["runs", "--workspace", "w", "show", name],
        &["runs", "--workspace", "w", "diff", name, "w/f\u{1b}[2J"],
        &["runs", "--workspace", "w", "show", "\u{1b}[31m"],
        &["runs", "--workspace", "w", "check"],
        &["evaluate", "x\u{1b}[31m.safetensors"],
    ] {
        let output = run(dir, args);
        for bytes in [&output.stdout, &output.stderr] {
            let wrong = |c: char| c.is_control() && c != '\n';
            assert!(!text(bytes).contains(wrong), "{args:?}: {:?}", text(bytes));
        }
    }
    // JSON keeps what it was.
    let listed = json_lines(&run(dir, &["runs", "--workspace", "w", "list", "--json"]));
    let first = listed.iter().find(|run| run["note"] == note).unwrap();
    assert_eq!(first["name"], name);
}

#[cfg(unix)]
#[test]
fn a_model_saved_through_a_link_is_written_to_its_target() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = folder();
    let dir = dir.path();
    fs::write(dir.join("real"), "old").unwrap();
    fs::set_permissions(dir.join("real"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("real", dir.join("link")).unwrap();
    lines(&super::train(dir, ["--no-record", "--save", "link"]));
    assert!(dir.join("link").is_symlink());
    let mode = fs::metadata(dir.join("real")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    json_lines(&run(dir, &["evaluate", "real", "--data", "data", "--json"]));
}

/// Trains long enough to do something to its workspace meanwhile; rescued files go to `tmp`.
fn disturbed(dir: &Path, disturb: impl FnOnce()) -> Output {
    fs::create_dir_all(dir.join("tmp")).unwrap();
    let args =
        "train --data data --preset mlp --epochs 400 --out w/run --checkpoint-every 20 --json";
    let child = command(dir)
        .args(args.split(' '))
        .env("TMPDIR", dir.join("tmp"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let has_state = || {
        let states = fs::read_dir(dir.join("w/run/checkpoints"));
        states.is_ok_and(|mut files| files.next().is_some())
    };
    while !has_state() {
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(1));
    }
    disturb();
    child.wait_with_output().unwrap()
}

/// The folder that a message gives for `command`.
fn rescued(message: &str, command: &str) -> String {
    let (_, rest) = message
        .split_once(command)
        .unwrap_or_else(|| panic!("{message}"));
    rest.trim_start().split('`').next().unwrap().to_owned()
}

// Elsewhere a folder with an open file cannot be moved.
#[cfg(unix)]
#[test]
fn a_workspace_that_is_moved_or_removed_is_noticed_and_everything_rescued() {
    for is_moved in [true, false] {
        let dir = folder();
        let dir = dir.path();
        let output = disturbed(dir, || {
            if is_moved {
                fs::rename(dir.join("w"), dir.join("moved")).unwrap();
            } else {
                while fs::remove_dir_all(dir.join("w")).is_err() {}
            }
        });
        assert_eq!(output.status.code(), Some(1));
        let message = text(&output.stderr);
        assert!(
            message.starts_with("warning: a checkpoint was not saved: "),
            "{message}"
        );
        assert!(message.contains("w/run was moved or removed"), "{message}");
        assert!(!dir.join("w").exists(), "begun anew");
        let last = text(&output.stdout).lines().last().unwrap();
        let last: serde_json::Value = serde_json::from_str(last).unwrap();
        assert!(last["run"].is_null(), "{last}");

        let folder = rescued(message, "`candle-studio evaluate");
        let args = ["evaluate", &folder, "--data", "data", "--json"];
        let evaluated = json_lines(&run(dir, &args)).remove(0);
        assert_eq!(evaluated["test_loss"], last["test_loss"]);
        // The rescued run is a run.
        let folder = rescued(message, "`candle-studio train --resume");
        let longer = run(
            dir,
            &["train", "--resume", &folder, "--extend", "1", "--json"],
        );
        let longer = json_lines(&longer).pop().unwrap();
        assert_eq!(longer["epochs"], 401.0);
    }
}

#[test]
fn rescued_models_do_not_replace_each_other() {
    let dir = folder();
    let dir = dir.path();
    fs::create_dir_all(dir.join("tmp")).unwrap();
    let mut rescued_files = Vec::new();
    for seed in ["1", "2"] {
        let args = "train --data data --preset softmax --no-record --save g/m.safetensors";
        fs::create_dir_all(dir.join("g")).unwrap();
        // The folder of the model goes while it is trained.
        let mut child = command(dir)
            .args(args.split(' '))
            .args(["--epochs", "300", "--seed", seed])
            .args(["--batch-size", "4"])
            .env("TMPDIR", dir.join("tmp"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        fs::remove_dir(dir.join("g")).unwrap();
        let output = child.wait_with_output().unwrap();
        check_failure(&output, 1, "the model was saved to");
        rescued_files.push(rescued(text(&output.stderr), "`candle-studio evaluate"));
    }
    assert_ne!(rescued_files[0], rescued_files[1]);
    for file in &rescued_files {
        lines(&run(dir, &["evaluate", file, "--data", "data", "--json"]));
    }
}
