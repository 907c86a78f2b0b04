//! Files dropped on the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_studio::studio::{FileAction, Model};
use egui_kittest::kittest::Queryable;

use crate::support::tiny;
use crate::support::window::{Window, click, settle, studio, wait, window};

#[derive(Debug)]
struct File(PathBuf);

impl egui::DroppedFile for File {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn drop_files(window: &mut Window, paths: &[PathBuf]) {
    for path in paths {
        let file = Arc::new(File(path.clone()));
        window.input_mut().dropped_files.push(file);
    }
    settle(window);
}

/// What the window says while the files are dragged over it.
fn drag(window: &mut Window, paths: &[PathBuf], text: &str) {
    window.input_mut().hovered_files = paths
        .iter()
        .map(|path| egui::HoveredFile {
            path: Some(path.clone()),
            ..egui::HoveredFile::default()
        })
        .collect();
    window.step();
    window.get_by_label_contains(text);
    window.input_mut().hovered_files.clear();
    window.step();
}

fn wait_for_model(window: &mut Window) {
    wait(window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
}

fn last_notice(window: &Window) -> &str {
    &studio(window).notices().last().unwrap().text
}

fn write_digit(path: &Path) {
    let column = |x, _| image::Luma([if (12..16).contains(&x) { 255 } else { 0 }]);
    image::GrayImage::from_fn(28, 28, column)
        .save(path)
        .unwrap();
}

fn fixture_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window/lenet-5.safetensors")
}

#[test]
fn a_model_in_capitals_a_folder_and_its_four_files_are_opened() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window();
    let model = dir.path().join("DIGITS.SAFETENSORS");
    std::fs::copy(fixture_model(), &model).unwrap();
    drag(
        &mut window,
        std::slice::from_ref(&model),
        "open the model DIGITS.SAFETENSORS",
    );
    drop_files(&mut window, &[model]);
    wait_for_model(&mut window);

    let bars = dir.path().join("bars");
    std::fs::create_dir(&bars).unwrap();
    tiny::write_folder(&bars);
    let files = [
        tiny::TRAIN_IMAGES,
        tiny::TRAIN_LABELS,
        tiny::TEST_IMAGES,
        tiny::TEST_LABELS,
    ]
    .map(|name| bars.join(name));
    drag(&mut window, &files, "open the dataset in bars");
    for paths in [&files[..], std::slice::from_ref(&bars), &files[..1]] {
        window.state_mut().act(FileAction::UseMnist);
        settle(&mut window);
        drop_files(&mut window, paths);
        wait(&mut window, "the dataset", |app| {
            app.studio()
                .dataset()
                .is_some_and(|data| data.name == "bars")
        });
    }
}

#[test]
fn several_pictures_are_classified_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window();
    let paths = ["a.png", "b.PNG"].map(|name| dir.path().join(name));
    paths.iter().for_each(|path| write_digit(path));
    drag(&mut window, &paths, "classify 2 images");
    drop_files(&mut window, &paths);
    assert!(
        last_notice(&window).contains("no model"),
        "{}",
        last_notice(&window)
    );
    drop_files(&mut window, &[fixture_model()]);
    wait_for_model(&mut window);

    let mut three = paths.to_vec();
    three.push(dir.path().join("broken.jpg"));
    std::fs::write(&three[2], "not a picture").unwrap();
    drop_files(&mut window, &three);
    wait(&mut window, "the answers", |app| {
        !app.studio().classified().is_empty()
    });
    window.run_steps(4);
    window.get_by_label("3 images classified");
    let files = studio(&window).classified();
    assert_eq!(files.len(), 3);
    assert!(files[2].answer.is_err());
    let found = files[0].answer.as_ref().unwrap();
    let share = 100.0 * found.probabilities[found.class];
    let answer = format!("{}  {share:.1} %", files[0].class);
    assert_eq!(window.query_all_by_label(&answer).count(), 2);
    click(&mut window, "Open b.PNG");
    settle(&mut window);
    assert!(studio(&window).classified().is_empty());
    assert!(!studio(&window).pad().is_empty(), "on the canvas");
}

#[test]
fn anything_else_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "hello").unwrap();
    drag(
        &mut window,
        std::slice::from_ref(&text),
        "notes.txt cannot be opened: drop images",
    );
    let models = ["a.safetensors", "b.safetensors"].map(|name| dir.path().join(name));
    for (paths, said) in [
        (vec![text.clone()], "notes.txt cannot be opened"),
        (models.to_vec(), "Drop one model, not 2."),
        (
            vec![text, models[0].clone()],
            "These 2 files cannot be opened together",
        ),
    ] {
        let before = studio(&window).notices().len();
        drop_files(&mut window, &paths);
        assert_eq!(studio(&window).notices().len(), before + 1);
        assert!(
            last_notice(&window).contains(said),
            "{}",
            last_notice(&window)
        );
        let other = PathBuf::from("/elsewhere/t10k-labels-idx1-ubyte");
        drag(
            &mut window,
            &[dir.path().join(tiny::TRAIN_IMAGES), other],
            "must be in one folder",
        );
    }
    // One picture goes to the canvas, whatever the case of its name.
    let picture = dir.path().join("one.PnG");
    write_digit(&dir.path().join("one.png"));
    std::fs::rename(dir.path().join("one.png"), &picture).unwrap();
    drag(
        &mut window,
        std::slice::from_ref(&picture),
        "put one.PnG on the canvas",
    );
    drop_files(&mut window, &[picture]);
    assert!(!studio(&window).pad().is_empty());
}

#[test]
fn a_model_of_another_program_is_opened_and_says_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    let mut window = window();
    let model = folder.join("residual-script.onnx");
    drag(
        &mut window,
        std::slice::from_ref(&model),
        "open the model residual-script.onnx",
    );
    drop_files(&mut window, &[model]);
    wait_for_model(&mut window);
    let said = last_notice(&window).to_owned();
    assert!(
        said.starts_with("Its scaling of the pixels became a batch norm"),
        "{said}"
    );

    let n_before = studio(&window).notices().len();
    drop_files(&mut window, &[folder.join("small.pth")]);
    wait(&mut window, "the refusal", |app| {
        app.studio().notices().len() > n_before
    });
    let said = last_notice(&window).to_owned();
    assert!(
        said.contains("choose their preset, or build their layers in the editor"),
        "{said}"
    );
    assert!(
        matches!(studio(&window).model(), Model::Opened { path, .. } if path.ends_with("residual-script.onnx"))
    );
}

/// What `candle-studio open FILE` does, and with it a double click.
#[test]
fn files_that_are_named_at_the_start_are_opened_as_if_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window();
    let missing = dir.path().join("notes.odt");
    window.state_mut().open(&[missing]);
    settle(&mut window);
    let last = studio(&window).notices().last().unwrap();
    assert!(
        last.is_error && last.text.contains("notes.odt"),
        "{}",
        last.text
    );
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    window
        .state_mut()
        .open(&[fixtures.join("lenet-5.safetensors")]);
    wait_for_model(&mut window);
    window.state_mut().open(&[]);
    assert!(matches!(studio(&window).model(), Model::Opened { .. }));
}
