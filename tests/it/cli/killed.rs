//! `kill -9` at random moments: runs and sweeps that are started again end with the bits of those
//! that were never killed. `.ci/kill` does the same more often.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use candle_studio::runs::RunFolder;
use candle_studio::sweep::SweepFolder;
use candle_studio::train::Metrics;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{command, folder, run, text};

/// How often is killed in each of the two tests.
fn n_kills() -> usize {
    let all = std::env::var("CANDLE_STUDIO_KILLS").ok();
    all.map_or(30, |n| n.parse().unwrap()) / 2
}

/// Does `args` in `dir`, killed again and again while there are kills left, until it ends by itself:
/// one time in four at once, else after the file `journal` grew by some lines, so that it gets on
/// however slow the machine is. `args` is asked for before each start. Returns how often it was
/// killed.
fn done_in_spite_of_kills(
    dir: &Path,
    rng: &mut StdRng,
    n_kills: usize,
    (journal, max_lines): (&Path, usize),
    args: impl Fn() -> Vec<String>,
) -> usize {
    let n_lines = || {
        let bytes = fs::read(journal).unwrap_or_default();
        bytes.iter().filter(|&&b| b == b'\n').count()
    };
    for n in 0..n_kills {
        let child = command(dir)
            .args(args())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        let (mut before, more) = (n_lines(), rng.random_range(1..max_lines));
        std::thread::sleep(Duration::from_millis(rng.random_range(1..150)));
        // Never twice in a row: a trial that gets nowhere several times is given up.
        let is_at_once = n % 4 == 3;
        let status = loop {
            let status = child.try_wait().unwrap();
            let now = n_lines();
            // A resumed run first drops what happens again.
            before = before.min(now);
            let is_time = is_at_once || now >= before + more;
            if status.is_some() || is_time {
                break status;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if let Some(status) = status {
            assert_eq!(status.code(), Some(0), "after {n} kills");
            return n;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let output = command(dir).args(args()).output().unwrap();
    let message = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(0),
        "after {n_kills} kills: {message}"
    );
    assert!(!message.contains("damaged"), "{message}");
    n_kills
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn model(run: &Path) -> Vec<u8> {
    fs::read(run.join("model.safetensors")).unwrap()
}

/// Updates with their losses and learning rates.
type Points = Vec<(u64, u64, u64)>;

/// Epochs with their metrics on training and validation images.
type Epochs = Vec<(usize, [u64; 4])>;

/// Everything a run tells, in bits, without what depends on the clock.
fn history(run: &Path) -> (Points, Epochs, String) {
    let state = RunFolder::open(run).unwrap().replay().unwrap();
    let points = state.points.iter();
    let points = points.map(|p| (p.step, p.loss.to_bits(), p.learning_rate.to_bits()));
    let bits = |train: Metrics, validation: Metrics| {
        [
            train.loss,
            train.accuracy,
            validation.loss,
            validation.accuracy,
        ]
        .map(f64::to_bits)
    };
    let epochs = state.epochs.iter();
    let epochs = epochs.map(|e| (e.epoch, bits(e.train, e.validation.unwrap())));
    let rest = format!(
        "{:?} {:?} {:?} {:?} {} {:?}",
        state.status, state.changes, state.restored, state.skips, state.n_rewinds, state.test
    );
    (points.collect(), epochs.collect(), rest)
}

#[test]
fn a_run_killed_again_and_again_ends_as_if_nothing_had_happened() {
    let mut rng = StdRng::seed_from_u64(5);
    let (mut n_killed, mut seed) = (0, 0);
    while n_killed < n_kills() {
        seed += 1;
        let dir = folder();
        // With these learning rates the guard has to act; with the small one, it has not.
        let guard = ["rollback --lr 0.01", "rollback --lr 1e3", "skip --lr 1e2"][seed % 3];
        let first = format!(
            "train --data data --preset mlp --optimizer sgd --epochs 150 --batch-size 8 --json \
             --seed {seed} --on-divergence {guard} --patience 1000 --ema-decay 0.9 \
             --checkpoint-every 20 --out"
        );
        let whole = command(dir.path())
            .args(words(&first))
            .arg("whole")
            .output();
        let whole = whole.unwrap();
        // A run that diverges for good says so.
        if whole.status.code() != Some(0) {
            assert!(
                text(&whole.stderr).contains("rollback"),
                "{}",
                text(&whole.stderr)
            );
            continue;
        }
        let path = dir.path().join("killed");
        let args = || match RunFolder::is_at(&path) {
            true => words("train --json --resume killed"),
            false => [words(&first), words("killed")].concat(),
        };
        let n_left = n_kills() - n_killed;
        let events = path.join("events.jsonl");
        let events = (events.as_path(), 60);
        n_killed += done_in_spite_of_kills(dir.path(), &mut rng, n_left, events, args);
        let whole = dir.path().join("whole");
        assert!(
            model(&path) == model(&whole),
            "other bits after {n_killed} kills"
        );
        assert!(
            history(&path) == history(&whole),
            "another story after {n_killed} kills"
        );
    }
    println!(
        "{n_killed} kills of {seed} runs, each ended with the bits of one that was not killed"
    );
}

/// What the trials of a sweep came to, in bits.
fn results(workspace: &Path) -> Vec<String> {
    let (_, state, loss) = SweepFolder::read(&workspace.join("rates")).unwrap();
    assert_eq!(loss, None);
    let trial = |t: &candle_studio::sweep::Trial| {
        let reports = t
            .reports
            .iter()
            .map(|(epoch, value)| (*epoch, value.to_bits()));
        let reports: Vec<_> = reports.collect();
        format!(
            "{} {} {} {:?} {reports:?} {:?}",
            t.number, t.point, t.run, t.status, t.verdict
        )
    };
    state.trials.values().map(trial).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn a_sweep_killed_again_and_again_ends_as_if_nothing_had_happened() {
    let mut rng = StdRng::seed_from_u64(6);
    let (mut n_killed, mut seed) = (0, 0);
    while n_killed < n_kills() {
        seed += 1;
        let dir = folder();
        let prune = ["rule = 'median', trials = 2", "rule = 'asha', epochs = 3"][seed % 2];
        let sweep = format!(
            "preset = 'mlp'\ndata = 'data'\nmethod = 'tpe'\nmetric = 'val_loss'\ntrials = 14\n\
             seed = {seed}\nprune = {{ {prune} }}\n\
             [set]\nepochs = 40\nn_validation = 40\nbatch_size = 8\n\
             [[search]]\nkey = 'learning_rate'\nlog_range = [1e-5, 1e-1]\n\
             [[search]]\nkey = 'optimizer'\nlist = ['adam', 'sgd']\n"
        );
        fs::write(dir.path().join("rates.toml"), sweep).unwrap();
        let whole = run(dir.path(), &["sweep", "rates.toml", "--workspace", "whole"]);
        assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
        let args = || words("sweep rates.toml --workspace killed");
        let n_left = n_kills() - n_killed;
        let journal = dir.path().join("killed/rates/trials.jsonl");
        let journal = (journal.as_path(), 60);
        n_killed += done_in_spite_of_kills(dir.path(), &mut rng, n_left, journal, args);
        let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
        assert_eq!(results(&killed), results(&whole), "after {n_killed} kills");
        assert!(results(&whole).iter().any(|trial| trial.contains("Pruned")));
        // No trial has left a run beside its own.
        assert_eq!(names(&killed), names(&whole), "after {n_killed} kills");
        for run in names(&whole)
            .iter()
            .filter(|name| name.starts_with("rates-"))
        {
            let (killed, whole) = (killed.join(run), whole.join(run));
            assert!(model(&killed) == model(&whole), "other bits of {run}");
            assert!(
                history(&killed) == history(&whole),
                "another story of {run}"
            );
        }
    }
    println!(
        "{n_killed} kills of {seed} sweeps, each ended with the bits of one that was not killed"
    );
}
