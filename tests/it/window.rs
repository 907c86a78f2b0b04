//! The real window, without a display.

use std::time::{Duration, Instant};

use candle_studio::predict::classify;
use candle_studio::ui::{Options, StudioApp};
use egui_kittest::Harness;

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
    let expected = classify(classifier, studio.pad().image()).unwrap().unwrap();
    wait(harness, "the answer", |app| {
        let prediction = app.studio().prediction();
        prediction.is_some_and(|p| p.probabilities == expected.probabilities)
    });
    expected.probabilities
}
