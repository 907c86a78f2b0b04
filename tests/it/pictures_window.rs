//! How pictures become inputs, in the window.

use std::path::Path;

use candle_studio::data::{Framing, Recipe};
use candle_studio::studio::{CanvasAction, FileAction, Model};
use egui_kittest::kittest::Queryable;

use crate::support::window::{Window, answer, click, draw, draw_one, settle, studio, wait, window};

/// A window with a model that was trained on MNIST.
fn window_with_model() -> Window {
    let mut window = window();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(&mut window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(&mut window);
    window
}

fn wait_for_input_by(window: &mut Window, recipe: Recipe) {
    wait(window, "the input", |app| {
        let (image, shape) = (app.studio().pad().input(), [1, 28, 28]);
        let prediction = app.studio().prediction();
        prediction.is_some_and(|p| Some(&p.input) == recipe.input(&image, shape).as_ref())
    });
    window.run_steps(4);
}

#[test]
fn the_recipe_is_shown_and_can_be_changed() {
    let mut window = window_with_model();
    draw_one(&mut window);
    answer(&mut window);
    window.run_steps(4);
    wait_for_input_by(&mut window, Recipe::new(Framing::Center));
    click(&mut window, "Network input: centered like MNIST");
    click(&mut window, "fitted");
    wait_for_input_by(&mut window, Recipe::new(Framing::Fit));
    window.get_by_label("Network input: fitted");
    click(&mut window, "Mirror");
    click(&mut window, "90°");
    let expected = Recipe {
        mirror: true,
        quarter_turns: 1,
        ..Recipe::new(Framing::Fit)
    };
    assert_eq!(studio(&window).recipe(), expected);
    click(&mut window, "As the model was trained");
    wait_for_input_by(&mut window, Recipe::new(Framing::Center));
    assert_eq!(studio(&window).recipe(), studio(&window).model_recipe());
}

#[test]
fn several_objects_are_said_and_each_is_classified_alone() {
    let mut window = window_with_model();
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.2, 0.2], [0.2, 0.8]]);
    draw(&mut window, canvas, &[[0.6, 0.3], [0.9, 0.3], [0.7, 0.8]]);
    wait(&mut window, "both objects", |app| {
        app.studio()
            .prediction()
            .is_some_and(|p| p.objects.len() == 2)
    });
    window.run_steps(4);
    click(&mut window, "2 objects: classify each");
    wait(&mut window, "the answers", |app| {
        app.studio().classified().len() == 2
    });
    window.run_steps(4);
    window.get_by_label("2 images classified");
    click(&mut window, "Open object 2");
    assert!(studio(&window).classified().is_empty());
    wait(&mut window, "one object", |app| {
        app.studio()
            .prediction()
            .is_some_and(|p| p.objects.len() == 1)
    });
    window.run_steps(4);
    assert!(window.query_by_label_contains("classify each").is_none());
    // The other one is gone from the canvas, and comes back with undo.
    let left_half = |window: &Window| -> u64 {
        let image = studio(window).pad().image();
        let lines = image.pixels.chunks_exact(image.width);
        lines
            .flat_map(|line| &line[..image.width / 2])
            .map(|&p| u64::from(p))
            .sum()
    };
    assert_eq!(left_half(&window), 0);
    window.state_mut().act(CanvasAction::Undo);
    assert!(left_half(&window) > 0);
}
