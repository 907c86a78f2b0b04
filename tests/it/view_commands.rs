//! The size of the interface, all settings at their defaults, and the sketch on the clipboard.

use egui::accesskit::Toggled;
use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::support::window::{
    Window, choose, click, draw_one, press, set, studio, type_text, window,
};

fn run_command(window: &mut Window, typed: &str) {
    press(window, Modifiers::COMMAND, Key::P);
    type_text(window, typed);
    press(window, Modifiers::NONE, Key::Enter);
}

#[test]
fn the_interface_grows_and_shrinks_by_keys_and_menu() {
    let mut window = window();
    let zoom = |window: &Window| (100.0 * window.ctx.zoom_factor()).round();
    press(&mut window, Modifiers::COMMAND, Key::Plus);
    assert_eq!(zoom(&window), 110.0);
    click(&mut window, "Theme");
    window.get_by_label("Interface: 110 %");
    click(&mut window, "Interface: Larger");
    assert_eq!(zoom(&window), 120.0);
    press(&mut window, Modifiers::COMMAND, Key::Minus);
    assert_eq!(zoom(&window), 110.0);
    press(&mut window, Modifiers::COMMAND, Key::Num0);
    assert_eq!(zoom(&window), 100.0);
    run_command(&mut window, "scale smaller");
    assert_eq!(zoom(&window), 90.0);
    run_command(&mut window, "normal size");
    assert_eq!(zoom(&window), 100.0);
}

#[test]
fn all_settings_return_to_their_defaults_and_back() {
    let mut window = window();
    let first = studio(&window).draft().clone();
    choose(&mut window, "Preset", "Softmax regression");
    set(&mut window, "Learning rate", 0.5);
    let edited = studio(&window).draft().clone();
    let reset: [fn(&mut Window); 2] = [
        |window| run_command(window, "reset settings"),
        |window| {
            window.get_by_label("Reset all settings").scroll_to_me();
            window.run_steps(8);
            click(window, "Reset all settings");
        },
    ];
    for reset in reset {
        reset(&mut window);
        assert_eq!(*studio(&window).draft(), first);
        press(&mut window, Modifiers::COMMAND, Key::Z);
        assert_eq!(*studio(&window).draft(), edited);
    }
}

#[test]
fn the_views_of_every_place_are_found_by_their_names() {
    let mut window = window();
    for (typed, place) in [
        ("explain robust", "Explain"),
        ("data pixels", "Data"),
        ("evaluate models", "Evaluate"),
    ] {
        run_command(&mut window, typed);
        window.run_steps(4);
        let name = format!("{place} tab");
        let tab = window.get_by_label(&name);
        assert!(
            tab.accesskit_node().toggled() == Some(Toggled::True),
            "{place}"
        );
    }
    // The view is chosen there.
    run_command(&mut window, "data pixels");
    window.run_steps(4);
    let view = window.get_by_label("Pixels");
    assert!(view.accesskit_node().toggled() == Some(Toggled::True));
}

#[test]
fn the_sketch_is_copied_as_it_is_drawn() {
    let mut window = window();
    draw_one(&mut window);
    window.get_by_label("Copy sketch").click();
    let mut copied = None;
    for _ in 0..4 {
        window.step();
        for command in &window.output().platform_output.commands {
            if let OutputCommand::CopyImage(image) = command {
                copied = Some(image.clone());
            }
        }
    }
    let (copied, image) = (copied.unwrap(), studio(&window).pad().image());
    assert_eq!(copied.size, [image.width, image.height]);
    let gray: Vec<u8> = copied.pixels.iter().map(|pixel| pixel.r()).collect();
    assert_eq!(gray, image.pixels);
}
