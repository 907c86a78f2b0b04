//! Fine-tuning in the window: the model on the canvas as the beginning, and frozen layers.

use std::path::Path;

use candle_studio::model::Layer;
use candle_studio::studio::{DraftAction, FileAction, Model};
use egui::Role;
use egui_kittest::kittest::Queryable;

use crate::support::window::{Window, click, set, settle, studio, wait, wait_for_end, window};

fn open_model(window: &mut Window) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(window);
}

fn start_from(window: &mut Window, item: &str) {
    window
        .get_by_role_and_label(Role::ComboBox, "Starts from")
        .click();
    window.run_steps(4);
    click(window, item);
}

#[test]
fn the_model_on_the_canvas_is_trained_on_with_frozen_layers() {
    let mut window = window();
    click(&mut window, "Network tab");
    open_model(&mut window);
    set(&mut window, "Epochs", 1.0);
    set(&mut window, "Validation", 59_000.0);
    start_from(&mut window, "the model on the canvas");
    let draft = studio(&window).draft().clone();
    assert_eq!(draft.preset, "lenet-5");
    assert!(draft.start.is_some() && draft.freeze.is_empty());
    assert_eq!((draft.epochs, studio(&window).errors().len()), (1, 0));

    window.get_by_label("conv2: Conv 2-D 16 of 5×5").click();
    window.run_steps(4);
    click(&mut window, "Freeze up to here");
    assert_eq!(studio(&window).draft().freeze, ["conv1", "conv2"]);
    window.get_by_label("trains 59,134 of 61,706 weights");
    click(&mut window, "frozen");
    assert_eq!(studio(&window).draft().freeze, ["conv1"]);
    set(&mut window, "Body learning rate", 0.1);
    assert_eq!(studio(&window).draft().lr_scale["body"], 0.1);

    click(&mut window, "Train");
    wait_for_end(&mut window);
    let run = &studio(&window).runs()[0].state;
    assert_eq!(run.config.start, draft.start);
    // It knew the digits before.
    let accuracy = run.epochs[0].validation.unwrap().accuracy;
    assert!(accuracy > 0.9, "{accuracy}");

    // The same from scratch, to compare with.
    click(&mut window, "Also train from scratch");
    wait(&mut window, "the other run", |app| {
        app.studio().runs().len() == 2 && app.studio().live_run().is_none()
    });
    let scratch = &studio(&window).runs()[1].state;
    assert_eq!(
        (&scratch.config.start, scratch.config.freeze.len()),
        (&None, 0)
    );
    assert!(scratch.epochs[0].validation.unwrap().accuracy < accuracy);
}

#[test]
fn other_layers_begin_with_random_weights_and_undo_returns() {
    let mut window = window();
    click(&mut window, "Network tab");
    open_model(&mut window);
    start_from(&mut window, "the model on the canvas");
    let tuned = studio(&window).draft().clone();
    let mut wider = tuned.clone();
    let hidden = wider.model.layers.iter_mut().find_map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    });
    hidden.unwrap().units = 64;
    window.state_mut().act(DraftAction::Set(Box::new(wider)));
    window.run_steps(2);
    assert_eq!(studio(&window).draft().start, None);
    window.state_mut().act(DraftAction::Undo);
    window.run_steps(2);
    assert_eq!(*studio(&window).draft(), tuned);
    start_from(&mut window, "random weights");
    assert_eq!(studio(&window).draft().start, None);
}
