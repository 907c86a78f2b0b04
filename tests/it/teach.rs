//! Teaching a trained model new classes, without a window.

use std::path::Path;

use candle_studio::data::store::Store;
use candle_studio::runs::Status;
use candle_studio::studio::{FileAction, Model, RunAction, Studio, TeachAction};
use candle_studio::train::Finish;
use image::{GrayImage, Luma};

use crate::support::studio::{choose_small, run, studio, wait};

/// Black pictures of bright frames, `kind` 0, or of bright crosses, in several sizes.
pub fn write_shapes(dir: &Path, kind: usize, n: usize) {
    std::fs::create_dir_all(dir).unwrap();
    for i in 0..n {
        let (low, high) = (20 + (i % 5) as u32 * 4, 80 + (i % 3) as u32 * 6);
        let picture = GrayImage::from_fn(112, 112, |x, y| {
            let near = |a: u32, b: u32| a.abs_diff(b) < 5;
            let is_inside = |v: u32| (low..=high).contains(&v);
            let is_frame = (near(x, low) || near(x, high)) && is_inside(y)
                || (near(y, low) || near(y, high)) && is_inside(x);
            let is_cross = is_inside(x) && is_inside(y) && (near(x, y) || near(x, low + high - y));
            let is_ink = if kind == 0 { is_frame } else { is_cross };
            Luma([if is_ink { 255 } else { 0 }])
        });
        picture.save(dir.join(format!("{i:02}.png"))).unwrap();
    }
}

fn open_model(studio: &mut Studio) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    studio.handle(FileAction::OpenModel(fixtures.join("lenet-5.safetensors")));
    wait(studio, "the model", |s| {
        matches!(s.model(), Model::Opened { .. })
    });
}

fn add_shapes(studio: &mut Studio, dir: &Path, n: usize) {
    for (kind, class) in ["frame", "cross"].into_iter().enumerate() {
        write_shapes(&dir.join(class), kind, n);
        studio.handle(TeachAction::AddClass(class.to_owned()));
        studio.handle(TeachAction::AddPictures(vec![dir.join(class)]));
        wait(studio, "the examples", |s| s.activities().is_empty());
    }
}

fn n_of(studio: &Studio, class: &str) -> usize {
    studio.teach().of_class(class).count()
}

#[test]
fn a_model_learns_new_classes_and_keeps_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = dir.path().join("runs");
    let mut studio = studio(Some(&workspace));
    open_model(&mut studio);
    assert!(!studio.can_teach(), "there are no examples");
    add_shapes(&mut studio, dir.path(), 15);
    assert_eq!((n_of(&studio, "frame"), n_of(&studio, "cross")), (15, 15));
    assert!(studio.taught_model().unwrap().contains("lenet-5"));

    studio.handle(TeachAction::Teach);
    wait(&mut studio, "the lesson", |s| s.teach().lesson().is_some());
    let lesson = studio.teach().lesson().unwrap().clone();
    assert_eq!(lesson.new_classes, ["frame", "cross"]);
    assert_eq!(lesson.new[1], 6, "one of five is held out");
    assert!(lesson.new[0] >= 5, "{lesson:?}");
    let ([right, n], before) = (lesson.old.unwrap(), lesson.old_before.unwrap());
    assert_eq!(n, 1000);
    assert!(before > 950 && right > 850, "{lesson:?}");

    // It is a dataset, a run and the model on the canvas.
    let data = studio.dataset().unwrap().clone();
    assert_eq!(data.classes.len(), 12);
    assert_eq!(data.train.len(), 200 + 24);
    assert_eq!(data.test.len(), 1000 + 6);
    let stored = Store::of(&workspace).list().unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].name, "frame cross");
    assert_eq!(run(&studio).dataset, "frame cross");
    assert_eq!(
        studio.classifier().unwrap().classes[10..],
        ["frame", "cross"]
    );

    // Another lesson begins with the same model, and with the same dataset stores no other.
    assert!(studio.taught_model().unwrap().contains("lenet-5"));
    studio.handle(TeachAction::Teach);
    wait(&mut studio, "the next lesson", |s| {
        s.teach().lesson().is_some()
    });
    let again = studio.teach().lesson().unwrap();
    assert_eq!((again.new, again.old), (lesson.new, lesson.old));
    assert_eq!(Store::of(&workspace).list().unwrap().len(), 1);
}

#[test]
fn without_the_old_classes_a_model_knows_the_new_ones_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(&dir.path().join("runs")));
    open_model(&mut studio);
    add_shapes(&mut studio, dir.path(), 10);
    studio.handle(TeachAction::KeepOld(false));
    studio.handle(TeachAction::TrainBody(false));
    studio.handle(TeachAction::Teach);
    wait(&mut studio, "the lesson", |s| s.teach().lesson().is_some());
    let lesson = studio.teach().lesson().unwrap();
    assert_eq!((lesson.old, lesson.new), (None, [4, 4]));
    assert_eq!(run(&studio).config.freeze, ["body"]);
    assert_eq!(studio.classifier().unwrap().classes, ["frame", "cross"]);
}

#[test]
fn a_run_in_training_is_stopped_kept_and_taught() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(&dir.path().join("runs")));
    choose_small(&mut studio, 100_000);
    add_shapes(&mut studio, dir.path(), 5);
    assert!(!studio.can_teach(), "there is no model");
    studio.handle(RunAction::Train);
    wait(&mut studio, "the model", |s| {
        matches!(s.model(), Model::Trained(_)) && !run(s).points.is_empty()
    });
    let name = run(&studio).name.clone();
    assert_eq!(studio.taught_model(), Some(name));
    studio.handle(TeachAction::Teach);
    wait(&mut studio, "the lesson", |s| s.teach().lesson().is_some());
    assert_eq!(studio.runs().len(), 2);
    let stopped = &studio.runs()[0].state.status;
    assert!(
        matches!(stopped, Status::Finished(Finish::Stopped)),
        "{stopped:?}"
    );
    assert_eq!(studio.classifier().unwrap().classes.len(), 12);
    assert_eq!(studio.teach().lesson().unwrap().new[1], 2);
}

#[test]
fn examples_are_deleted_undone_and_there_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let workspace = dir.path().join("runs");
    let mut first = studio(Some(&workspace));
    add_shapes(&mut first, dir.path(), 4);
    let id = first.teach().examples()[1].id.clone();
    first.handle(TeachAction::Delete(id));
    assert_eq!(n_of(&first, "frame"), 3);
    first.handle(TeachAction::RemoveClass("cross".to_owned()));
    assert_eq!(first.teach().classes(), ["frame"]);
    first.handle(TeachAction::Undo);
    assert_eq!(first.teach().classes(), ["frame", "cross"]);
    assert_eq!(n_of(&first, "cross"), 4);
    wait(&mut first, "the disk", |s| s.activities().is_empty());
    drop(first);

    let mut next = studio(Some(&workspace));
    wait(&mut next, "the examples", |s| {
        !s.teach().examples().is_empty()
    });
    assert_eq!((n_of(&next, "frame"), n_of(&next, "cross")), (3, 4));
    assert_eq!(next.notices().len(), 0, "{:?}", next.notices());
}

#[test]
fn what_cannot_be_taught_is_said_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut studio = studio(Some(&dir.path().join("runs")));
    let told = |studio: &mut Studio, words: &str| {
        wait(studio, words, |s| {
            s.notices().iter().any(|notice| notice.text.contains(words))
        });
        assert!(!studio.teach().is_busy());
        while !studio.notices().is_empty() {
            studio.handle(candle_studio::studio::Action::DismissNotice(0));
        }
    };
    open_model(&mut studio);
    while !studio.notices().is_empty() {
        studio.handle(candle_studio::studio::Action::DismissNotice(0));
    }
    studio.handle(TeachAction::AddPictures(vec![dir.path().to_owned()]));
    told(&mut studio, "Name a new class first");
    studio.handle(TeachAction::AddClass("frame".to_owned()));
    std::fs::write(dir.path().join("broken.png"), "no picture").unwrap();
    studio.handle(TeachAction::AddPictures(vec![dir.path().to_owned()]));
    told(&mut studio, "1 picture cannot be used");
    write_shapes(&dir.path().join("one"), 0, 1);
    studio.handle(TeachAction::AddPictures(vec![dir.path().join("one")]));
    wait(&mut studio, "the example", |s| n_of(s, "frame") == 1);
    studio.handle(TeachAction::Teach);
    told(&mut studio, "at least 2 examples");
    write_shapes(&dir.path().join("more"), 0, 3);
    studio.handle(TeachAction::AddPictures(vec![dir.path().join("more")]));
    wait(&mut studio, "the examples", |s| n_of(s, "frame") == 4);
    studio.handle(TeachAction::KeepOld(false));
    studio.handle(TeachAction::Teach);
    told(&mut studio, "at least two classes");
    assert_eq!(studio.dataset().unwrap().name, "MNIST");
}
