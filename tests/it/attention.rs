//! What is told without looking at the window: its title, and a request for attention.

use std::time::{Duration, Instant};

use candle_studio::studio::RunAction;
use egui::{ViewportCommand, ViewportId};

use crate::support::window::{Window, choose_small, click, studio, wait, window};

/// Draws once; returns the commands for the window.
fn step(window: &mut Window) -> Vec<ViewportCommand> {
    window.step();
    let root = &window.output().viewport_output[&ViewportId::ROOT];
    root.commands.clone()
}

/// Draws until the run has ended; returns the commands for the window.
fn until_the_end(window: &mut Window) -> Vec<ViewportCommand> {
    let mut commands = Vec::new();
    while studio(window).live_run().is_some() {
        commands.extend(step(window));
        std::thread::sleep(Duration::from_millis(2));
    }
    commands.extend(step(window));
    commands
}

fn titles(commands: &[ViewportCommand]) -> Vec<&str> {
    let mut titles = Vec::new();
    for command in commands {
        if let ViewportCommand::Title(title) = command {
            titles.push(title.as_str());
        }
    }
    titles
}

fn calls(commands: &[ViewportCommand]) -> bool {
    let is_call = |c: &ViewportCommand| matches!(c, ViewportCommand::RequestUserAttention(_));
    commands.iter().any(is_call)
}

fn leave(window: &mut Window) {
    window.input_mut().focused = false;
    window
        .input_mut()
        .viewports
        .entry(ViewportId::ROOT)
        .or_default()
        .focused = Some(false);
}

#[test]
fn the_title_shows_the_progress_and_a_short_run_does_not_call() {
    let mut window = window();
    leave(&mut window);
    choose_small(&mut window, 8);
    click(&mut window, "Train");
    let commands = until_the_end(&mut window);
    let titles = titles(&commands);
    let (last, others) = titles.split_last().unwrap();
    assert_eq!(*last, "Candle Studio");
    assert!(!others.is_empty());
    for title in others {
        let (progress, rest) = title.split_once(" · ").unwrap();
        assert_eq!(rest, "softmax 1 · Candle Studio");
        assert!(progress.ends_with(" %"), "{title}");
    }
    assert!(!calls(&commands));
}

#[test]
fn a_long_run_calls_for_attention_unless_the_window_is_in_front() {
    for is_in_front in [false, true] {
        let mut window = window();
        if !is_in_front {
            leave(&mut window);
        }
        choose_small(&mut window, 1_000_000);
        click(&mut window, "Train");
        let begun = Instant::now();
        wait(&mut window, "ten seconds", |_| {
            begun.elapsed() > Duration::from_millis(10_500)
        });
        assert!(!calls(&step(&mut window)));
        window.state_mut().act(RunAction::Stop);
        let commands = until_the_end(&mut window);
        assert_eq!(calls(&commands), !is_in_front);
    }
}
