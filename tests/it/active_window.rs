//! Active learning in the window: images are labeled by keys and buttons, and the curve grows.

use std::path::Path;

use candle_studio::data::edits::Edit;
use candle_studio::data::{BuiltIn, ImageRef};
use candle_studio::studio::{DataAction, PER_ROUND};
use candle_studio::ui::Options;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::places::{SIZES, faults};
use crate::support::kept::{Kept, open_kept};
use crate::support::window::{
    Window, choose, click, press, settle, studio, type_text, wait, window_of,
};

fn open(dir: &Path) -> Window {
    let options = Options {
        workspace: Some(dir.join("runs")),
        ..Options::default()
    };
    let mut window = open_kept(&Kept::default(), options);
    settle(&mut window);
    window
}

fn asked(window: &Window) -> Vec<ImageRef> {
    let studio = studio(window);
    let data = studio.dataset().unwrap();
    studio.datasets().active().asked(data).to_vec()
}

fn edit(window: &Window, image: ImageRef) -> Option<Edit> {
    let studio = studio(window);
    let data = studio.dataset().unwrap();
    studio.datasets().cleaner().edits(data).unwrap().of(image)
}

/// Waits for other questions than `before`.
fn wait_for_questions(window: &mut Window, before: &[ImageRef]) {
    wait(window, "the questions", |app| {
        let studio = app.studio();
        let data = studio.dataset().unwrap();
        let asked = studio.datasets().active().asked(data);
        !asked.is_empty() && asked != before
    });
    settle(window);
}

fn open_digits(window: &mut Window) {
    window
        .state_mut()
        .act(DataAction::OpenBuiltIn(BuiltIn::Digits));
    wait(window, "the digits", |app| {
        let data = app.studio().dataset();
        data.is_some_and(|data| data.image_shape() == [1, 8, 8])
    });
    choose(window, "Preset", "Softmax regression");
    click(window, "Data tab");
    settle(window);
    click(window, "Active learning");
    wait(window, "the edits", |app| {
        let studio = app.studio();
        let data = studio.dataset().unwrap();
        studio.datasets().cleaner().edits(data).is_some() && studio.dataset_look().is_some()
    });
    window.run_steps(4);
}

#[test]
fn ten_labels_train_a_model_that_asks_for_ten_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = open(dir.path());
    open_digits(&mut window);
    choose(&mut window, "Uncertainty", "highest entropy");
    click(&mut window, "Ask about 10");
    wait_for_questions(&mut window, &[]);
    let data = studio(&window).dataset().unwrap().clone();
    let first = asked(&window);
    assert_eq!(first.len(), PER_ROUND);
    window.get_by_label("1 of 10");

    // By its key, by its button, and left out.
    let label = |image: ImageRef| data.label(image);
    window.get_by_label("Image to label").click();
    window.run_steps(4);
    type_text(&mut window, &label(first[0]).to_string());
    settle(&mut window);
    assert_eq!(edit(&window, first[0]), Some(Edit::Keep));
    window.get_by_label("2 of 10");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(edit(&window, first[0]), None);
    window.get_by_label("1 of 10");
    for &image in &first[..9] {
        click(&mut window, &format!("It shows {}", label(image)));
        settle(&mut window);
        assert_eq!(edit(&window, image), Some(Edit::Keep));
    }
    window.get_by_label("9 labels");
    let leave_out = window.get_by_role_and_label(Role::Button, "Leave out");
    leave_out.click();
    window.run_steps(4);

    // The next ten come by themselves, with a point of the curve.
    wait_for_questions(&mut window, &first);
    assert_eq!(edit(&window, first[9]), Some(Edit::Exclude));
    let second = asked(&window);
    assert_eq!(second.len(), PER_ROUND);
    assert!(second.iter().all(|image| !first.contains(image)));
    let points = studio(&window).datasets().active().points().to_vec();
    assert_eq!((points.len(), points[0].n_labels), (1, 9));
    assert!(points[0].accuracy > 0.3, "{points:?}");
    window.get_by_label_contains("Accuracy over labels: accuracy ");

    click(&mut window, "Save labeled");
    wait(&mut window, "the dataset", |app| {
        let data = app.studio().dataset();
        data.is_some_and(|data| data.name == "digits labeled")
    });
    let saved = studio(&window).dataset().unwrap();
    assert_eq!((saved.train.len(), saved.test.len()), (9, data.test.len()));
}

#[test]
fn images_that_were_never_sorted_are_given_classes_first() {
    let dir = tempfile::tempdir().unwrap();
    crate::teach::write_shapes(&dir.path().join("shapes/unsorted"), 0, 30);
    let mut window = open(dir.path());
    window
        .state_mut()
        .act(DataAction::Look(dir.path().join("shapes")));
    wait(&mut window, "the preview", |app| {
        let form = app.studio().datasets().form();
        form.is_some_and(|form| form.is_ready() && !form.is_busy())
    });
    window
        .state_mut()
        .act(DataAction::Import { replaces: false });
    wait(&mut window, "the dataset", |app| {
        let data = app.studio().dataset();
        data.is_some_and(|data| data.name == "shapes") && app.studio().datasets().form().is_none()
    });
    settle(&mut window);
    click(&mut window, "Active learning");
    wait(&mut window, "the edits", |app| {
        let studio = app.studio();
        let data = studio.dataset().unwrap();
        studio.datasets().cleaner().edits(data).is_some() && studio.dataset_look().is_some()
    });
    window.run_steps(4);
    let field = "Classes to label the images as";
    window.get_by_role_and_label(Role::TextInput, field).click();
    window.run_steps(4);
    type_text(&mut window, "small, large");
    click(&mut window, "Use classes");
    settle(&mut window);
    assert_eq!(
        studio(&window).dataset().unwrap().classes,
        ["small", "large"]
    );
    let chosen = studio(&window).draft().model.classes;
    assert_eq!(chosen, 2);
}

#[test]
fn every_size_shows_it_whole() {
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        click(&mut window, "Data tab");
        click(&mut window, "Active learning");
        assert_eq!(faults(&window), [""; 0], "{size:?}");
    }
}
