//! The real window, without a display.

use std::time::{Duration, Instant};

use candle_studio::predict::classify;
use candle_studio::studio::Studio;
use candle_studio::ui::{Options, StudioApp};
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

/// An app as the program opens it, but one that keeps no runs.
pub fn open(cc: &mut eframe::CreationContext<'_>) -> StudioApp {
    StudioApp::new(cc, Options::default()).unwrap()
}

/// Lets the window draw until `is_done`, or fails after a time no machine should need.
pub fn wait(
    harness: &mut Harness<'_, StudioApp>,
    what: &str,
    is_done: impl Fn(&StudioApp) -> bool,
) {
    let start = Instant::now();
    while !is_done(harness.state()) {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "waited in vain for {what}; notices: {:?}",
            harness.state().studio().notices()
        );
        harness.step();
        std::thread::sleep(Duration::from_millis(2));
    }
    harness.step();
}

/// A window of `size` in points, when its data is there and it stands still.
pub fn settled(size: [f32; 2]) -> Harness<'static, StudioApp> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(open);
    settle(&mut harness);
    harness
}

/// Waits for the data and for everything to stand still.
pub fn settle(harness: &mut Harness<'_, StudioApp>) {
    wait(harness, "the data", |app| {
        app.studio().dataset().is_some() && app.studio().activities().is_empty()
    });
    harness.run_steps(8);
}

/// Draws a line through `points`, given in shares of the canvas.
pub fn draw(harness: &mut Harness<'_, StudioApp>, canvas: egui::Rect, points: &[[f32; 2]]) {
    let at = |[x, y]: [f32; 2]| canvas.min + canvas.size() * egui::vec2(x, y);
    harness.hover_at(at(points[0]));
    harness.step();
    harness.drag_at(at(points[0]));
    harness.step();
    for pair in points.windows(2) {
        for i in 1..=8 {
            let t = i as f32 / 8.0;
            harness.hover_at(at(
                [0, 1].map(|c| pair[0][c] + t * (pair[1][c] - pair[0][c]))
            ));
            harness.step();
        }
    }
    harness.drop_at(at(points[points.len() - 1]));
    harness.step();
}

/// Waits for the answer to what is on the canvas now: answers to half a stroke come before it.
pub fn answer(harness: &mut Harness<'_, StudioApp>) -> Vec<f32> {
    let studio = harness.state().studio();
    let classifier = studio.classifier().unwrap();
    let expected = classify(classifier, &studio.pad().input())
        .unwrap()
        .unwrap();
    wait(harness, "the answer", |app| {
        let prediction = app.studio().prediction();
        prediction.is_some_and(|p| p.probabilities == expected.probabilities)
    });
    expected.probabilities
}

pub type Window = Harness<'static, StudioApp>;

pub fn window_of(size: [f32; 2], theme: Theme) -> Window {
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .build_eframe(open);
    settle(&mut window);
    window
}

pub fn window() -> Window {
    window_of([1440.0, 900.0], Theme::Dark)
}

pub fn studio(window: &Window) -> &Studio {
    window.state().studio()
}

pub fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(4);
}

pub fn set(window: &mut Window, field: &str, value: f64) {
    let field = window.get_by_role_and_label(Role::SpinButton, field);
    field.set_value_accesskit(value);
    window.run_steps(4);
}

pub fn choose(window: &mut Window, list: &str, item: &str) {
    click(window, list);
    click(window, item);
}

pub fn type_text(window: &mut Window, text: &str) {
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(2);
}

pub fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

/// A network and a share of the data that train in a moment: 1,000 images, the rest held out.
pub fn choose_small(window: &mut Window, epochs: usize) {
    choose(window, "Preset", "Softmax regression");
    set(window, "Validation", 59_000.0);
    set(window, "Epochs", epochs as f64);
    assert_eq!(studio(window).draft().preset, "softmax");
    assert_eq!(studio(window).errors(), []);
}

pub fn wait_for_end(window: &mut Window) {
    wait(window, "the end of the run", |app| {
        app.studio().live_run().is_none() && !app.studio().runs().is_empty()
    });
    // A run that ends between two frames has its table laid out in the next.
    window.run_steps(4);
}

pub fn draw_one(window: &mut Window) {
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(window, canvas, &[[0.5, 0.2], [0.5, 0.8]]);
}
