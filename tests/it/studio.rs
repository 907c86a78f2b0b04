//! The app without a window: actions in, state out.

use std::path::Path;

use candle_studio::model::{Conv2d, Dense, Layer};
use candle_studio::runs::{BestBy, Recorder, RunFolder, RunState, Status};
use candle_studio::studio::{
    CanvasAction, DraftAction, Effect, FileAction, LibraryAction, Model, RunAction, Stroke, Studio,
    TimelineAction,
};
use candle_studio::train::{
    Anomaly, EpochPoint, Finish, Job, OnDivergence, Optimizer, Recovery, RollbackRate, Setting,
    Value,
};

use crate::support::studio::{
    choose_small, edit, is_finished, run, studio, wait, write_diverged_model,
};
fn draw_one(studio: &mut Studio) {
    studio.handle(CanvasAction::BeginStroke(Stroke {
        erases: false,
        points: vec![[0.5, 0.2]],
    }));
    studio.handle(CanvasAction::ExtendStroke(vec![[0.5, 0.5], [0.5, 0.8]]));
    studio.handle(CanvasAction::EndStroke);
}

/// The folders in a workspace; its index is a file.
fn run_folders(workspace: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(workspace).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

#[test]
fn train_to_the_end_and_ask_the_canvas() {
    let mut studio = studio(None);
    choose_small(&mut studio, 2);
    studio.handle(RunAction::Train);
    draw_one(&mut studio);
    wait(&mut studio, "the end", is_finished);
    let run = run(&studio);
    assert_eq!(run.status, Status::Finished(Finish::Completed));
    assert_eq!(run.points.len(), 2 * 1000_usize.div_ceil(32));
    assert_eq!(run.points.last().unwrap().images, 2000);
    assert_eq!(run.epochs.len(), 2);
    let best = run
        .best_epoch(BestBy::Accuracy)
        .unwrap()
        .validation
        .unwrap();
    assert!(best.accuracy > 0.6, "{best:?}");
    assert!(run.test.unwrap().accuracy > 0.6);
    wait(&mut studio, "an answer", |s| s.prediction().is_some());
    let prediction = studio.prediction().unwrap();
    let sum: f32 = prediction.probabilities.iter().sum();
    assert!((sum - 1.0).abs() < 1e-4);
    assert_eq!(prediction.input_shape, [1, 28, 28]);
    studio.handle(CanvasAction::Clear);
    assert!(
        studio.prediction().is_none(),
        "an empty canvas has no answer"
    );
}

#[test]
fn the_same_seed_gives_the_same_curves_and_another_seed_others() {
    let mut losses = Vec::new();
    let mut studio = studio(None);
    choose_small(&mut studio, 1);
    for seed in [7, 7, 8] {
        edit(&mut studio, |c| c.seed = seed);
        studio.handle(RunAction::Train);
        wait(&mut studio, "the end", is_finished);
        let bits: Vec<u64> = run(&studio)
            .points
            .iter()
            .map(|p| p.loss.to_bits())
            .collect();
        losses.push(bits);
    }
    assert_eq!(losses[0], losses[1]);
    assert_ne!(losses[0], losses[2]);
    assert_eq!(studio.runs().len(), 3);
}

#[test]
fn pause_step_resume_and_stop() {
    let mut studio = studio(None);
    choose_small(&mut studio, 100_000);
    studio.handle(RunAction::Step);
    wait(&mut studio, "a paused run", |s| {
        run(s).status == Status::Paused
    });
    assert_eq!(run(&studio).points.len(), 1, "a step is exactly one batch");
    studio.handle(RunAction::Step);
    wait(&mut studio, "the second step", |s| run(s).points.len() == 2);
    studio.handle(RunAction::Resume);
    wait(&mut studio, "more", |s| run(s).points.len() > 100);
    assert_eq!(run(&studio).status, Status::Running);
    studio.handle(RunAction::Train);
    assert_eq!(
        studio.runs().len(),
        1,
        "a second run does not start beside a live one"
    );
    studio.handle(RunAction::Stop);
    wait(&mut studio, "the end", is_finished);
    assert_eq!(run(&studio).status, Status::Finished(Finish::Stopped));
    assert!(
        run(&studio).test.is_some(),
        "a stopped run is kept and measured"
    );
}

#[test]
fn a_stopped_run_that_keeps_the_best_epoch_has_its_weights_and_says_so() {
    let mut studio = studio(None);
    choose_small(&mut studio, 100_000);
    edit(&mut studio, |c| {
        c.early_stopping.patience = 1_000;
        // Nothing is an improvement after the first epoch.
        c.early_stopping.min_delta = 100.0;
        c.n_validation = 59_900;
    });
    studio.handle(RunAction::Train);
    wait(&mut studio, "epochs", |s| run(s).epochs.len() > 3);
    studio.handle(RunAction::Stop);
    wait(&mut studio, "the end", is_finished);
    assert_eq!(run(&studio).status, Status::Finished(Finish::Stopped));
    assert_eq!(run(&studio).restored, Some(1));
    let notice = studio.notices().last().unwrap();
    assert_eq!(
        notice.text,
        "The model has the weights of epoch 1, the best"
    );
    assert!(!notice.is_error);
}

#[test]
fn settings_change_while_training_and_are_marked() {
    let mut studio = studio(None);
    choose_small(&mut studio, 100_000);
    assert_eq!(studio.effect_of(Setting::LearningRate), Effect::NextRun);
    studio.handle(RunAction::Train);
    wait(&mut studio, "a start", |s| run(s).points.len() > 50);
    assert_eq!(studio.effect_of(Setting::LearningRate), Effect::Now);
    assert_eq!(studio.effect_of(Setting::Validation), Effect::NextRun);
    edit(&mut studio, |c| c.learning_rate = 0.0);
    assert_eq!(studio.errors().len(), 1, "a wrong value is shown");
    edit(&mut studio, |c| {
        c.learning_rate = 3e-4;
        c.batch_size = 100;
    });
    wait(&mut studio, "the changes", |s| run(s).changes.len() == 2);
    let changes = &run(&studio).changes;
    assert_eq!(changes[0].setting, Setting::LearningRate);
    assert_eq!(
        [&changes[0].old, &changes[0].new],
        [&Value::Number(1e-3), &Value::Number(3e-4)],
        "the wrong value never acted"
    );
    assert_eq!(changes[1].old, 32.0);
    assert_eq!(changes[1].new, 100.0);
    let n = run(&studio).epochs.len();
    edit(&mut studio, |c| c.epochs = n + 1);
    wait(&mut studio, "an early end", is_finished);
    assert_eq!(run(&studio).status, Status::Finished(Finish::Completed));
}

#[test]
fn a_run_that_diverges_waits_and_goes_back_to_where_it_was_well() {
    let mut studio = studio(None);
    choose_small(&mut studio, 2);
    studio.handle(DraftAction::ChoosePreset("mlp"));
    edit(&mut studio, |c| {
        c.optimizer = Optimizer::SGD;
        c.learning_rate = 1e6;
        c.epochs = 2;
    });
    studio.handle(RunAction::Train);
    wait(&mut studio, "the trouble", |s| run(s).divergence.is_some());
    let divergence = run(&studio).divergence.clone().unwrap();
    assert!(matches!(divergence.anomaly, Anomaly::Spike { .. }));
    assert_eq!(divergence.step, 2, "the first update is seen to be bad");
    assert_eq!(run(&studio).status, Status::Paused);
    studio.handle(RunAction::Resume);
    edit(&mut studio, |c| c.learning_rate = 0.05);
    let step = *divergence.back_to.last().unwrap();
    assert_eq!(step, 0);
    studio.handle(RunAction::Recover(Recovery::RollBack {
        step,
        rate: RollbackRate::Current,
    }));
    wait(&mut studio, "the end", is_finished);
    assert_eq!(run(&studio).status, Status::Finished(Finish::Completed));
    assert_eq!(
        run(&studio).points.len(),
        64,
        "what was taken back is no part of the run"
    );
    assert!(run(&studio).test.unwrap().accuracy > 0.5);
}

#[test]
fn a_run_that_diverged_can_be_stopped_and_leaves_finite_weights() {
    let mut studio = studio(None);
    choose_small(&mut studio, 2);
    studio.handle(DraftAction::ChoosePreset("mlp"));
    edit(&mut studio, |c| {
        c.optimizer = Optimizer::SGD;
        c.learning_rate = 1e30;
    });
    studio.handle(RunAction::Train);
    wait(&mut studio, "the trouble", |s| run(s).divergence.is_some());
    studio.handle(RunAction::Stop);
    wait(&mut studio, "the end", is_finished);
    wait(&mut studio, "the weights", |s| s.classifier().is_some());
    for param in studio.classifier().unwrap().network.params() {
        let values: Vec<f32> = param.var.flatten_all().unwrap().to_vec1().unwrap();
        assert!(values.iter().all(|v| v.is_finite()), "{}", param.name);
    }
    choose_small(&mut studio, 1);
    studio.handle(RunAction::Train);
    wait(&mut studio, "the next run", is_finished);
    // The network has not the layers of the first, so it did start afresh.
    assert_eq!(run(&studio).config.model.layers.len(), 2);
}

#[test]
fn mistakes_are_told_at_their_field_and_nothing_starts() {
    let mut studio = studio(None);
    edit(&mut studio, |c| {
        c.batch_size = 0;
        c.model.layers.insert(0, Layer::Dense(Dense { units: 3 }));
    });
    assert!(studio.error_at(Setting::BatchSize).is_some());
    let layer = studio.error_at(Setting::Layer(0)).unwrap();
    assert!(
        layer.to_string().starts_with("dense1: dense needs a flat"),
        "{layer}"
    );
    assert!(!studio.can_train());
    studio.handle(RunAction::Train);
    assert!(studio.runs().is_empty());
}

#[test]
fn save_and_open_a_model_and_leave_everything_when_a_file_is_bad() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digits.safetensors");
    let mut studio = studio(None);
    studio.handle(FileAction::SaveModel(path.clone()));
    assert!(studio.notices()[0].text.contains("train one first"));
    choose_small(&mut studio, 1);
    studio.handle(RunAction::Train);
    draw_one(&mut studio);
    wait(&mut studio, "the end", is_finished);
    wait(&mut studio, "the final weights", |s| {
        s.classifier()
            .is_some_and(|c| c.provenance.test_accuracy.is_some())
    });
    studio.handle(FileAction::SaveModel(path.clone()));
    wait(&mut studio, "the file", |s| {
        s.notices().iter().any(|n| n.text.starts_with("Saved"))
    });
    studio.handle(FileAction::OpenModel(path.clone()));
    wait(&mut studio, "the model", |s| {
        matches!(s.model(), Model::Opened { .. })
    });
    std::fs::write(&path, b"not a model").unwrap();
    let n = studio.notices().len();
    studio.handle(FileAction::OpenModel(path));
    wait(&mut studio, "a complaint", |s| s.notices().len() > n);
    assert!(studio.notices()[n].is_error);
    assert!(
        matches!(studio.model(), Model::Opened { .. }),
        "the model stays"
    );
    studio.handle(FileAction::SaveModel(
        dir.path().join("none").join("x.safetensors"),
    ));
    wait(&mut studio, "a failed save", |s| s.notices().len() > n + 1);
    let notice = studio.notices().last().unwrap();
    assert!(
        notice.is_error && notice.text.contains("could not write"),
        "{notice:?}"
    );
}

#[test]
fn the_canvas_says_that_an_output_is_not_finite_and_shows_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("diverged.safetensors");
    write_diverged_model(&path);
    let mut studio = studio(None);
    draw_one(&mut studio);
    studio.handle(FileAction::OpenModel(path));
    wait(&mut studio, "the reason", |s| {
        s.prediction_error().is_some()
    });
    let error = studio.prediction_error().unwrap();
    assert!(
        error.contains("output for this image is infinite"),
        "{error}"
    );
    assert!(studio.prediction().is_none());
    // Said where the answer would be, and not once more with every bit of a stroke.
    assert!(
        studio.notices().iter().all(|n| !n.is_error),
        "{:?}",
        studio.notices()
    );
    studio.handle(CanvasAction::Clear);
    assert!(studio.prediction_error().is_none());
}

#[test]
fn files_that_claim_more_than_they_hold_are_refused_by_the_window_too() {
    let mut studio = studio(None);
    for name in ["claims-300k-units", "lstm-units", "input-100000"] {
        let file = format!("tests/fixtures/hostile/{name}.safetensors");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let n = studio.notices().len();
        studio.handle(FileAction::OpenModel(path));
        wait(&mut studio, "a complaint", |s| s.notices().len() > n);
        assert!(studio.notices()[n].is_error, "{:?}", studio.notices()[n]);
    }
    assert!(studio.classifier().is_none());
}

#[test]
fn layers_that_no_memory_holds_are_told_before_training() {
    let mut studio = studio(None);
    choose_small(&mut studio, 1);
    edit(&mut studio, |c| {
        c.model.layers = vec![
            Layer::Conv2d(Conv2d::new(13_000_000, 3, 0)),
            Layer::GlobalAvgPool,
            Layer::Dense(Dense { units: 10 }),
        ];
    });
    let [error] = studio.errors() else {
        panic!("{:?}", studio.errors());
    };
    assert_eq!(error.setting, Setting::Model);
    assert!(error.message.starts_with("training takes about"), "{error}");
    studio.handle(RunAction::Train);
    assert!(studio.runs().is_empty());
}

#[test]
fn a_folder_without_data_leaves_the_data_as_it_was() {
    let mut studio = studio(None);
    let dir = tempfile::tempdir().unwrap();
    studio.handle(FileAction::OpenData(dir.path().to_owned()));
    wait(&mut studio, "a complaint", |s| !s.notices().is_empty());
    assert!(studio.notices()[0].is_error);
    assert_eq!(studio.dataset().unwrap().name, "MNIST");
}

#[test]
fn a_test_image_comes_with_its_label() {
    let mut studio = studio(None);
    studio.handle(CanvasAction::RandomTestImage);
    assert!(studio.pad().true_label().is_some());
    assert!(!studio.pad().is_empty());
    draw_one(&mut studio);
    assert_eq!(
        studio.pad().true_label(),
        None,
        "drawn over, it is no test image any more"
    );
}

#[test]
fn closing_the_window_during_training_keeps_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = studio(Some(dir.path()));
    choose_small(&mut first, 100_000);
    first.handle(RunAction::Train);
    wait(&mut first, "some training", |s| run(s).points.len() > 100);
    drop(first);
    let folders = run_folders(dir.path());
    assert_eq!(folders.len(), 1);
    let folder = RunFolder::open(&folders[0]).unwrap();
    assert_eq!(folder.summary().unwrap().unwrap().finish, Finish::Stopped);
    assert!(folder.model_path().is_file());
    let mut second = studio(Some(dir.path()));
    wait(&mut second, "the earlier run", |s| s.runs().len() == 1);
    assert_eq!(run(&second).status, Status::Finished(Finish::Stopped));
    let id = second.runs()[0].id.clone();
    second.handle(LibraryAction::ShowRun(id.clone(), true));
    wait(&mut second, "its points", |s| run(s).points.len() > 100);
    second.handle(LibraryAction::ShowRun(id, false));
    assert!(
        run(&second).points.is_empty(),
        "they need not stay in memory"
    );
    assert!(second.live_run().is_none());
}

#[test]
fn a_run_goes_on_where_the_window_was_closed_and_ends_as_if_it_never_was() {
    let mut whole = studio(None);
    choose_small(&mut whole, 40);
    whole.handle(RunAction::Train);
    wait(&mut whole, "the end", is_finished);

    let dir = tempfile::tempdir().unwrap();
    let mut first = studio(Some(dir.path()));
    choose_small(&mut first, 40);
    first.handle(RunAction::Step);
    wait(&mut first, "a paused run", |s| {
        run(s).status == Status::Paused
    });
    first.handle(RunAction::Resume);
    wait(&mut first, "some training", |s| run(s).points.len() > 100);
    first.handle(RunAction::Pause);
    wait(&mut first, "a pause", |s| run(s).status == Status::Paused);
    let n_points = run(&first).points.len();
    assert!(n_points < 40 * 32, "paused too late to be of use");
    drop(first);

    let mut second = studio(Some(dir.path()));
    wait(&mut second, "the earlier run", |s| s.runs().len() == 1);
    let id = second.runs()[0].id.clone();
    assert!(second.can_continue(&id));
    second.handle(RunAction::Continue(id, 0));
    wait(&mut second, "the run to go on", |s| s.live_run().is_some());
    wait(&mut second, "the end", is_finished);
    let losses = |s: &Studio| -> Vec<u64> {
        let points = &run(s).points;
        points.iter().map(|p| p.loss.to_bits()).collect()
    };
    assert_eq!(losses(&second), losses(&whole));
    assert_eq!(run(&second).test, run(&whole).test);
    assert_eq!(run(&second).status, Status::Finished(Finish::Completed));

    // And on, for more epochs than it was to have.
    let id = second.runs()[0].id.clone();
    second.handle(RunAction::Continue(id, 2));
    wait(&mut second, "the run to go on", |s| s.live_run().is_some());
    wait(&mut second, "the longer end", is_finished);
    assert_eq!(run(&second).epochs.len(), 42);
    assert_eq!(second.draft().epochs, 42);
    assert_eq!(second.runs().len(), 1, "it is still the same run");
    // The end is written by the thread of the run.
    drop(second);
    let folder = RunFolder::open(&run_folders(dir.path())[0]).unwrap();
    assert_eq!(folder.replay().unwrap().epochs.len(), 42);
    assert_eq!(folder.summary().unwrap().unwrap().epochs, 42.0);
}

/// A run of the command line goes back by itself where the window's own would ask.
#[test]
fn a_run_begun_elsewhere_goes_on_as_it_was_begun() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(dir.path()));
    studio.handle(DraftAction::ChoosePreset("mlp"));
    edit(&mut studio, |c| {
        c.optimizer = Optimizer::SGD;
        c.learning_rate = 0.5;
        c.n_validation = 57_000;
        c.epochs = 1;
        c.seed = 3;
    });
    let data = studio.dataset().unwrap().clone();
    let job = Job::new(studio.draft().clone(), data).unwrap();
    let job = job
        .with_checkpoints(4)
        .on_divergence(OnDivergence::Rollback);
    // Killed before it had done anything.
    let path = dir.path().join("begun");
    drop(Recorder::create(&path, "begun", &job).unwrap());
    wait(&mut studio, "the run", |s| s.runs().len() == 1);

    let id = studio.runs()[0].id.clone();
    studio.handle(RunAction::Continue(id, 0));
    wait(&mut studio, "the run to go on", |s| s.live_run().is_some());
    wait(&mut studio, "the end", is_finished);
    assert_eq!(run(&studio).status, Status::Finished(Finish::Completed));
    assert!(run(&studio).n_rewinds > 0, "it had no reason to go back");
    let says = |words: &str| studio.notices().iter().any(|n| n.text.contains(words));
    assert!(says("starts over at update 0"), "{:?}", studio.notices());
    drop(studio);
    let options = RunFolder::open(&path).unwrap().manifest().options;
    assert_eq!(options, Some(job.options()));
}

#[test]
fn a_branch_of_a_queued_run_takes_changes() {
    let mut studio = studio(None);
    choose_small(&mut studio, 2);
    let queued = studio.draft().clone();
    studio.handle(RunAction::Queue(vec![queued]));
    wait(&mut studio, "the queued run", |s| {
        !s.runs().is_empty() && is_finished(s)
    });
    wait(&mut studio, "the timeline", |s| {
        !s.timeline().states().is_empty()
    });
    edit(&mut studio, |c| c.epochs = 2000);
    studio.handle(RunAction::Branch);
    assert!(studio.live_run().is_some(), "{:?}", studio.notices());
    assert_eq!(studio.effect_of(Setting::LearningRate), Effect::Now);
    edit(&mut studio, |c| c.learning_rate = 0.1);
    wait(&mut studio, "the change", |s| {
        run(s).config.learning_rate == 0.1
    });
    studio.handle(RunAction::Stop);
    wait(&mut studio, "the end", is_finished);
}

#[test]
fn a_branch_starts_from_the_shown_weights_and_its_curve_grows_out_of_its_parents() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(dir.path()));
    choose_small(&mut studio, 4);
    studio.handle(RunAction::Train);
    wait(&mut studio, "the end", is_finished);
    wait(&mut studio, "the timeline", |s| {
        s.timeline().at(64).is_some()
    });
    let parent = run(&studio).clone();
    studio.handle(TimelineAction::ShowStep(Some(64)));
    assert_eq!(studio.shown_step(), Some(64));

    // With nothing changed, the child is its parent.
    studio.handle(RunAction::Branch);
    assert_eq!(studio.runs().len(), 2);
    wait(&mut studio, "the end of the twin", is_finished);
    let loss = |r: &RunState| -> Vec<u64> { r.points.iter().map(|p| p.loss.to_bits()).collect() };
    let all = |r: &RunState| [r.before.points.clone(), r.points.clone()].concat();
    let own = |r: &RunState| -> Vec<u64> { all(r).iter().map(|p| p.loss.to_bits()).collect() };
    assert_eq!(own(run(&studio)), loss(&parent));
    assert_eq!(run(&studio).test, parent.test);
    assert_eq!(
        run(&studio).points[0],
        parent.points[63],
        "it grows out of update 64"
    );
    // The state is of before the end of the second epoch.
    let epochs = |epochs: &[EpochPoint]| -> Vec<_> {
        epochs
            .iter()
            .map(|e| (e.step, e.train, e.validation))
            .collect()
    };
    assert_eq!(epochs(&run(&studio).epochs), epochs(&parent.epochs[1..]));
    let origin = run(&studio).parent.clone().unwrap();
    assert_eq!(
        (origin.run.as_str(), origin.step),
        (parent.name.as_str(), 64)
    );

    // With another rate, it is the same until the branch, and another one after it.
    edit(&mut studio, |c| c.learning_rate = 0.1);
    studio.handle(TimelineAction::ShowStep(Some(64)));
    studio.handle(RunAction::Branch);
    wait(&mut studio, "the end of the child", is_finished);
    let child = run(&studio).clone();
    assert_eq!(
        loss(&child)[..2],
        loss(&parent)[63..65],
        "the rate acts on the next update"
    );
    assert_ne!(loss(&child)[2..], loss(&parent)[65..]);
    assert_eq!(child.config.learning_rate, 0.1);
    let folders = run_folders(dir.path());
    assert_eq!(folders.len(), 3);
    let mut kept = folders.iter().map(|f| RunFolder::open(f).unwrap());
    let child_folder = kept.find(|f| f.manifest().name == child.name).unwrap();
    assert_eq!(child_folder.manifest().parent, child.parent);
    assert_eq!(loss(&child_folder.replay().unwrap()), loss(&child));

    // A branch keeps the network of its parent.
    studio.handle(DraftAction::ChoosePreset("mlp"));
    studio.handle(RunAction::Branch);
    assert_eq!(studio.runs().len(), 3);
    assert!(
        studio
            .notices()
            .last()
            .unwrap()
            .text
            .contains("keeps the network")
    );
}
