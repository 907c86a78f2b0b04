//! Explain's views of what would change an answer: variants of the input, ink, and images that a
//! unit answers to.

use candle_studio::explain::{Sweep, Unit, variant};
use candle_studio::predict::Prediction;
use candle_studio::studio::{CanvasAction, InkOutcome, RobustnessMap};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::explain_window::open;
use crate::places::{SIZES, faults};
use crate::support::window::{
    Window, answer, choose, click, draw_one, press, set, studio, wait, window, window_of,
};

const SHAPE: [usize; 3] = [1, 28, 28];

/// Opens a view of Explain for a test image.
fn open_view(window: &mut Window, view: &str) {
    open(window);
    click(window, view);
    window.state_mut().act(CanvasAction::TestImage(4));
    answer(window);
    window.run_steps(4);
}

fn prediction(window: &Window) -> &Prediction {
    studio(window).prediction().unwrap()
}

/// Waits for the map of what is on the canvas now.
fn wait_for_map(window: &mut Window) {
    answer(window);
    wait(window, "the map", |app| {
        let follower = app.studio().explainer().robustness();
        let newest = follower.newest().zip(app.studio().prediction());
        newest.is_some_and(|(map, prediction)| {
            let is_newest = map.input == prediction.input;
            is_newest && map.robustness.sweep == *follower.settings() && !follower.is_busy()
        })
    });
    window.run_steps(4);
}

fn map(window: &Window) -> &RobustnessMap {
    studio(window).explainer().robustness().newest().unwrap()
}

/// Waits for the map of ink for what is on the canvas now.
fn wait_for_ink(window: &mut Window) {
    answer(window);
    wait(window, "the map", |app| {
        let follower = app.studio().explainer().ink();
        let newest = follower.newest().zip(app.studio().prediction());
        newest.is_some_and(|(hint, p)| hint.input == p.input && !follower.is_busy())
    });
    window.run_steps(4);
}

#[test]
fn the_robustness_map_follows_the_canvas_and_a_click_puts_a_variant_on_it() {
    let mut window = window();
    open(&mut window);
    click(&mut window, "Robustness");
    window.get_by_label_contains("to see how far its answer holds");
    click(&mut window, "Take a test image");
    wait_for_map(&mut window);
    window.get_by_label_contains("of 441 variants are answered with");
    let before = map(&window).robustness.answers.clone();
    let first = prediction(&window).input.clone();
    draw_one(&mut window);
    wait_for_map(&mut window);
    assert_ne!(map(&window).robustness.answers, before);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    wait_for_map(&mut window);
    assert_eq!(prediction(&window).input, first);

    // The upper left corner: furthest left, and rotated furthest counterclockwise.
    let grid = window.get_by_label("Robustness map").rect();
    let corner = grid.min + egui::vec2(3.0, 3.0);
    window.hover_at(corner);
    window.run_steps(4);
    let about = "10 px left, 60° counterclockwise";
    // Beside the map and, in a moment, in a tooltip.
    assert!(window.query_all_by_label_contains(about).count() > 0);
    window.drag_at(corner);
    window.step();
    window.drop_at(corner);
    window.run_steps(4);
    wait_for_map(&mut window);
    let expected = variant(&first, SHAPE, Sweep::ALL[0], 0);
    assert_eq!(prediction(&window).input, expected);
    assert_eq!(prediction(&window).class, before[0].class);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    wait_for_map(&mut window);
    assert_eq!(prediction(&window).input, first);
}

#[test]
fn a_variant_is_reached_by_keys_along_other_axes() {
    let mut window = window();
    open_view(&mut window, "Robustness");
    choose(&mut window, "Varied", "thickness");
    wait_for_map(&mut window);
    let input = prediction(&window).input.clone();
    assert_eq!(map(&window).robustness.answers.len(), 21);
    window.get_by_label("Robustness map").focus();
    window.run_steps(2);
    for _ in 0..5 {
        press(&mut window, Modifiers::NONE, Key::ArrowRight);
    }
    window.get_by_label_contains("0.75 px thicker");
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait_for_map(&mut window);
    let expected = variant(&input, SHAPE, Sweep::ALL[3], 15);
    assert_eq!(prediction(&window).input, expected);
}

#[test]
fn the_least_ink_makes_the_class_the_answer_and_can_be_undone() {
    let mut window = window();
    open_view(&mut window, "Become");
    wait_for_ink(&mut window);
    let before = prediction(&window).clone();
    choose(&mut window, "Become class", "9");
    wait_for_ink(&mut window);
    let hint = studio(&window).explainer().ink().newest().unwrap();
    assert_eq!((hint.map.class, hint.map.answer), (9, 4));
    window.get_by_label_contains("The answer is 4; the logit of 9 is");
    window.get_by_role_and_label(Role::Image, "where ink helps");
    let first = hint.map.values.clone();
    click(&mut window, "Add the least ink");
    wait(&mut window, "the ink", |app| {
        !app.studio().explainer().ink_search().is_busy()
    });
    wait_for_ink(&mut window);
    assert_eq!(prediction(&window).class, 9);
    let after = prediction(&window).input.iter();
    let pairs: Vec<_> = after.zip(&before.input).collect();
    assert!(pairs.iter().all(|(after, before)| after >= before));
    let version = studio(&window).pad().version();
    let outcome = studio(&window).explainer().ink_search().outcome(version);
    assert!(matches!(outcome, Some(InkOutcome::Added(_))), "{outcome:?}");
    window.get_by_label_contains("made the answer 9: the ink of");
    let hint = studio(&window).explainer().ink().newest().unwrap();
    assert_ne!(hint.map.values, first);

    press(&mut window, Modifiers::COMMAND, Key::Z);
    wait_for_ink(&mut window);
    assert_eq!(prediction(&window).input, before.input);
    assert!(
        window
            .query_by_label_contains("made the answer 9")
            .is_none()
    );
    draw_one(&mut window);
    wait_for_ink(&mut window);
}

#[test]
fn an_image_is_found_for_a_class_and_for_a_unit_and_can_be_canceled() {
    let mut window = window();
    open(&mut window);
    click(&mut window, "Unit");
    window.get_by_label_contains("No image yet");
    choose(&mut window, "Class", "3");
    click(&mut window, "Find image");
    let found = |window: &mut Window| {
        wait(window, "the image", |app| {
            !app.studio().explainer().unit().is_busy()
        });
        window.run_steps(4);
        let unit = studio(window).explainer().unit();
        assert_eq!(unit.problem(), None);
        unit.newest().unwrap().clone()
    };
    let class = found(&mut window);
    assert_eq!(class.query.unit, Unit::Class(3));
    assert!(class.done == 1.0 && class.found.value > class.found.start);
    window.get_by_label_contains("Class 3:");
    click(&mut window, "Put on the canvas");
    answer(&mut window);
    assert_eq!(prediction(&window).input, class.pixels());
    assert_eq!(prediction(&window).class, 3);

    choose(&mut window, "Units of", "conv2");
    set(&mut window, "Unit", 5.0);
    click(&mut window, "Find image");
    let unit = found(&mut window);
    assert_eq!(unit.query.name, "Unit 5 of conv2");
    assert!(unit.found.value > unit.found.start);

    set(&mut window, "Seed", 7.0);
    window.get_by_label("Find image").click();
    window.step();
    if window.query_by_label("Cancel").is_some() {
        click(&mut window, "Cancel");
    }
    window.get_by_label("Find image");
}

#[test]
fn every_view_is_whole_at_every_size() {
    let mut all = Vec::new();
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
        window.set_pixels_per_point(scale);
        open_view(&mut window, "Robustness");
        wait_for_map(&mut window);
        let mut check = |window: &Window, what: &str| {
            all.extend(
                faults(window)
                    .iter()
                    .map(|f| format!("{what} at {size:?}: {f}")),
            );
        };
        check(&window, "robustness");
        choose(&mut window, "Varied", "thickness");
        wait_for_map(&mut window);
        check(&window, "thickness");
        click(&mut window, "Become");
        wait_for_ink(&mut window);
        check(&window, "ink");
        click(&mut window, "Add the least ink");
        wait(&mut window, "the ink", |app| {
            !app.studio().explainer().ink_search().is_busy()
        });
        wait_for_ink(&mut window);
        check(&window, "ink that was added");
        click(&mut window, "Unit");
        check(&window, "no unit");
        click(&mut window, "Find image");
        check(&window, "a unit that is sought");
        wait(&mut window, "the image", |app| {
            !app.studio().explainer().unit().is_busy()
        });
        window.run_steps(4);
        check(&window, "unit");
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
