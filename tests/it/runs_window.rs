//! Runs in the window: tabs, the table, the filter and the selection.

use candle_studio::model::{Classifier, PRESETS};
use candle_studio::runs::RunState;
use candle_studio::studio::{Action, Studio};
use candle_studio::train::TrainConfig;
use candle_studio::ui::StudioApp;
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::window::{open, settle};

type Window = Harness<'static, StudioApp>;

fn runs(names: &[&str]) -> Vec<RunState> {
    let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    names
        .iter()
        .map(|name| RunState::new(*name, config.clone()))
        .collect()
}

/// A window with runs of these names.
fn window(names: &'static [&'static str]) -> Window {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(|cc| {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            let model = Classifier::load(path.as_ref()).unwrap();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            StudioApp::with_studio(cc, studio.with_history(runs(names), model))
        });
    settle(&mut window);
    window
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

#[test]
fn tabs_are_reached_by_mouse_and_by_keyboard_and_say_what_to_do_first() {
    let mut window = Harness::builder().with_max_steps(60).build_eframe(open);
    settle(&mut window);
    window.get_by_label("Train a network and watch it learn.");
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    window.get_by_label("There is no run to compare yet.");
    assert!(
        window
            .query_by_label("Train a network and watch it learn.")
            .is_none()
    );
    press(&mut window, Modifiers::COMMAND, Key::Num3);
    window.get_by_label("There is no sweep yet.");
    window.get_by_role_and_label(Role::Tab, "Train tab").click();
    window.run_steps(4);
    window.get_by_label("Train a network and watch it learn.");
}

#[test]
fn a_filter_that_is_typed_leaves_the_runs_that_have_its_words() {
    let mut window = window(&["wide net 1", "deep net 2", "deep one 3"]);
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    window.get_by_label("3 runs");
    window.get_by_label("Filter of runs").focus();
    window.run_steps(2);
    window.event(egui::Event::Text("net DEEP".to_owned()));
    window.run_steps(4);
    window.get_by_label("1 of 3 runs");
    window.get_by_label("deep net 2");
    assert!(window.query_by_label("wide net 1").is_none());
    window.event(egui::Event::Text("x".to_owned()));
    window.run_steps(4);
    window.get_by_label("No run passes the filter.");
}

#[test]
fn the_selection_holds_only_runs_that_there_are() {
    let mut studio = Studio::new(None, std::sync::Arc::new(|| {})).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/window/lenet-5.safetensors"
    );
    studio = studio.with_history(runs(&["a", "b"]), Classifier::load(path.as_ref()).unwrap());
    let known = studio.runs()[1].id.clone();
    let ids = vec![known.clone(), candle_studio::runs::RunId::new("gone")];
    studio.handle(Action::Select(ids));
    let picked: Vec<_> = studio.selected_runs().map(|run| run.id.clone()).collect();
    assert_eq!(picked, [known]);
    studio.handle(Action::Select(Vec::new()));
    assert_eq!(studio.selected_runs().count(), 0);
}
