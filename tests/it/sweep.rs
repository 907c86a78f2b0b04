//! Sweeps through the front door of their room, on the tiny dataset.

use std::path::Path;
use std::sync::Arc;

use candle_studio::data::Dataset;
use candle_studio::runs::RunFolder;
use candle_studio::sweep::{
    self, Definition, Plan, SweepControl, SweepEnd, SweepEvent, SweepFolder, SweepState,
    TrialStatus,
};
use candle_studio::train::TrainConfig;

use crate::support::tiny;

const SWEEP: &str = r#"
name = "rates"
method = "sobol"
metric = "val_loss"
trials = 6

[[search]]
key = "learning_rate"
log_range = [1e-4, 1e-1]

[[search]]
key = "batch_size"
list = [8, 16]
"#;

fn dataset() -> Arc<Dataset> {
    Arc::new(tiny::dataset())
}

fn plan(text: &str, epochs: usize) -> Plan {
    let definition = Definition::parse(text, "").unwrap();
    let preset = candle_studio::model::preset("mlp").unwrap();
    let shape = [1, tiny::SIDE, tiny::SIDE];
    let mut base = TrainConfig::new(preset, shape, tiny::CLASSES, tiny::N_TRAIN);
    base.epochs = epochs;
    base.n_validation = 40;
    Plan { definition, base }
}

/// Does the sweep, or goes on with it; `tell` may stop it.
fn sweep(
    workspace: &Path,
    plan: &Plan,
    parallel: usize,
    control: &SweepControl,
    mut tell: impl FnMut(&SweepEvent, &SweepState) + Send,
) -> (SweepEnd, SweepState) {
    let dataset = dataset();
    let mut folder = SweepFolder::open(workspace, plan, &dataset.fingerprint).unwrap();
    let end = sweep::run(&mut folder, &dataset, parallel, control, &mut tell).unwrap();
    (end, folder.state().clone())
}

fn whole(workspace: &Path, plan: &Plan, parallel: usize) -> SweepState {
    let (end, state) = sweep(
        workspace,
        plan,
        parallel,
        &SweepControl::default(),
        |_, _| {},
    );
    assert_eq!(end, SweepEnd::Completed);
    state
}

/// What a trial came to: its setting, its epochs, its end.
type TrialResult = (String, Vec<(usize, f64)>, TrialStatus);

/// What the trials came to, without anything that depends on the clock.
fn results(state: &SweepState) -> Vec<TrialResult> {
    let trials = state.trials.values();
    trials
        .map(|t| {
            (
                sweep::describe(&t.point),
                t.reports.clone(),
                t.status.clone(),
            )
        })
        .collect()
}

#[test]
fn a_sweep_gives_the_same_results_for_any_number_of_trials_at_once() {
    let (one, three) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(SWEEP, 2);
    let state = whole(one.path(), &plan, 1);
    assert_eq!(results(&state), results(&whole(three.path(), &plan, 3)));
    assert_eq!(state.trials.len(), 6);
    let values: Vec<f64> = state.trials.values().map(|t| t.value().unwrap()).collect();
    assert!(values.windows(2).any(|w| w[0] != w[1]), "{values:?}");

    // The best one is first, and its run is an ordinary one that has the sweep's values.
    let (best, value) = state.best(plan.definition.direction).unwrap();
    assert!(values.iter().all(|v| *v >= value));
    assert_eq!(state.leaderboard(&plan.definition)[0].mean, value);
    let run = RunFolder::open(&one.path().join(&best.run)).unwrap();
    let rate = run.manifest().config.learning_rate;
    assert_eq!(best.point["learning_rate"].as_float(), Some(rate));
    let losses = run.replay().unwrap().epochs.into_iter();
    let lowest = losses
        .map(|e| e.validation.unwrap().loss)
        .fold(f64::INFINITY, f64::min);
    assert_eq!(lowest, value);
}

#[test]
fn a_stopped_sweep_goes_on_where_it_was() {
    let (broken, smooth) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(SWEEP, 3);
    for stop_after in [1, 4, 7] {
        let control = SweepControl::default();
        let mut n_reports = 0;
        let (end, _) = sweep(broken.path(), &plan, 1, &control, |event, _| {
            if matches!(event, SweepEvent::Reported { .. }) {
                n_reports += 1;
                if n_reports == stop_after {
                    control.stop();
                }
            }
        });
        assert_eq!(end, SweepEnd::Stopped);
    }
    let state = whole(broken.path(), &plan, 2);
    assert_eq!(results(&state), results(&whole(smooth.path(), &plan, 2)));
    // Every epoch of every trial was trained once and no trial twice.
    let runs = std::fs::read_dir(broken.path()).unwrap().count();
    assert_eq!(runs, 6 + 1, "six runs and the sweep's own folder");
}

#[test]
fn a_trial_that_ended_before_its_first_full_state_begins_again_in_its_folder() {
    let (broken, smooth) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(SWEEP, 3);
    let control = SweepControl::default();
    let stop = |event: &SweepEvent, _: &SweepState| {
        if matches!(event, SweepEvent::Reported { trial: 2, .. }) {
            control.stop();
        }
    };
    let (end, state) = sweep(broken.path(), &plan, 1, &control, stop);
    assert_eq!(end, SweepEnd::Stopped);
    let run = broken.path().join(&state.trials[&2].run);
    std::fs::remove_dir_all(run.join("checkpoints")).unwrap();
    let state = whole(broken.path(), &plan, 1);
    assert_eq!(results(&state), results(&whole(smooth.path(), &plan, 1)));
    let runs = std::fs::read_dir(broken.path()).unwrap().count();
    assert_eq!(runs, 6 + 1, "six runs and the sweep's own folder");
}

/// Makes the journal look as after a crash in the middle of trial `trial`.
fn forget_end(workspace: &Path, trial: usize) {
    let file = workspace.join("rates").join("trials.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let end = format!("{{\"event\":\"ended\",\"trial\":{trial},");
    let mut kept: String = text
        .lines()
        .filter(|line| !line.starts_with(&end))
        .map(|line| format!("{line}\n"))
        .collect();
    kept.push_str("{\"event\":\"repor");
    std::fs::write(&file, kept).unwrap();
}

#[test]
fn after_a_crash_finished_trials_are_kept_and_the_others_redone_once() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, 2);
    let before = whole(dir.path(), &plan, 1);
    forget_end(dir.path(), 4);
    let mut started = Vec::new();
    let (_, after) = sweep(
        dir.path(),
        &plan,
        1,
        &SweepControl::default(),
        |event, _| {
            // It goes on from its last checkpoint where it has one.
            if let SweepEvent::Started { trial, .. } | SweepEvent::Resumed { trial, .. } = event {
                started.push(*trial);
            }
        },
    );
    assert_eq!(started, [4]);
    assert_eq!(results(&after), results(&before));

    // One that brings the program down at the same place again and again is the reason, and not
    // tried for ever.
    for _ in 0..4 {
        forget_end(dir.path(), 4);
        assert_eq!(results(&whole(dir.path(), &plan, 1)), results(&before));
    }
    forget_end(dir.path(), 4);
    let after = whole(dir.path(), &plan, 1);
    let TrialStatus::Failed { message } = &after.trials[&4].status else {
        panic!("{:?}", after.trials[&4].status);
    };
    assert!(message.contains("5 times"), "{message}");
}

#[test]
fn more_trials_extend_a_sweep_and_another_search_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = plan(SWEEP, 1);
    let first = whole(dir.path(), &plan, 1);
    plan.definition.trials = Some(8);
    let more = whole(dir.path(), &plan, 1);
    assert_eq!(results(&more)[..6], results(&first)[..]);
    assert_eq!(more.trials.len(), 8);

    let open = |plan: &Plan, fingerprint: &str| {
        SweepFolder::open(dir.path(), plan, fingerprint)
            .unwrap_err()
            .to_string()
    };
    let mut other = plan.clone();
    other.definition.seed = 2;
    assert!(open(&other, "of bars").contains("rename this one"));
    let mut other = plan.clone();
    other.base.epochs = 9;
    assert!(open(&other, "of bars").contains("another configuration"));
    assert!(open(&plan, "of dogs").contains("different dataset"));
    let held = SweepFolder::open(dir.path(), &plan, "of bars").unwrap();
    assert!(open(&plan, "of bars").contains("running in another program"));
    drop(held);
}

#[test]
fn a_bad_trial_is_stopped_early_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"
name = "halved"
method = "grid"
metric = "val_loss"
prune = { rule = "median", epochs = 2, trials = 2 }
[[search]]
key = "learning_rate"
list = [0.01, 0.005, 0.000001]
"#;
    let plan = plan(text, 4);
    let state = whole(dir.path(), &plan, 1);
    let trial = &state.trials[&3];
    let TrialStatus::Pruned { verdict, .. } = &trial.status else {
        panic!("{:?}", trial.status);
    };
    assert_eq!((verdict.epoch, trial.reports.len()), (2, 2));
    assert!(verdict.value > verdict.threshold);
    assert!(verdict.because.contains("the median of 2 other trials"));
    assert!(state.trials[&1].value().is_some() && state.trials[&1].reports.len() == 4);
}

/// A program that is killed between the decision to prune a trial and the trial's end.
#[test]
fn a_trial_stays_pruned_when_the_program_is_killed_at_that_moment() {
    let (dir, smooth) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text = r#"
name = "rates"
method = "grid"
metric = "val_loss"
prune = { rule = "median", epochs = 2, trials = 2 }
[[search]]
key = "learning_rate"
list = [0.01, 0.005, 0.000001, 0.02]
"#;
    let plan = plan(text, 4);
    let expected = results(&whole(smooth.path(), &plan, 1));
    let state = whole(dir.path(), &plan, 1);
    assert!(matches!(
        state.trials[&3].status,
        TrialStatus::Pruned { .. }
    ));
    let file = dir.path().join("rates/trials.jsonl");
    let journal = std::fs::read_to_string(&file).unwrap();
    let is_decided = |line: &&str| line.contains("\"trial\":3") && line.contains("\"verdict\"");
    let at = journal.lines().position(|line| is_decided(&line)).unwrap();
    let kept: Vec<&str> = journal.lines().take(at + 1).collect();
    std::fs::write(&file, kept.join("\n") + "\n").unwrap();
    for trial in [3, 4] {
        let run = dir.path().join(&state.trials[&trial].run);
        std::fs::remove_file(run.join("summary.json")).unwrap();
        std::fs::remove_file(run.join("model.safetensors")).unwrap();
    }
    assert_eq!(results(&whole(dir.path(), &plan, 1)), expected);
    for trial in state.trials.values() {
        let model = |workspace: &Path| {
            std::fs::read(workspace.join(&trial.run).join("model.safetensors")).unwrap()
        };
        assert!(model(dir.path()) == model(smooth.path()), "{}", trial.run);
    }
}

#[test]
fn a_trial_that_starts_anew_takes_its_old_place() {
    let (dir, smooth) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(SWEEP, 2);
    let expected = results(&whole(smooth.path(), &plan, 1));
    let control = SweepControl::default();
    let stop = |event: &SweepEvent, _: &SweepState| {
        if matches!(event, SweepEvent::Reported { trial: 3, .. }) {
            control.stop();
        }
    };
    sweep(dir.path(), &plan, 1, &control, stop);
    // Killed while it created the run: the folder is there, the manifest is not.
    let run = dir.path().join("rates-003");
    std::fs::remove_dir_all(&run).unwrap();
    std::fs::create_dir(&run).unwrap();
    for file in ["events.jsonl", "run.lock", ".run.toml.a1b2c3"] {
        std::fs::write(run.join(file), "").unwrap();
    }
    // No checkpoint of this one can be read any more.
    forget_end(dir.path(), 2);
    let checkpoints = dir.path().join("rates-002/checkpoints");
    for file in std::fs::read_dir(checkpoints).unwrap() {
        std::fs::write(file.unwrap().path(), "nothing").unwrap();
    }
    let mut warned = Vec::new();
    let (_, state) = sweep(
        dir.path(),
        &plan,
        1,
        &SweepControl::default(),
        |event, _| {
            if let SweepEvent::Warned { message } = event {
                warned.push(message.clone());
            }
        },
    );
    assert_eq!(results(&state), expected);
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with("trial 2 starts over: "), "{warned:?}");
    let folders = std::fs::read_dir(dir.path()).unwrap();
    let names = folders.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    let runs = (1..=6).map(|n| format!("rates-{n:03}"));
    let all: Vec<String> = std::iter::once("rates".to_owned()).chain(runs).collect();
    assert_eq!(names, all);
    // Somebody else's run is left alone.
    let theirs = dir.path().join("rates-007");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("events.jsonl"), "theirs").unwrap();
    let mut more = plan;
    more.definition.trials = Some(7);
    assert_eq!(whole(dir.path(), &more, 1).trials[&7].run, "rates-007-2");
    assert_eq!(
        std::fs::read_to_string(theirs.join("events.jsonl")).unwrap(),
        "theirs"
    );
}

#[test]
fn a_sweep_ends_when_every_setting_has_been_tried() {
    let text = "name = 'few'\nmethod = 'METHOD'\nmetric = 'train_loss'\ntrials = 20\n\
        [[search]]\nkey = 'optimizer'\nlist = ['adam', 'sgd']\n\
        [[search]]\nkey = 'batch_size'\nint_range = [15, 17]";
    for method in ["random", "sobol", "tpe"] {
        let dir = tempfile::tempdir().unwrap();
        let plan = plan(&text.replace("METHOD", method), 1);
        let (end, state) = sweep(dir.path(), &plan, 1, &SweepControl::default(), |_, _| {});
        assert_eq!(end, SweepEnd::Exhausted, "{method}");
        let mut points: Vec<String> = state
            .trials
            .values()
            .map(|t| sweep::describe(&t.point))
            .collect();
        points.sort();
        points.dedup();
        assert_eq!((points.len(), state.trials.len()), (6, 6), "{method}");
    }
}

#[test]
fn seeds_repeat_a_setting_and_a_retry_does_a_trial_again() {
    let dir = tempfile::tempdir().unwrap();
    let text = "name = 'seeds'\nmethod = 'grid'\nmetric = 'train_loss'\nseeds_per_setting = 3\n\
        [[search]]\nkey = 'optimizer'\nlist = ['adam', 'sgd']";
    let plan = plan(text, 1);
    let state = whole(dir.path(), &plan, 2);
    let places = state.leaderboard(&plan.definition);
    assert_eq!(places.len(), 2);
    assert!(
        places
            .iter()
            .all(|p| p.trials.len() == 3 && p.deviation.is_some())
    );
    let seed = |trial: usize| {
        let run = RunFolder::open(&dir.path().join(&state.trials[&trial].run)).unwrap();
        run.manifest().config.seed
    };
    assert_eq!((1..=6).map(seed).collect::<Vec<_>>(), [1, 2, 3, 1, 2, 3]);

    let control = SweepControl::default();
    control.retry(2);
    let mut started = Vec::new();
    let (_, again) = sweep(dir.path(), &plan, 1, &control, |event, _| {
        if let SweepEvent::Started { trial, run, .. } = event {
            started.push((*trial, run.clone()));
        }
    });
    assert_eq!(
        started,
        [(2, "seeds-002".to_owned())],
        "it takes its old place"
    );
    assert_eq!(results(&again), results(&state));
    let trash = candle_studio::runs::deleted_runs(dir.path()).unwrap();
    assert_eq!(trash, [candle_studio::runs::RunId::new("seeds-002")]);
}

#[test]
fn a_paused_sweep_waits_and_its_clock_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan(SWEEP, 1);
    let control = SweepControl::default();
    let pause = std::time::Duration::from_millis(400);
    let begun = std::time::Instant::now();
    let (end, state) = std::thread::scope(|scope| {
        let mut n_ends = 0;
        let control = &control;
        sweep(dir.path(), &plan, 2, control, move |event, _| {
            if matches!(event, SweepEvent::Ended { .. }) {
                n_ends += 1;
                if n_ends == 2 {
                    control.pause();
                    scope.spawn(move || {
                        std::thread::sleep(pause);
                        control.resume();
                    });
                }
            }
        })
    });
    assert_eq!(end, SweepEnd::Completed);
    // Nothing happened while it waited, and the clock of the sweep did not count that.
    assert!(begun.elapsed() > pause);
    let passed = begun.elapsed().as_secs_f64();
    assert!(
        state.secs <= passed - pause.as_secs_f64(),
        "{} of {passed}",
        state.secs
    );
}

#[test]
fn what_cannot_run_is_told_before_it_starts() {
    let text = r#"
name = "wrong"
method = "random"
trials = 3
prune = { rule = "asha" }
[[search]]
key = "batch_size"
int_range = [0, 100000]
[[search]]
key = "momentum"
range = [0.0, 0.9]
[[search]]
key = "preset"
list = ["mlp", "no-such"]
"#;
    let problems = plan(text, 1).problems(&dataset());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for words in [
        "two epochs or more",
        "`batch_size` = 0: batch size: must be between 1",
        "`batch_size` = 100000",
        "no key `momentum`",
        "there is no preset `no-such`",
    ] {
        assert!(
            told.iter().any(|t| t.contains(words)),
            "{words} in {told:#?}"
        );
    }
}
