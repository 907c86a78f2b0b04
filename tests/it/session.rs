//! Closing the window and opening it again: what was there is there again.

use std::path::{Path, PathBuf};

use candle_studio::studio::{CanvasAction, FileAction, LibraryAction, Model, TimelineAction};
use candle_studio::ui::Options;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use crate::support::kept::{Kept, open_kept};
use crate::support::studio::write_diverged_model;
use crate::support::tiny;
use crate::support::window::{
    Window, answer, choose_small, click, draw_one, press, set, settle, studio, wait, wait_for_end,
};

/// A home with a workspace and the file of the session.
struct Home {
    dir: tempfile::TempDir,
    kept: Kept,
}

impl Home {
    fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("runs")).unwrap();
        Home {
            dir,
            kept: Kept::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn open(&self) -> Window {
        let mut window = open_kept(
            &self.kept,
            Options {
                default_workspace: Some(self.path("runs")),
                session: Some(self.path("config/session.json")),
                ..Options::default()
            },
        );
        settle(&mut window);
        window
    }

    fn close(&mut self, mut window: Window) {
        eframe::App::save(window.state_mut(), &mut self.kept);
    }
}

fn learning_rate(window: &Window) -> f64 {
    studio(window).draft().learning_rate
}

/// The notices of what was not restored.
fn lost(window: &Window) -> Vec<String> {
    let notices = studio(window).notices().iter();
    let texts = notices.map(|notice| notice.text.clone());
    texts
        .filter(|text| text.starts_with("Not restored"))
        .collect()
}

#[test]
fn settings_curves_model_and_sketch_are_there_again_and_again() {
    let mut home = Home::new();
    let mut window = home.open();
    choose_small(&mut window, 1);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    draw_one(&mut window);
    let before = answer(&mut window);
    set(&mut window, "Learning rate", 0.02);
    set(&mut window, "Learning rate", 0.03);
    let image = studio(&window).pad().image().clone();
    let draft = studio(&window).draft().clone();
    home.close(window);

    for _ in 0..2 {
        let mut window = home.open();
        wait(&mut window, "the curves", |app| {
            app.studio()
                .runs()
                .iter()
                .any(|run| run.is_visible && !run.is_loading())
        });
        window.run_steps(4);
        window.get_by_label("Loss curves");
        window.get_by_label("last trained run");
        assert_eq!(*studio(&window).draft(), draft);
        assert_eq!(*studio(&window).pad().image(), image);
        assert!(matches!(studio(&window).model(), Model::Trained(_)));
        assert_eq!(answer(&mut window), before);
        assert_eq!(lost(&window), Vec::<String>::new());
        // The file name of a model that is saved now is that of its run.
        press(&mut window, Modifiers::COMMAND, Key::S);
        let field = window.get_by_role_and_label(egui::Role::TextInput, "Path");
        assert!(field.value().unwrap().ends_with("softmax-1.safetensors"));
        click(&mut window, "Cancel");
        press(&mut window, Modifiers::COMMAND, Key::Z);
        assert_ne!(
            learning_rate(&window),
            0.03,
            "the edit of the last session is undone"
        );
        press(
            &mut window,
            Modifiers::COMMAND.plus(Modifiers::SHIFT),
            Key::Z,
        );
        assert_eq!(learning_rate(&window), 0.03);
        home.close(window);
    }

    // What belongs to a workspace stays with it.
    let window = open_kept(
        &home.kept,
        Options {
            workspace: Some(home.path("elsewhere")),
            session: Some(home.path("config/session.json")),
            ..Options::default()
        },
    );
    assert_eq!(learning_rate(&window), 0.03);
    assert!(matches!(studio(&window).model(), Model::None));
    assert_eq!(lost(&window), Vec::<String>::new());
}

#[test]
fn a_snapshot_on_the_canvas_is_there_again() {
    let mut home = Home::new();
    let mut window = home.open();
    choose_small(&mut window, 3);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    draw_one(&mut window);
    let last = answer(&mut window);
    // One that no file has: only the newest states are saved.
    let step = studio(&window).timeline().states()[1].step();
    window.state_mut().act(TimelineAction::ShowStep(Some(step)));
    settle(&mut window);
    let before = answer(&mut window);
    assert_ne!(before, last, "another moment answers differently");
    home.close(window);

    for _ in 0..2 {
        let mut window = home.open();
        wait(&mut window, "the snapshot", |app| {
            matches!(app.studio().model(), Model::Snapshot { .. })
        });
        settle(&mut window);
        assert_eq!(studio(&window).shown_step(), Some(step));
        assert_eq!(answer(&mut window), before);
        assert_eq!(lost(&window), Vec::<String>::new());
        home.close(window);
    }

    let config = home.path("config");
    let files = || std::fs::read_dir(&config).unwrap().flatten();
    let snapshot = files().find(|file| file.path().extension().is_some_and(|e| e == "safetensors"));
    std::fs::write(snapshot.unwrap().path(), "damaged").unwrap();
    let mut window = home.open();
    wait(&mut window, "the model", |app| {
        matches!(app.studio().model(), Model::Trained(_))
    });
    settle(&mut window);
    assert_eq!(answer(&mut window), last);
    let lost = lost(&window);
    assert!(lost[0].contains("its final model is used"), "{lost:?}");
    // What is not needed any more is removed.
    home.close(window);
    assert_eq!(files().count(), 1);
}

#[test]
fn a_test_image_an_opened_model_and_own_data_are_there_again() {
    let mut home = Home::new();
    let mut window = home.open();
    let data = home.path("bars");
    std::fs::create_dir(&data).unwrap();
    tiny::write_folder(&data);
    window.state_mut().act(FileAction::OpenData(data));
    wait(&mut window, "the dataset", |app| {
        app.studio()
            .dataset()
            .is_some_and(|data| data.name == "bars")
    });
    let model = home.path("odd.safetensors");
    write_diverged_model(&model);
    window.state_mut().act(FileAction::OpenModel(model));
    settle(&mut window);
    window.state_mut().act(CanvasAction::TestImage(2));
    window.state_mut().act(CanvasAction::SetBrush(0.11));
    let image = studio(&window).pad().image().clone();
    let label = studio(&window).pad().true_label();
    assert!(label.is_some());
    home.close(window);

    let window = home.open();
    assert_eq!(studio(&window).dataset().unwrap().name, "bars");
    assert_eq!(studio(&window).draft().model.classes, tiny::CLASSES);
    window.get_by_label("odd.safetensors");
    assert_eq!(studio(&window).pad().true_label(), label);
    assert_eq!(*studio(&window).pad().image(), image);
    assert_eq!(studio(&window).pad().brush(), 0.11);
    let input = studio(&window).pad().input();
    assert!(matches!(input, candle_studio::data::InputImage::Decoded(_)));
    assert_eq!(lost(&window), Vec::<String>::new());
}

#[test]
fn what_is_gone_is_told_in_one_notice() {
    let mut home = Home::new();
    let mut window = home.open();
    choose_small(&mut window, 1);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    let run = studio(&window).runs()[0].id.clone();
    let data = home.path("bars");
    std::fs::create_dir(&data).unwrap();
    tiny::write_folder(&data);
    window.state_mut().act(FileAction::OpenData(data.clone()));
    settle(&mut window);
    home.close(window);
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::remove_dir_all(home.path("runs").join(run.as_str())).unwrap();

    let mut window = home.open();
    wait(&mut window, "the notice", |app| {
        !app.studio().notices().is_empty()
    });
    let lost = lost(&window);
    assert_eq!(lost.len(), 1, "{lost:?}");
    let curves = format!("the curves of {run}");
    for part in ["the dataset ", "the model (", &curves] {
        assert!(lost[0].contains(part), "{lost:?}");
    }
    assert_eq!(studio(&window).dataset().unwrap().name, "MNIST");
    assert_eq!(studio(&window).errors(), []);
}

#[test]
fn a_session_that_cannot_be_read_is_a_new_one_and_says_so() {
    let mut home = Home::new();
    let mut window = home.open();
    set(&mut window, "Learning rate", 0.04);
    draw_one(&mut window);
    home.close(window);
    let path = home.path("config/session.json");
    let stored = std::fs::read_to_string(&path).unwrap();

    let reopened = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let window = home.open();
        let lost = lost(&window);
        (window, lost.join("\n"))
    };
    let (window, told) = reopened(&stored[..stored.len() / 2]);
    assert!(told.contains("its file is damaged"), "{told}");
    assert_ne!(learning_rate(&window), 0.04);
    drop(window);
    let newer = stored.replacen("\"version\":1", "\"version\":2", 1);
    assert_ne!(newer, stored);
    let (_, told) = reopened(&newer);
    assert!(told.contains("newer version"), "{told}");
    // A damaged part costs only itself.
    let odd = stored.replacen("\"ink\":[", "\"ink\":[[7,9999999],", 1);
    assert_ne!(odd, stored);
    let (window, told) = reopened(&odd);
    assert!(told.ends_with("the sketch (damaged)"), "{told}");
    assert_eq!(learning_rate(&window), 0.04);
    assert!(studio(&window).pad().is_empty());
    drop(window);
    // A session of a version that stored less is no loss.
    let (window, told) = reopened("{\"version\":1}");
    assert_eq!(told, "");
    assert!(studio(&window).pad().is_empty());
}

#[test]
fn what_was_opened_lately_is_offered() {
    let mut home = Home::new();
    let mut window = home.open();
    let dir = home.dir.path().to_owned();
    let picture = |n: usize| dir.join(format!("digit {n}.png"));
    for n in 0..9 {
        image::GrayImage::from_fn(28, 28, |x, _| image::Luma([if x == 14 { 255 } else { 0 }]))
            .save(picture(n))
            .unwrap();
        window.state_mut().act(CanvasAction::OpenImage(picture(n)));
    }
    settle(&mut window);
    window.state_mut().act(CanvasAction::Clear);
    home.close(window);

    let mut window = home.open();
    assert_eq!(studio(&window).recent().images.len(), 8);
    assert_eq!(studio(&window).recent().images[0], picture(8));
    click(&mut window, "Open image…");
    assert!(
        window.query_by_label("digit 0.png").is_none(),
        "the oldest one is forgotten"
    );
    click(&mut window, "digit 5.png");
    settle(&mut window);
    assert!(!studio(&window).pad().is_empty());
    assert_eq!(studio(&window).recent().images[0], picture(5));
    // The next file is proposed in the folder of the last one.
    click(&mut window, "Network tab");
    click(&mut window, "Save drawing…");
    let field = window.get_by_role_and_label(egui::Role::TextInput, "Path");
    let proposed = field.value().unwrap();
    assert_eq!(Path::new(&proposed).parent(), Some(home.dir.path()));
    click(&mut window, "Cancel");
    // A file that is gone is not offered again.
    std::fs::remove_file(picture(7)).unwrap();
    window.state_mut().act(CanvasAction::OpenImage(picture(7)));
    settle(&mut window);
    assert!(!studio(&window).recent().images.contains(&picture(7)));
    let action = LibraryAction::OpenWorkspace(home.path("elsewhere"));
    window.state_mut().act(action);
}
