//! Labeling sketches in the window, by mouse and by keyboard, and the window with all of them.

use candle_studio::studio::RunAction;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use crate::places::faults;
use crate::support::window::{
    Window, choose, choose_small, click, draw, draw_one, press, studio, wait, wait_for_end, window,
    window_of,
};

fn labels(window: &Window) -> Vec<&str> {
    let all = studio(window).sketches().all();
    all.iter().map(|sketch| sketch.label.as_str()).collect()
}

/// Waits until the model was measured on `n` sketches.
fn wait_for_score(window: &mut Window, n: usize) {
    wait(window, "the score", |app| {
        let sketches = app.studio().sketches();
        sketches.is_settled() && sketches.score().is_some_and(|score| score.all.len() == n)
    });
    window.run_steps(4);
}

#[test]
fn a_sketch_is_labeled_with_the_mouse_and_corrected_with_a_key() {
    let mut window = window();
    draw_one(&mut window);
    assert!(window.query_by_label("Sketches…").is_some());
    choose(&mut window, "It is a", "7");
    assert_eq!(labels(&window), ["7"]);
    press(&mut window, Modifiers::ALT, Key::Num1);
    assert_eq!(labels(&window), ["1"]);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(labels(&window), ["7"]);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(labels(&window), [""; 0]);
    assert!(
        !studio(&window).pad().is_empty(),
        "the stroke is still there"
    );
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(labels(&window), ["7"]);
}

#[test]
fn the_answer_is_confirmed_with_a_key_and_the_score_is_shown() {
    let mut window = window();
    choose_small(&mut window, 1);
    window.state_mut().act(RunAction::Train);
    wait_for_end(&mut window);
    draw_one(&mut window);
    // Not that to the first half of the stroke.
    wait(&mut window, "the answer", |app| {
        app.studio().prediction().is_some() && !app.studio().is_predicting()
    });
    press(&mut window, Modifiers::ALT, Key::Enter);
    let answer = studio(&window).answered_class().unwrap().to_owned();
    assert_eq!(labels(&window), [answer.as_str()]);
    wait_for_score(&mut window, 1);
    window.get_by_label_contains("you 100 %, n = 1");
    let wrong = if answer == "5" { Key::Num6 } else { Key::Num5 };
    press(&mut window, Modifiers::ALT, wrong);
    wait(&mut window, "the score", |app| {
        let score = app.studio().sketches().score();
        score.is_some_and(|score| score.n_right == 0)
    });
    window.run_steps(4);
    window.get_by_label_contains("you 0 %, n = 1");
    window.get_by_label_contains("MNIST ");
}

/// Three sketches, labeled 1, 2 and 3.
fn labeled(window: &mut Window) {
    let canvas = window.get_by_label("Drawing canvas").rect();
    for (n, key) in [(0.3, Key::Num1), (0.5, Key::Num2), (0.7, Key::Num3)] {
        press(window, Modifiers::NONE, Key::Delete);
        draw(window, canvas, &[[n, 0.2], [n, 0.8]]);
        press(window, Modifiers::ALT, key);
    }
    assert_eq!(labels(window), ["1", "2", "3"]);
}

#[test]
fn the_window_with_all_sketches_corrects_deletes_and_undoes() {
    let mut window = window();
    labeled(&mut window);
    click(&mut window, "Sketches…");
    click(&mut window, "Sketch 2, labeled 2");
    choose(&mut window, "Label of the sketch", "8");
    assert_eq!(labels(&window), ["1", "8", "3"]);
    press(&mut window, Modifiers::ALT, Key::Num9);
    assert_eq!(labels(&window), ["1", "9", "3"]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(labels(&window), ["1", "3"]);
    assert!(
        !studio(&window).pad().is_empty(),
        "Delete is for the sketch, not for the canvas"
    );
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(labels(&window), ["1", "9", "3"]);
    click(&mut window, "Sketch 1, labeled 1");
    click(&mut window, "To the canvas");
    assert!(
        window.query_by_label("Sketch 1, labeled 1").is_none(),
        "it is closed"
    );
    assert_eq!(studio(&window).sketch_label(), Some("1"));
}

/// Otherwise a click that meets the moment of an answer misses what it was for.
#[test]
fn nothing_moves_in_the_window_with_all_sketches() {
    let mut window = window();
    draw_one(&mut window);
    press(&mut window, Modifiers::ALT, Key::Num1);
    wait_for_score(&mut window, 1);
    click(&mut window, "Sketches…");
    window.get_by_label_contains("than the training images");
    let close = window.get_by_label("Close").rect();
    click(&mut window, "Sketch 1, labeled 1");
    assert_eq!(window.get_by_label("Close").rect(), close, "one is chosen");
    press(&mut window, Modifiers::NONE, Key::Delete);
    wait(&mut window, "the measure of none", |app| {
        let sketches = app.studio().sketches();
        sketches.is_settled() && sketches.all().is_empty()
    });
    window.run_steps(4);
    window.get_by_label_contains("can be measured if both");
    assert_eq!(window.get_by_label("Close").rect(), close, "there is none");
}

#[test]
fn augmentation_is_one_click_away() {
    let mut window = window();
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.2, 0.8], [0.8, 0.2]]);
    press(&mut window, Modifiers::ALT, Key::Num1);
    wait(&mut window, "the gap", |app| {
        let score = app.studio().sketches().score();
        score.is_some_and(|score| score.gap.is_some())
    });
    window.run_steps(4);
    click(&mut window, "Sketches…");
    window.get_by_label_contains("more to the right");
    click(&mut window, "Augment accordingly");
    assert!(studio(&window).draft().augment.shear > 10.0);
}

#[test]
fn it_is_whole_in_small_windows() {
    for size in [[1024.0, 600.0], [853.0, 480.0]] {
        let mut window = window_of(size, egui::Theme::Dark);
        if window.query_by_label("Drawing canvas").is_none() {
            press(&mut window, Modifiers::COMMAND, Key::D);
        }
        draw_one(&mut window);
        press(&mut window, Modifiers::ALT, Key::Num1);
        assert_eq!(faults(&window), [""; 0], "{size:?}");
        press(&mut window, Modifiers::COMMAND, Key::P);
        crate::support::window::type_text(&mut window, "Labeled sketches");
        press(&mut window, Modifiers::NONE, Key::Enter);
        let inside = window.get_by_label("Close").rect();
        assert!(
            inside.max.y <= size[1] && inside.max.x <= size[0],
            "{size:?}: {inside:?}"
        );
    }
}
