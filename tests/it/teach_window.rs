//! Teach a class in the window: by mouse and keyboard, and in small windows.

use std::path::Path;

use candle_studio::studio::{FileAction, Model, TeachAction};
use candle_studio::ui::Options;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::places::{SIZES, faults};
use crate::support::kept::{Kept, open_kept};
use crate::support::window::{
    Window, click, draw, press, set, settle, studio, type_text, wait, window_of,
};
use crate::teach::write_shapes;

fn open(dir: &Path) -> Window {
    let options = Options {
        workspace: Some(dir.join("runs")),
        ..Options::default()
    };
    let mut window = open_kept(&Kept::default(), options);
    settle(&mut window);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(&mut window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(&mut window);
    window
}

fn name_class(window: &mut Window, name: &str) {
    let field = "Name of a new class";
    window.get_by_role_and_label(Role::TextInput, field).click();
    window.run_steps(4);
    type_text(window, name);
    press(window, Modifiers::NONE, Key::Enter);
    assert_eq!(studio(window).teach().chosen(), Some(name));
}

fn is_disabled(window: &Window, label: &str) -> bool {
    window.get_by_label(label).accesskit_node().is_disabled()
}

#[test]
fn drawings_become_examples_and_the_model_learns_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = open(dir.path());
    press(&mut window, Modifiers::COMMAND, Key::P);
    type_text(&mut window, "Teach a class");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(is_disabled(&window, "Teach"));
    name_class(&mut window, "L");
    let canvas = window.get_by_label("Drawing canvas").rect();
    for n in 0..5 {
        let x = 0.3 + 0.05 * n as f32;
        draw(&mut window, canvas, &[[x, 0.2], [x, 0.8], [x + 0.3, 0.8]]);
        match n {
            0 => press(&mut window, Modifiers::NONE, Key::Enter),
            _ => click(&mut window, "Add drawing to L"),
        }
        assert!(studio(&window).pad().is_empty(), "it is cleared");
    }
    settle(&mut window);
    window.get_by_label("5 examples");
    click(&mut window, "Example 2 of L");
    press(&mut window, Modifiers::NONE, Key::Delete);
    window.get_by_label("4 examples");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    window.get_by_label("5 examples");

    set(&mut window, "Images of each old class", 10.0);
    assert_eq!(studio(&window).teach().n_mixed(), Some(10));
    click(&mut window, "Teach");
    wait(&mut window, "the lesson", |app| {
        app.studio().teach().lesson().is_some()
    });
    window.run_steps(4);
    window.get_by_label_contains("Taught in ");
    window.get_by_label_contains("L: 1 of 1 example held out right");
    window.get_by_label_contains("Old classes: ");
    draw(
        &mut window,
        canvas,
        &[[0.35, 0.25], [0.35, 0.75], [0.6, 0.75]],
    );
    wait(&mut window, "the answer", |app| {
        app.studio().answered_class() == Some("L")
    });
}

#[test]
fn every_size_shows_it_whole() {
    let dir = tempfile::tempdir().unwrap();
    write_shapes(dir.path(), 0, 12);
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        click(&mut window, "Data tab");
        click(&mut window, "Teach a class");
        window
            .state_mut()
            .act(TeachAction::AddClass("a frame with a long name".to_owned()));
        window
            .state_mut()
            .act(TeachAction::AddPictures(vec![dir.path().to_owned()]));
        settle(&mut window);
        assert_eq!(faults(&window), [""; 0], "{size:?}");
    }
}
