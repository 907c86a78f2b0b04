//! The window rests when nothing happens: it asks for no new picture.

use std::time::Duration;

use candle_studio::runs::Status;
use candle_studio::studio::{CanvasAction, RunAction};
use candle_studio::ui::StudioApp;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::window::{draw, settled, wait};

type Window = Harness<'static, StudioApp>;

/// What is clicked, to show each place and view.
const PLACES: [&str; 7] = [
    "Network tab",
    "Compare tab",
    "Sweep tab",
    "Train tab",
    "Layers",
    "Look inside",
    "Curves",
];

fn window() -> Window {
    settled([1440.0, 900.0])
}

/// How long egui would wait before the next picture.
fn repaint_delay(window: &Window) -> Duration {
    let outputs = window.output().viewport_output.values();
    outputs.map(|output| output.repaint_delay).min().unwrap()
}

/// Lets more than a second pass without input, and checks that then nothing asks for a picture.
fn assert_rests(window: &mut Window, what: &str) {
    window.run_steps(6);
    for _ in 0..4 {
        window.step();
        let delay = repaint_delay(window);
        assert!(
            delay > Duration::from_secs(60),
            "{what}: repaints after {delay:?}"
        );
    }
}

fn assert_rests_in_every_place(window: &mut Window, what: &str) {
    for place in PLACES {
        window.get_by_label(place).click();
        assert_rests(window, &format!("{what}, {place}"));
    }
}

#[test]
fn an_idle_window_draws_no_new_picture() {
    let mut window = window();
    assert_rests_in_every_place(&mut window, "idle");
    // Widths that the field shows rounded, and others.
    for percent in [2.0, 5.0, 6.25, 7.5, 8.3, 11.1, 20.0] {
        let brush = percent / 100.0;
        window.state_mut().act(CanvasAction::SetBrush(brush));
        assert_rests(&mut window, &format!("a pen of {percent} %"));
        assert_eq!(
            window.state().studio().pad().brush(),
            brush,
            "it is as it was set"
        );
    }
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(&mut window, canvas, &[[0.3, 0.3], [0.6, 0.7]]);
    assert_rests(&mut window, "after a stroke");
}

#[test]
fn a_paused_run_draws_no_new_picture() {
    let mut window = window();
    window.state_mut().act(RunAction::Train);
    wait(&mut window, "training", |app| {
        app.studio()
            .live_run()
            .is_some_and(|run| run.points.len() > 3)
    });
    window.state_mut().act(RunAction::Pause);
    wait(&mut window, "the pause", |app| {
        app.studio()
            .live_run()
            .is_some_and(|run| run.status == Status::Paused)
    });
    // The last weights of the run may still be on their way to the canvas.
    window.run_steps(8);
    assert_rests_in_every_place(&mut window, "paused");
    window.state_mut().act(RunAction::Stop);
    wait(&mut window, "the end", |app| {
        app.studio().live_run().is_none()
    });
}
