//! Help in the window: shortcuts, licenses, the tour, and what the palette finds.

use std::path::Path;

use candle_studio::ui::Options;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::support::kept::{Kept, open_kept};
use crate::support::window::{
    Window, choose_small, click, press, settle, studio, type_text, wait_for_end, window,
};

fn text(window: &mut Window, text: &str) {
    press(window, Modifiers::COMMAND, Key::P);
    type_text(window, text);
}

#[test]
fn f1_and_the_question_mark_list_the_shortcuts_of_the_tab() {
    let mut window = window();
    press(&mut window, Modifiers::NONE, Key::F1);
    window.get_by_label("Shortcuts");
    window.get_by_label("Curves: zoom");
    window.get_by_label("Go to Compare");
    // Keys do nothing else while it is open.
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    assert!(studio(&window).runs().is_empty());
    press(&mut window, Modifiers::NONE, Key::F1);
    assert!(window.query_by_label("Shortcuts").is_none());
    // In a field, a question mark is a character.
    window
        .get_by_role_and_label(Role::SpinButton, "Learning rate")
        .focus();
    window.run_steps(2);
    press(&mut window, Modifiers::SHIFT, Key::Questionmark);
    assert!(window.query_by_label("Shortcuts").is_none());
    press(&mut window, Modifiers::NONE, Key::Escape);
    click(&mut window, "Compare tab");
    press(&mut window, Modifiers::SHIFT, Key::Questionmark);
    window.get_by_label("Table: go to another run");
    assert!(window.query_by_label("Curves: zoom").is_none());
    click(&mut window, "Help: About Candle Studio");
    window.get_by_label(&format!("Version {}", env!("CARGO_PKG_VERSION")));
    window.get_by_label("MNIST IMAGES (CC BY-SA 3.0)");
    window.get_by_label("Runs are not saved to disk.");
    click(&mut window, "Help: Licenses of all crates");
    window.get_by_label_contains("adler2 2.0.1: 0BSD OR MIT OR Apache-2.0");
    click(&mut window, "Help: About Candle Studio");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("About Candle Studio").is_none());
}

#[test]
fn the_palette_finds_help_by_many_words() {
    let mut window = window();
    for (typed, found) in [
        ("help", "Help: Keyboard shortcuts"),
        ("shortcuts", "Help: Keyboard shortcuts"),
        ("hotkeys", "Help: Keyboard shortcuts"),
        ("about", "Help: About Candle Studio"),
        ("version", "Help: About Candle Studio"),
        ("tour", "Help: Tour of the first session"),
        ("tutorial", "Help: Tour of the first session"),
        ("confusion", "Go to Evaluate"),
    ] {
        text(&mut window, typed);
        window.get_by_label_contains(found);
        press(&mut window, Modifiers::NONE, Key::Escape);
    }
    text(&mut window, "classify folder");
    window.get_by_label_contains("candle-studio predict MODEL");
    press(&mut window, Modifiers::NONE, Key::Escape);
    text(&mut window, "report page");
    window.get_by_label_contains("candle-studio report RUN");
    press(&mut window, Modifiers::NONE, Key::Escape);
    #[cfg(feature = "serve")]
    {
        text(&mut window, "http service");
        window.get_by_label_contains("Start the service");
        press(&mut window, Modifiers::NONE, Key::Escape);
    }
    text(&mut window, "nonsense");
    window.get_by_label("No matching command.");
}

fn open(workspace: &Path, kept: &Kept) -> Window {
    let mut window = open_kept(
        kept,
        Options {
            workspace: Some(workspace.join("runs")),
            session: Some(workspace.join("session.json")),
            ..Options::default()
        },
    );
    settle(&mut window);
    window
}

#[test]
fn the_tour_is_offered_once_and_goes_by_keyboard() {
    let (dir, mut kept) = (tempfile::tempdir().unwrap(), Kept::default());
    let mut window = open(dir.path(), &kept);
    click(&mut window, "Take the tour");
    for title in [
        "Choose a network",
        "Train it",
        "Watch it learn",
        "Draw a digit",
        "Change a setting",
        "Compare and search",
    ] {
        window.get_by_label(title);
        press(&mut window, Modifiers::NONE, Key::Enter);
    }
    assert!(window.query_by_label("Compare and search").is_none());
    eframe::App::save(window.state_mut(), &mut kept);
    drop(window);

    let mut window = open(dir.path(), &kept);
    assert!(window.query_by_label("Take the tour").is_none());
    // Still there when asked for, and out of the way of what it shows.
    text(&mut window, "tour");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("Choose a network");
    choose_small(&mut window, 1);
    click(&mut window, "Next");
    window.get_by_label("Train it");
    click(&mut window, "Train");
    wait_for_end(&mut window);
    window.get_by_label("Train it");
    click(&mut window, "Back");
    window.get_by_label("Choose a network");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Choose a network").is_none());
}

#[test]
fn the_card_of_the_tour_covers_none_of_the_controls_it_points_at() {
    let mut window = window();
    text(&mut window, "tour");
    press(&mut window, Modifiers::NONE, Key::Enter);
    for control in ["Preset", "Train"] {
        let control = window.get_by_label(control).rect();
        let card = window.get_by_label("Next").rect();
        assert!(!control.intersects(card), "{control:?} {card:?}");
        assert!(card.min.y > control.max.y && card.min.y < control.max.y + 250.0);
        click(&mut window, "Next");
    }
    click(&mut window, "Next");
    let canvas = window.get_by_label("Drawing canvas").rect();
    let card = window.get_by_label("Next").rect();
    assert!(!canvas.intersects(card), "{canvas:?} {card:?}");
}
