//! Explain: a map of the pixels that count, for what is on the canvas, with every stroke.

use std::path::Path;

use candle_studio::data::unit_values;
use candle_studio::explain::{Method, Target, attribute};
use candle_studio::studio::{CanvasAction, Explanation, FileAction, Model};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::places::{SIZES, faults};
use crate::support::window::{
    Window, choose, click, draw_one, press, settle, studio, wait, window, window_of,
};

/// Opens a model that was trained on MNIST, and the place.
pub fn open(window: &mut Window) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(window);
    press(window, Modifiers::COMMAND, Key::Num5);
}

/// Waits for the map of what is on the canvas now, with these settings.
fn wait_for(window: &mut Window, is_wanted: impl Fn(&Explanation) -> bool) {
    wait(window, "the map", |app| {
        let explainer = app.studio().explainer().why();
        let prediction = app.studio().prediction();
        let is_newest = explainer.newest().zip(prediction).is_some_and(|(e, p)| {
            let is_same = unit_values(&p.input).eq(e.input.iter().copied());
            is_same && e.settings == *explainer.settings() && is_wanted(e)
        });
        is_newest && !explainer.is_busy()
    });
    window.run_steps(4);
}

fn newest(window: &Window) -> &Explanation {
    studio(window).explainer().why().newest().unwrap()
}

#[test]
fn the_map_follows_the_canvas_and_is_that_of_the_engine() {
    let mut window = window();
    open(&mut window);
    click(&mut window, "Take a test image");
    wait_for(&mut window, |_| true);
    let found = newest(&window);
    let classifier = studio(&window).classifier().unwrap();
    let method = Method::IntegratedGradients { steps: 50 };
    let expected = attribute(
        &classifier.network,
        &found.input,
        &method,
        Target::default(),
        &false.into(),
    );
    assert_eq!(found.attribution, expected.unwrap());
    window.get_by_label_contains("of the difference from black");
    window.get_by_role_and_label(Role::Image, "Integrated gradients");

    window.state_mut().act(CanvasAction::Clear);
    window.run_steps(4);
    assert!(studio(&window).explainer().why().newest().is_none());
    draw_one(&mut window);
    wait_for(&mut window, |_| true);
}

#[test]
fn method_class_and_layer_are_chosen() {
    let mut window = window();
    open(&mut window);
    // A 7: the answer is none of the classes that are chosen by their names.
    window.state_mut().act(CanvasAction::TestImage(0));
    wait_for(&mut window, |_| true);
    choose(&mut window, "Method", "Grad-CAM");
    choose(&mut window, "Layer", "conv1");
    wait_for(&mut window, |e| {
        e.attribution.layer.as_deref() == Some("conv1")
    });
    choose(&mut window, "Method", "Occlusion");
    choose(&mut window, "Class", "4");
    choose(&mut window, "Against", "9");
    wait_for(&mut window, |e| {
        (e.attribution.class, e.attribution.against) == (4, Some(9))
    });
    window.get_by_label_contains("Why 4 and not 9");
    choose(&mut window, "Against", "4");
    wait(&mut window, "the problem", |app| {
        app.studio().explainer().why().problem().is_some()
    });
    window.run_steps(4);
    choose(&mut window, "Against", "–");
    click(&mut window, "beside random weights");
    wait_for(&mut window, |e| e.random.is_some());
    let (learned, random) = (&newest(&window).attribution, &newest(&window).random);
    assert_ne!(learned.map, random.as_ref().unwrap().map);
    window.get_by_role_and_label(Role::Image, "with random weights");
}

#[test]
fn the_place_says_what_to_do_and_is_whole_at_every_size() {
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
        window.set_pixels_per_point(scale);
        press(&mut window, Modifiers::COMMAND, Key::Num5);
        window.get_by_label_contains("No model yet. Train one, or open a file, to see why");
        open(&mut window);
        window.get_by_label_contains("Draw something on the canvas");
        window.state_mut().act(CanvasAction::TestImage(0));
        window.run_steps(4);
        click(&mut window, "beside random weights");
        wait_for(&mut window, |_| true);
        assert_eq!(faults(&window), Vec::<String>::new(), "{size:?}");
    }
}

#[test]
fn nothing_is_explained_while_another_place_is_shown() {
    let mut window = window();
    open(&mut window);
    click(&mut window, "Take a test image");
    wait_for(&mut window, |_| true);
    press(&mut window, Modifiers::COMMAND, Key::Num3);
    let before = newest(&window).input.clone();
    window.state_mut().act(CanvasAction::TestImage(1));
    wait(&mut window, "the answer", |app| {
        let prediction = app.studio().prediction();
        prediction.is_some_and(|p| !unit_values(&p.input).eq(before.iter().copied()))
    });
    window.run_steps(8);
    assert_eq!(newest(&window).input, before);
}
