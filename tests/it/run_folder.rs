//! Runs kept on disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use candle_studio::model::{Classifier, preset};
use candle_studio::runs::{Recorder, RunFolder, RunState, Status, Summary};
use candle_studio::train::{
    Control, Event, Finish, Job, Metrics, Observer, Outcome, StepPoint, TrainConfig, train,
};

use crate::support::tiny;

fn job(learning_rate: f64) -> Job {
    let dataset = tiny::dataset();
    let mut config = TrainConfig::new(
        preset("softmax").unwrap(),
        dataset.image_shape(),
        dataset.n_classes(),
        tiny::N_TRAIN,
    );
    config.epochs = 2;
    config.learning_rate = learning_rate;
    Job::new(config, Arc::new(dataset)).unwrap()
}

/// A run watched and recorded at once.
struct Both {
    state: RunState,
    recorder: Recorder,
}

impl Both {
    fn new(dir: &Path, job: &Job) -> Both {
        Both {
            state: RunState::new("a run", job.config().clone()),
            recorder: Recorder::create(dir, "a run", job).unwrap(),
        }
    }
}

impl Observer for Both {
    fn event(&mut self, event: &Event) {
        self.state.apply(event);
        self.recorder.event(event);
    }
}

fn classifier(job: &Job, outcome: Outcome) -> Classifier {
    outcome.into_classifier(job)
}

/// NaN is not equal to itself, but it is written the same.
fn assert_same(a: &RunState, b: &RunState) {
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

#[test]
fn a_replayed_run_equals_the_live_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("runs").join("first");
    let job = job(1e-3);
    let mut both = Both::new(&dir, &job);
    let outcome = train(&job, &Control::default(), &mut both).unwrap();
    let summary = Summary::new(&outcome);
    let model = classifier(&job, outcome);
    both.recorder.finish(&summary, &model).unwrap();

    let folder = RunFolder::open(&dir).unwrap();
    assert_eq!(folder.replay().unwrap(), both.state);
    assert_eq!(folder.summary().unwrap(), Some(summary));
    assert_eq!(&folder.manifest().config, job.config());
    assert_eq!(folder.manifest().data.fingerprint, "of bars");
    let saved = Classifier::load(&folder.model_path()).unwrap();
    assert!(
        saved.to_bytes().unwrap() == model.to_bytes().unwrap(),
        "other bytes"
    );
}

#[test]
fn numbers_that_are_not_finite_are_replayed_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let job = job(1e-3);
    let mut both = Both::new(dir.path(), &job);
    let point = |step, loss| StepPoint {
        step,
        images: 32,
        epoch: 0.1,
        secs: 0.5,
        loss,
        accuracy: 0.25,
        learning_rate: 1e-3,
    };
    let losses = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2];
    let points = losses
        .iter()
        .enumerate()
        .map(|(i, &loss)| point(i as u64, loss))
        .collect();
    both.event(&Event::Steps { points });
    both.event(&Event::Finished {
        finish: Finish::Diverged { step: 4 },
        test: Some(Metrics {
            loss: f64::NAN,
            accuracy: 0.5,
        }),
    });
    let replayed = RunFolder::open(dir.path()).unwrap().replay().unwrap();
    assert_same(&replayed, &both.state);
    assert!(replayed.points[0].loss.is_nan());
}

#[test]
fn a_torn_last_line_is_as_if_it_had_not_happened() {
    let dir = tempfile::tempdir().unwrap();
    let mut both = Both::new(dir.path(), &job(1e-3));
    both.event(&Event::Paused { step: 1 });
    let file = dir.path().join("events.jsonl");
    let whole = fs::read(&file).unwrap();
    let line = serde_json::to_vec(&Event::Resumed { step: 1 }).unwrap();
    for n in 0..line.len() {
        fs::write(&file, [&whole, &line[..n]].concat()).unwrap();
        let folder = RunFolder::open(dir.path()).unwrap();
        assert_eq!(folder.replay().unwrap().status, Status::Paused, "{n} bytes");
        assert_eq!(folder.summary().unwrap(), None);
    }
}

#[test]
fn a_line_that_is_broken_and_not_the_last_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut both = Both::new(dir.path(), &job(1e-3));
    both.event(&Event::Paused { step: 1 });
    let file = dir.path().join("events.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}{{\"event\":\n{text}")).unwrap();
    let error = RunFolder::open(dir.path())
        .unwrap()
        .replay()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("events.jsonl") && error.contains("line 2"),
        "{error}"
    );
}

#[test]
fn a_folder_holds_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let job = job(1e-3);
    let mut first = Recorder::create(dir.path(), "first", &job).unwrap();
    first.event(&Event::Paused { step: 0 });
    let before = fs::read(dir.path().join("run.toml")).unwrap();
    let error = Recorder::create(dir.path(), "second", &job)
        .unwrap_err()
        .to_string();
    assert!(error.contains("already holds a run"), "{error}");
    drop(first);
    fs::remove_file(dir.path().join("run.toml")).unwrap();
    // Even events alone are somebody's run.
    Recorder::create(dir.path(), "third", &job).unwrap_err();
    fs::write(dir.path().join("run.toml"), &before).unwrap();
    assert_eq!(
        RunFolder::open(dir.path()).unwrap().manifest().name,
        "first"
    );
    // What is left by a process that was killed before it wrote the manifest is nobody's.
    fs::remove_file(dir.path().join("run.toml")).unwrap();
    fs::write(dir.path().join("events.jsonl"), "").unwrap();
    Recorder::create(dir.path(), "fourth", &job).unwrap();
    assert_eq!(
        RunFolder::open(dir.path()).unwrap().manifest().name,
        "fourth"
    );
}

#[test]
fn a_newer_run_is_refused_politely_and_a_broken_one_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.toml");
    let open = || RunFolder::open(dir.path()).unwrap_err().to_string();
    assert!(open().starts_with("could not read"), "{}", open());
    for (text, words) in [
        (
            "format_version = 99\nnew_things = true\n",
            "update Candle Studio",
        ),
        ("format_version = 1\n", "line 1: the key `"),
        ("not toml at all", "is not a run"),
    ] {
        fs::write(&file, text).unwrap();
        assert!(
            open().contains(words) && !open().contains('\n'),
            "{}",
            open()
        );
    }
}

#[test]
fn a_run_goes_on_when_it_can_no_longer_be_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let job = job(1e-3);
    let mut both = Both::new(dir.path(), &job);
    // A folder in the place of the summary is refused like a full disk.
    fs::create_dir(dir.path().join("summary.json")).unwrap();
    let outcome = train(&job, &Control::default(), &mut both).unwrap();
    assert_eq!(outcome.finish, Finish::Completed);
    let summary = Summary::new(&outcome);
    let error = both
        .recorder
        .finish(&summary, &classifier(&job, outcome))
        .unwrap_err();
    assert!(error.to_string().contains("summary.json"), "{error}");
    assert!(dir.path().join("model.safetensors").is_file());
}
