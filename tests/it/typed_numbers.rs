//! Numbers typed into the settings, with real keys: when they count, and what is said about those
//! that cannot be read.

use candle_studio::train::Setting;
use candle_studio::ui::StudioApp;
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::window::{settled, wait};

type Window = Harness<'static, StudioApp>;

fn window() -> Window {
    settled([1440.0, 2400.0])
}

/// Clicks into the field and types over what it shows.
fn type_into(window: &mut Window, role: Role, field: &str, text: &str) {
    window.get_by_role_and_label(role, field).click();
    window.run_steps(3);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(Event::Text(text.to_owned()));
    window.run_steps(2);
}

fn type_rate(window: &mut Window, text: &str) {
    type_into(window, Role::SpinButton, "Learning rate", text);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

fn rate(window: &Window) -> f64 {
    window.state().studio().draft().learning_rate
}

fn start_training(window: &mut Window) {
    press(window, Modifiers::COMMAND, Key::Enter);
    wait(window, "training", |app| {
        app.studio()
            .live_run()
            .is_some_and(|run| run.points.len() > 2)
    });
}

fn stop(window: &mut Window) {
    window
        .state_mut()
        .act(candle_studio::studio::RunAction::Stop);
    wait(window, "the end", |app| app.studio().live_run().is_none());
}

#[test]
fn enter_takes_what_was_typed() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    assert_eq!(rate(&window), 0.001, "not while it is typed");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(rate(&window), 0.0005);
}

#[test]
fn tab_takes_what_was_typed() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    press(&mut window, Modifiers::NONE, Key::Tab);
    assert_eq!(rate(&window), 0.0005);
}

#[test]
fn a_click_elsewhere_takes_what_was_typed() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    window.get_by_label("Drawing canvas").click();
    window.run_steps(4);
    assert_eq!(rate(&window), 0.0005);
}

#[test]
fn ctrl_enter_starts_with_what_was_typed() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    start_training(&mut window);
    let run = window.state().studio().live_run().unwrap();
    assert_eq!(run.config.learning_rate, 0.0005);
    assert!(run.changes.is_empty(), "it began with it");
    stop(&mut window);
}

#[test]
fn a_click_on_train_starts_with_what_was_typed() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    window.get_by_role_and_label(Role::Button, "Train").click();
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some()
    });
    let run = window.state().studio().live_run().unwrap();
    assert_eq!(run.config.learning_rate, 0.0005);
    assert!(run.changes.is_empty(), "it began with it");
    stop(&mut window);
}

#[test]
fn other_commands_take_it_too() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    press(&mut window, Modifiers::COMMAND, Key::P);
    assert_eq!(rate(&window), 0.0005);
    window.get_by_label("Search commands");
}

#[test]
fn a_sweep_starts_with_what_was_typed() {
    let mut window = window();
    window.get_by_label("Sweep tab").click();
    window.run_steps(4);
    type_into(&mut window, Role::SpinButton, "Trials", "3");
    window
        .get_by_role_and_label(Role::Button, "Start sweep")
        .click();
    window.run_steps(4);
    assert_eq!(window.state().studio().sweeps().draft().trials, Some(3));
}

#[test]
fn escape_leaves_the_old_value() {
    let mut window = window();
    type_rate(&mut window, "0.0005");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(rate(&window), 0.001);
}

#[test]
fn a_comma_is_a_decimal_sign_also_while_it_trains() {
    let mut window = window();
    start_training(&mut window);
    type_rate(&mut window, "0,0007");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(rate(&window), 0.0007);
    wait(&mut window, "the change", |app| {
        app.studio()
            .live_run()
            .is_some_and(|run| !run.changes.is_empty())
    });
    stop(&mut window);
    let run = window.state().studio().own_run().unwrap();
    assert_eq!(run.state.changes.len(), 1);
    let change = &run.state.changes[0];
    assert_eq!(change.setting, Setting::LearningRate);
    assert_eq!(change.new, 0.0007);
}

#[test]
fn a_live_change_by_arrow_keys_is_one_event_when_the_field_is_left() {
    let mut window = window();
    start_training(&mut window);
    type_into(&mut window, Role::SpinButton, "Learning rate", "0.002");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window
        .get_by_role_and_label(Role::SpinButton, "Learning rate")
        .click();
    window.run_steps(3);
    for _ in 0..5 {
        press(&mut window, Modifiers::NONE, Key::ArrowUp);
        assert_eq!(rate(&window), 0.002, "not while the field is edited");
    }
    press(&mut window, Modifiers::NONE, Key::Tab);
    let new = rate(&window);
    assert!(new > 0.002, "{new}");
    wait(&mut window, "both changes", |app| {
        app.studio()
            .live_run()
            .is_some_and(|run| run.changes.len() >= 2)
    });
    stop(&mut window);
    let run = window.state().studio().own_run().unwrap();
    assert_eq!(run.state.changes.len(), 2);
}

#[test]
fn what_cannot_be_read_keeps_the_old_value_and_is_said_at_the_field() {
    let mut window = window();
    for text in ["abc", "1e400", "1,000,5"] {
        type_rate(&mut window, text);
        press(&mut window, Modifiers::NONE, Key::Enter);
        assert_eq!(rate(&window), 0.001, "{text}");
        window.get_by_label(&format!("\"{text}\" is not a number; keeping 0.001."));
    }
    type_rate(&mut window, "200");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("200 is not between 0 and 100; keeping 0.001.");
    type_rate(&mut window, "0.01");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(rate(&window), 0.01);
    assert!(window.query_by_label_contains("keeping ").is_none());
}

#[test]
fn fields_that_are_no_rows_say_it_too() {
    let mut window = window();
    type_into(&mut window, Role::SpinButton, "Pen width", "thick");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("\"thick\" is not a number; keeping 7.5.");
    window.get_by_label("Drawing canvas").click();
    window.run_steps(4);
    assert!(window.query_by_label_contains("keeping ").is_none());
    type_into(&mut window, Role::SpinButton, "Pen width", "12,5 %");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().studio().pad().brush(), 0.125);
}

#[test]
fn a_seed_can_be_typed_anew_and_a_wrong_one_is_said() {
    let mut window = window();
    let seed = |window: &Window| window.state().studio().draft().seed;
    let before = seed(&window);
    type_into(&mut window, Role::TextInput, "Seed", "seven");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(seed(&window), before);
    window.get_by_label_contains("\"seven\" is not a whole number");
    type_into(&mut window, Role::TextInput, "Seed", "18446744073709551615");
    press(&mut window, Modifiers::COMMAND, Key::P);
    assert_eq!(seed(&window), u64::MAX);
    assert!(
        window
            .query_by_label_contains("is not a whole number")
            .is_none()
    );
}
