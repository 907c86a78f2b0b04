//! Histories of runs and journals of sweeps that were damaged: nothing is deleted, what is lost is
//! said once, and the training is the same.

use std::fs;
use std::path::{Path, PathBuf};

use candle_studio::runs::{Recorder, RunFolder};
use candle_studio::sweep::SweepFolder;
use candle_studio::train::{Event, Setting};

use super::resume::as_killed;
use super::sweep::with_sweep;
use super::{command, folder, run, text};

/// 203 images, 16 held out, in batches of 8: 24 updates an epoch.
const TRAIN: &str = "train --data data --preset mlp --epochs 4 --batch-size 8 --json \
                     --checkpoint-every 10 --checkpoint-keep 100 --layer-stats --out whole";

/// The checkpoint that damaged runs go on from.
const STEP: u64 = 70;

/// A folder with a run, `whole`, that has more lines than its epochs alone.
fn with_run() -> tempfile::TempDir {
    let dir = folder();
    let output = command(dir.path())
        .args(TRAIN.split_whitespace())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    dir
}

fn model(run: &Path) -> Vec<u8> {
    fs::read(run.join("model.safetensors")).unwrap()
}

fn kept(run: &Path, n: usize) -> PathBuf {
    run.join(match n {
        1 => "events.jsonl.damaged".to_owned(),
        n => format!("events.jsonl.damaged-{n}"),
    })
}

/// The first line that is wanted: its number, where it begins, its length.
fn line_where(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> (usize, usize, usize) {
    let mut at = 0;
    for (idx, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        if is_wanted(line) {
            return (idx + 1, at, line.len());
        }
        at += line.len();
    }
    panic!("there is no such line");
}

fn line_with(text: &[u8], words: &str) -> (usize, usize, usize) {
    line_where(text, |line| String::from_utf8_lossy(line).contains(words))
}

/// The line with the update `step`.
fn line_of(text: &[u8], step: u64) -> (usize, usize, usize) {
    line_where(text, |line| match serde_json::from_slice(line) {
        Ok(Event::Steps { points }) => points.iter().any(|p| p.step == step),
        _ => false,
    })
}

#[test]
fn whatever_happens_to_its_history_a_run_goes_on_and_says_what_is_lost() {
    let dir = with_run();
    type Damage = fn(&[u8]) -> Vec<u8>;
    let zeros: Damage = |text| {
        let (_, at, n) = line_with(text, "epoch_done");
        [&text[..at], &vec![0; n - 1], &text[at + n - 1..]].concat()
    };
    let hole: Damage = |text| {
        // Zero bytes over several lines, as a crash of the machine leaves them.
        let (_, from, _) = line_of(text, 30);
        let (_, to, n) = line_of(text, 50);
        [&text[..from], &vec![0; to + n - from], &text[to + n..]].concat()
    };
    let missing: Damage = |text| {
        let (_, at, n) = line_of(text, 30);
        [&text[..at], &text[at + n..]].concat()
    };
    let half: Damage = |text| text[..text.len() / 2].to_vec();
    let empty: Damage = |_| Vec::new();
    let cases = [
        ("zeros", zeros, "is damaged;"),
        ("hole", hole, "is damaged, and its curves lack updates "),
        ("missing", missing, "lacks update"),
        ("half", half, "and its curves lack updates "),
        ("empty", empty, "lacks updates 1 to 70"),
    ];
    let whole = dir.path().join("whole");
    for (name, damage, words) in cases {
        as_killed(dir.path(), "whole", STEP, name);
        let path = dir.path().join(name);
        let file = path.join("events.jsonl");
        let old = damage(&fs::read(&file).unwrap());
        fs::write(&file, &old).unwrap();
        let output = run(dir.path(), &["train", "--resume", name, "--json"]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {message}");
        assert_eq!(message.lines().count(), 1, "{name}: {message}");
        assert!(message.starts_with("warning: "), "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
        assert_eq!(kept(&path, 1).exists(), !old.is_empty(), "{name}");
        if !old.is_empty() {
            assert!(fs::read(kept(&path, 1)).unwrap() == old, "{name}");
        }
        assert!(model(&path) == model(&whole), "{name}: other bits");
        let state = RunFolder::open(&path).unwrap().replay().unwrap();
        assert_eq!(state.epochs.last().unwrap().epoch, 4, "{name}");
        assert_eq!(state.n_train, 187, "{name}");
        let steps: Vec<u64> = state.points.iter().map(|p| p.step).collect();
        assert!(steps.is_sorted_by(|a, b| a < b), "{name}: {steps:?}");
        assert_eq!(
            steps.iter().filter(|&&step| step > STEP).count(),
            26,
            "{name}"
        );
    }
    // A file that is gone is like an empty one.
    as_killed(dir.path(), "whole", STEP, "gone");
    fs::remove_file(dir.path().join("gone/events.jsonl")).unwrap();
    let output = run(dir.path(), &["train", "--resume", "gone", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("lacks updates 1 to 70"));
}

#[test]
fn what_is_lost_is_said_once_and_an_earlier_damaged_file_stays() {
    let dir = with_run();
    as_killed(dir.path(), "whole", STEP, "killed");
    let path = dir.path().join("killed");
    let file = path.join("events.jsonl");
    let folder = RunFolder::open(&path).unwrap();
    let checkpoint = folder.latest_checkpoint().unwrap();
    let reopen = || {
        Recorder::reopen(&path, Some(&checkpoint), 187)
            .unwrap()
            .news()
    };
    assert_eq!(
        reopen(),
        None,
        "what comes after the checkpoint is not lost"
    );

    let whole = fs::read(&file).unwrap();
    let cut = &whole[..whole.len() / 2];
    fs::write(&file, cut).unwrap();
    let news = reopen().unwrap();
    assert!(news.contains("the old file is kept as"), "{news}");
    assert_eq!(reopen(), None, "said twice");
    let once = fs::read(&file).unwrap();
    fs::write(&file, &once[..once.len() / 2]).unwrap();
    assert!(reopen().unwrap().ends_with("events.jsonl.damaged-2"));
    assert!(fs::read(kept(&path, 1)).unwrap() == cut);
    assert!(fs::read(kept(&path, 2)).unwrap() == once[..once.len() / 2]);
}

#[test]
fn the_settings_of_the_checkpoint_are_known_without_the_history() {
    let dir = with_run();
    as_killed(dir.path(), "whole", u64::MAX, "longer");
    let args = ["train", "--resume", "longer", "--extend", "2", "--json"];
    assert_eq!(run(dir.path(), &args).status.code(), Some(0));
    as_killed(dir.path(), "longer", 120, "killed");
    let path = dir.path().join("killed");
    fs::write(path.join("events.jsonl"), "").unwrap();
    let output = run(dir.path(), &["train", "--resume", "killed", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let state = RunFolder::open(&path).unwrap().replay().unwrap();
    assert_eq!((state.config.epochs, state.changes.len()), (6, 1));
    assert_eq!(state.changes[0].setting, Setting::Epochs);

    // A branch still names its parent.
    let branch = "train --branch whole@30 --out branch --json --checkpoint-keep 100";
    let output = command(dir.path())
        .args(branch.split(' '))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    as_killed(dir.path(), "branch", 60, "twig");
    let path = dir.path().join("twig");
    fs::write(path.join("events.jsonl"), "").unwrap();
    let output = run(dir.path(), &["train", "--resume", "twig", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let state = RunFolder::open(&path).unwrap().replay().unwrap();
    assert_eq!(state.parent.unwrap().step, 30);
    assert!(model(&path) == model(&dir.path().join("branch")));
}

#[test]
fn a_run_that_starts_over_keeps_what_it_does_not_repeat() {
    let dir = with_run();
    as_killed(dir.path(), "whole", 0, "killed");
    let file = dir.path().join("killed/events.jsonl");
    let whole = fs::read(&file).unwrap();
    let (line, at, n) = line_with(&whole, "epoch_done");
    let old = [&whole[..at], &vec![0; n - 1], &whole[at + n - 1..]].concat();
    fs::write(&file, &old).unwrap();
    let output = run(dir.path(), &["train", "--resume", "killed", "--json"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    assert!(message.contains("starts over at update 0"), "{message}");
    assert!(
        message.contains(&format!("line {line} of killed/events.jsonl")),
        "{message}"
    );
    assert!(fs::read(kept(&dir.path().join("killed"), 1)).unwrap() == old);
}

/// What the trials came to, without what depends on the clock.
fn results(workspace: &Path) -> Vec<String> {
    let (_, state, _) = SweepFolder::read(&workspace.join("rates")).unwrap();
    let trials = state.trials.values();
    trials
        .map(|t| {
            format!(
                "{} {} {} {:?} {:?}",
                t.number, t.point, t.run, t.reports, t.status
            )
        })
        .collect()
}

#[test]
fn a_damaged_journal_of_a_sweep_is_told_kept_and_made_up_for() {
    let sweep = "preset = 'mlp'\ndata = 'data'\nmethod = 'random'\nmetric = 'val_loss'\ntrials = 6\n\
        prune = { rule = 'median', trials = 2 }\n[set]\nepochs = 3\nn_validation = 40\n\
        [[search]]\nkey = 'learning_rate'\nlog_range = [1e-5, 1e-1]\n";
    let dir = with_sweep(sweep);
    let args = ["sweep", "rates.toml", "--workspace", "runs", "--json"];
    assert_eq!(run(dir.path(), &args).status.code(), Some(0));
    let runs = dir.path().join("runs");
    let whole = results(&runs);
    assert!(
        whole.iter().any(|trial| trial.contains("Pruned")),
        "{whole:#?}"
    );
    let file = runs.join("rates/trials.jsonl");
    let good = fs::read(&file).unwrap();
    let damaged = |words: &str| {
        let (line, at, n) = line_with(&good, words);
        (
            line,
            [&good[..at], &vec![0; n - 1], &good[at + n - 1..]].concat(),
        )
    };
    let mut n_kept = 0;
    for words in [
        "\"started\",\"trial\":6",
        "\"reported\",\"trial\":5",
        "\"ended\",\"trial\":6",
    ] {
        let (line, old) = damaged(words);
        fs::write(&file, &old).unwrap();
        let output = run(dir.path(), &args);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}: {message}");
        assert_eq!(message.lines().count(), 1, "{words}: {message}");
        let wanted = format!("line {line} of runs/rates/trials.jsonl is damaged");
        assert!(message.contains(&wanted), "{words}: {message}");
        n_kept += 1;
        let kept = match n_kept {
            1 => "rates/trials.jsonl.damaged".to_owned(),
            n => format!("rates/trials.jsonl.damaged-{n}"),
        };
        assert!(fs::read(runs.join(kept)).unwrap() == old, "{words}");
        if !words.contains("reported") {
            assert_eq!(results(&runs), whole, "{words}");
        }
        assert_eq!(text(&run(dir.path(), &args).stderr), "", "said twice");
        fs::write(&file, &good).unwrap();
    }
    // Without a journal, the runs say what was trained.
    fs::write(&file, "").unwrap();
    let output = run(dir.path(), &args);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.contains("lacks trial 1, and perhaps others"),
        "{message}"
    );
    assert_eq!(results(&runs), whole);
    let n_folders = fs::read_dir(&runs).unwrap().filter(|e| {
        let name = e.as_ref().unwrap().file_name();
        !name.to_string_lossy().starts_with('.')
    });
    assert_eq!(
        n_folders.count(),
        6 + 1,
        "six runs and the sweep's own folder"
    );
}
