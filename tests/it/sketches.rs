//! Labeled sketches as a second validation set: measured after every epoch, choosing and changing
//! nothing; and their history in the studio.

use std::path::Path;
use std::sync::Arc;

use candle_studio::data::sketches::{SharedSketches, SketchFolder};
use candle_studio::data::{Dataset, ImageSet};
use candle_studio::evaluate::SplitName;
use candle_studio::model::{Network, preset};
use candle_studio::runs::{Metric, RunSummary};
use candle_studio::studio::{
    CanvasAction, EvaluateAction, RunAction, SketchAction, Stroke, Studio,
};
use candle_studio::train::{
    Checkpoint, Control, EarlyStopping, EpochPoint, Event, Job, Observer, TrainConfig, Watched,
    resume, train,
};

use crate::support::studio::{choose_small, is_finished, run, studio, wait};
use crate::support::tiny;

/// Hears everything.
#[derive(Default)]
struct Ear {
    events: Vec<Event>,
    checkpoints: Vec<Checkpoint>,
}

impl Observer for Ear {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.checkpoints.push(checkpoint);
    }
}

impl Ear {
    fn epochs(&self) -> Vec<EpochPoint> {
        let epochs = self.events.iter().filter_map(|event| match event {
            Event::EpochDone { point } => Some(EpochPoint {
                secs: 0.0,
                epoch_secs: 0.0,
                ..*point
            }),
            _ => None,
        });
        epochs.collect()
    }
}

/// The small dataset, with `n` sketches that all show class 2.
fn data(n: usize) -> Arc<Dataset> {
    let pixels = (0..n).flat_map(|idx| tiny::image(2, 500 + idx)).collect();
    let set = ImageSet::new([1, tiny::SIDE, tiny::SIDE], pixels, vec![2; n]).unwrap();
    let sketches = SharedSketches::default();
    sketches.set(Some(set));
    Arc::new(Dataset {
        sketches,
        ..tiny::dataset()
    })
}

/// A run in which whatever is measured could matter: early stopping, and an EMA of the weights.
fn job(data: &Arc<Dataset>) -> Job {
    let preset = preset("mlp").unwrap();
    let n_images = data.train.len();
    let mut config = TrainConfig::new(preset, data.image_shape(), tiny::CLASSES, n_images);
    config.epochs = 4;
    config.batch_size = 16;
    config.n_validation = 13;
    config.ema_decay = 0.9;
    config.early_stopping = EarlyStopping {
        patience: 2,
        min_delta: 2.0,
        metric: Watched::Loss,
    };
    Job::new(config, data.clone()).unwrap().with_checkpoints(3)
}

fn bits(network: &Network) -> Vec<u32> {
    let values = network.params().iter().flat_map(|param| {
        let values: Vec<f32> = param.var.flatten_all().unwrap().to_vec1().unwrap();
        values
    });
    values.map(f32::to_bits).collect()
}

fn without_sketches(mut epochs: Vec<EpochPoint>) -> Vec<EpochPoint> {
    epochs.iter_mut().for_each(|epoch| epoch.sketches = None);
    epochs
}

#[test]
fn sketches_are_measured_after_every_epoch_and_change_no_bit() {
    let [mut plain, mut measured] = [Ear::default(), Ear::default()];
    let before = train(&job(&data(0)), &Control::default(), &mut plain).unwrap();
    let after = train(&job(&data(7)), &Control::default(), &mut measured).unwrap();
    assert_eq!(bits(&before.network), bits(&after.network));
    assert_eq!(before.finish, after.finish);
    assert_eq!(before.test, after.test);
    assert_eq!(plain.epochs(), without_sketches(measured.epochs()));
    assert!(measured.epochs().len() > 1);
    for epoch in measured.epochs() {
        let sketches = epoch.sketches.unwrap();
        assert_eq!(sketches.n, 7);
        assert!(sketches.metrics.loss.is_finite());
    }
    let bytes = |ear: &Ear| -> Vec<Vec<u8>> {
        let timeless = ear.checkpoints.iter().map(|checkpoint| {
            let mut state = checkpoint.clone();
            state.rollback = None;
            state.cursor.secs = 0.0;
            state.cursor.secs_at_epoch = 0.0;
            state.cursor.epoch_secs.clear();
            state.to_bytes().unwrap()
        });
        timeless.collect()
    };
    assert_eq!(bytes(&plain), bytes(&measured));
}

#[test]
fn a_run_without_sketches_writes_what_it_always_wrote() {
    let mut ear = Ear::default();
    train(&job(&data(0)), &Control::default(), &mut ear).unwrap();
    let mut summary = RunSummary::default();
    for event in &ear.events {
        let line = serde_json::to_string(event).unwrap();
        assert!(!line.contains("sketch"), "{line}");
        summary.apply(event);
    }
    assert!(!summary.metrics().contains_key(&Metric::SketchAccuracy));
}

#[test]
fn a_resumed_run_is_measured_on_the_sketches_that_are_there_then() {
    let mut ear = Ear::default();
    let whole = train(&job(&data(0)), &Control::default(), &mut ear).unwrap();
    let checkpoint = ear.checkpoints[1].clone();
    let n_before = checkpoint.cursor.epoch;
    let mut rest = Ear::default();
    let resumed = resume(&job(&data(3)), checkpoint, &Control::default(), &mut rest).unwrap();
    assert_eq!(bits(&whole.network), bits(&resumed.network));
    assert_eq!(without_sketches(rest.epochs()), ear.epochs()[n_before..]);
    assert!(rest.epochs().iter().all(|e| e.sketches.unwrap().n == 3));
}

#[test]
fn sketch_metrics_survive_a_file_and_old_events_have_none() {
    let mut ear = Ear::default();
    train(&job(&data(2)), &Control::default(), &mut ear).unwrap();
    let mut summary = RunSummary::default();
    for event in &ear.events {
        let line = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&line).unwrap(), event);
        summary.apply(event);
    }
    let all = summary.metrics()[&Metric::SketchAccuracy];
    let last = ear.epochs().last().unwrap().sketches.unwrap();
    assert_eq!(all.last, last.metrics.accuracy);
    let old = r#"{"event":"epoch_done","point":{"epoch":1,"step":2,"images":3,"secs":0.5,
        "epoch_secs":0.5,"train":{"loss":1.0,"accuracy":0.5},"validation":null}}"#;
    let Event::EpochDone { point } = serde_json::from_str(old).unwrap() else {
        panic!("{old}")
    };
    assert_eq!(point.sketches, None);
}

/// Draws an upright stroke at `x`.
fn draw(studio: &mut Studio, x: f32) {
    studio.handle(CanvasAction::BeginStroke(Stroke {
        erases: false,
        points: vec![[x, 0.2], [x, 0.8]],
    }));
    studio.handle(CanvasAction::EndStroke);
}

fn label(studio: &mut Studio, class: &str) {
    studio.handle(SketchAction::Label(class.to_owned()));
}

fn labels(studio: &Studio) -> Vec<String> {
    studio
        .sketches()
        .all()
        .iter()
        .map(|s| s.label.clone())
        .collect()
}

fn settle(studio: &mut Studio) {
    wait(studio, "the sketches", |s| {
        s.activities().is_empty() && s.sketches().is_settled()
    });
}

/// The labels in the folder.
fn on_disk(workspace: &Path) -> Vec<String> {
    let found = SketchFolder::of(workspace).read().unwrap();
    assert_eq!(found.damage, None);
    found.sketches.iter().map(|s| s.label.clone()).collect()
}

#[test]
fn a_label_is_corrected_on_the_same_canvas_and_undone_in_order() {
    let mut studio = studio(None);
    label(&mut studio, "1");
    assert_eq!(labels(&studio), [""; 0], "nothing is drawn");
    draw(&mut studio, 0.3);
    label(&mut studio, "1");
    label(&mut studio, "7");
    assert_eq!(
        (labels(&studio), studio.sketch_label()),
        (vec!["7".to_owned()], Some("7"))
    );
    draw(&mut studio, 0.6);
    assert_eq!(studio.sketch_label(), None, "it is another sketch now");
    label(&mut studio, "4");
    assert_eq!(labels(&studio), ["7", "4"]);

    // Backward: the second label, the stroke, the correction, the first label, the first stroke.
    let version = |s: &Studio| s.pad().version();
    let mut undo = || {
        let before = version(&studio);
        assert!(studio.can_undo_on_canvas());
        studio.handle(CanvasAction::Undo);
        let label = studio.sketch_label().map(str::to_owned);
        (labels(&studio), label, version(&studio) != before)
    };
    let some = |label: &str| Some(label.to_owned());
    let list = |all: &[&str]| all.iter().map(|&l| l.to_owned()).collect::<Vec<_>>();
    assert_eq!(undo(), (list(&["7"]), None, false));
    assert_eq!(undo(), (list(&["7"]), some("7"), true));
    assert_eq!(undo(), (list(&["1"]), some("1"), false));
    assert_eq!(undo(), (list(&[]), None, false));
    assert_eq!(undo(), (list(&[]), None, true));
    assert!(!studio.can_undo_on_canvas() && studio.pad().is_empty());
    for _ in 0..5 {
        assert!(studio.can_redo_on_canvas());
        studio.handle(CanvasAction::Redo);
    }
    assert!(!studio.can_redo_on_canvas());
    assert_eq!(labels(&studio), ["7", "4"]);
    assert_eq!(studio.sketch_label(), Some("4"));
}

#[test]
fn a_new_stroke_drops_the_labels_that_were_undone() {
    let mut studio = studio(None);
    draw(&mut studio, 0.3);
    label(&mut studio, "1");
    studio.handle(CanvasAction::Undo);
    draw(&mut studio, 0.6);
    assert!(!studio.can_redo_on_canvas());
    assert_eq!(labels(&studio), [""; 0]);
}

#[test]
fn images_of_the_dataset_are_no_sketches() {
    let mut studio = studio(None);
    studio.handle(CanvasAction::TestImage(3));
    assert!(!studio.can_label());
    label(&mut studio, "0");
    assert_eq!(labels(&studio), [""; 0]);
}

#[test]
fn a_workspace_keeps_sketches_with_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = studio(Some(dir.path()));
    settle(&mut first);
    for (x, class) in [(0.3, "1"), (0.5, "2"), (0.7, "3")] {
        first.handle(CanvasAction::Clear);
        draw(&mut first, x);
        label(&mut first, class);
    }
    let id = |s: &Studio, idx: usize| s.sketches().all()[idx].id.clone();
    let [one, two] = [id(&first, 0), id(&first, 1)];
    first.handle(SketchAction::Relabel(one, "7".to_owned()));
    first.handle(SketchAction::Delete(two.clone()));
    settle(&mut first);
    assert_eq!(labels(&first), ["7", "3"]);
    assert_eq!(on_disk(dir.path()), ["7", "3"]);
    first.handle(CanvasAction::Undo);
    settle(&mut first);
    assert_eq!(
        (labels(&first), on_disk(dir.path())),
        (labels(&first), labels(&first))
    );
    assert_eq!(id(&first, 1), two, "it came back to its place");
    drop(first);

    let mut second = studio(Some(dir.path()));
    settle(&mut second);
    assert_eq!(labels(&second), ["7", "2", "3"]);
    second.handle(SketchAction::Show(two));
    assert_eq!(second.sketch_label(), Some("2"));
    label(&mut second, "9");
    settle(&mut second);
    assert_eq!(on_disk(dir.path()), ["7", "9", "3"]);

    let out = dir.path().join("out.npz");
    second.handle(SketchAction::Export(out.clone()));
    settle(&mut second);
    let exported = Dataset::open(&out).unwrap();
    assert_eq!(exported.train.len() + exported.test.len(), 3);
}

#[test]
fn a_label_that_cannot_be_written_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(dir.path()));
    settle(&mut studio);
    // A file where the folder should be.
    std::fs::write(dir.path().join("sketches"), "mine").unwrap();
    draw(&mut studio, 0.4);
    label(&mut studio, "1");
    settle(&mut studio);
    assert_eq!(labels(&studio), [""; 0]);
    let texts: Vec<&str> = studio.notices().iter().map(|n| n.text.as_str()).collect();
    assert!(
        texts.iter().any(|t| t.contains("The sketch was not saved")),
        "{texts:?}"
    );
    assert!(!studio.sketches().all().iter().any(|s| s.label == "1"));
}

#[test]
fn the_window_s_runs_are_measured_on_them_and_evaluate_shows_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(dir.path()));
    settle(&mut studio);
    for (x, class) in [(0.4, "1"), (0.5, "1"), (0.6, "8")] {
        studio.handle(CanvasAction::Clear);
        draw(&mut studio, x);
        label(&mut studio, class);
    }
    settle(&mut studio);
    assert_eq!(studio.dataset().unwrap().sketches.get().unwrap().len(), 3);
    assert_eq!(
        studio.sketches().score().unwrap().accuracy(),
        None,
        "no model yet"
    );
    choose_small(&mut studio, 2);
    studio.handle(RunAction::Train);
    wait(&mut studio, "the run", is_finished);
    let points: Vec<_> = run(&studio)
        .epochs
        .iter()
        .map(|e| e.sketches.unwrap())
        .collect();
    assert!(
        points.len() == 2 && points.iter().all(|p| p.n == 3),
        "{points:?}"
    );

    wait(&mut studio, "the score", |s| {
        let score = s.sketches().score();
        score.is_some_and(|s| s.accuracy() == Some(points[1].metrics.accuracy))
    });
    let score = studio.sketches().score().unwrap().clone();
    assert_eq!(score.n, 3);
    let n_right = score
        .all
        .iter()
        .zip(&score.answers)
        .filter(|(s, a)| a.as_ref() == Some(&s.label));
    assert_eq!(n_right.count(), score.n_right);
    assert!(score.gap.is_some());

    studio.handle(EvaluateAction::Split(SplitName::Sketches));
    studio.handle(EvaluateAction::Show(true));
    let n_images = |s: &Studio| s.evaluator().newest().map(|e| (e.split, e.report.n_images));
    wait(&mut studio, "the evaluation", |s| {
        n_images(s) == Some((SplitName::Sketches, 3))
    });
    // One more is evaluated at once.
    studio.handle(CanvasAction::Clear);
    draw(&mut studio, 0.2);
    label(&mut studio, "4");
    wait(&mut studio, "the new sketch", |s| {
        n_images(s) == Some((SplitName::Sketches, 4))
    });
}

#[test]
fn augmentation_follows_the_measured_gap() {
    let mut studio = studio(None);
    // Strokes that lean far to the right.
    studio.handle(CanvasAction::BeginStroke(Stroke {
        erases: false,
        points: vec![[0.3, 0.8], [0.7, 0.2]],
    }));
    label(&mut studio, "1");
    wait(&mut studio, "the gap", |s| {
        s.sketches()
            .score()
            .is_some_and(|score| score.gap.is_some())
    });
    let gap = studio.sketches().score().unwrap().gap.unwrap();
    assert!(gap.slant > 10.0, "{gap:?}");
    let wanted = studio.matched_augmentation().unwrap();
    studio.handle(SketchAction::MatchAugmentation);
    assert_eq!(studio.draft().augment, wanted);
    assert!(wanted.shear >= gap.slant);
    assert_eq!(studio.matched_augmentation(), None);
}
