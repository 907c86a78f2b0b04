//! The pen follows the pointer's events, however many of them fall between two frames.

use candle_studio::ui::StudioApp;
use egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::window::settled;

type Window = Harness<'static, StudioApp>;

fn window() -> Window {
    settled([1440.0, 900.0])
}

/// Hands a number of events to one and the same frame.
struct Hand {
    window: Window,
    canvas: egui::Rect,
}

impl Hand {
    fn new() -> Hand {
        let window = window();
        let canvas = window.get_by_label("Drawing canvas").rect();
        Hand { window, canvas }
    }

    fn at(&self, [x, y]: [f32; 2]) -> Pos2 {
        self.canvas.min + self.canvas.size() * egui::vec2(x, y)
    }

    fn moves(&mut self, to: [f32; 2]) {
        let pos = self.at(to);
        self.window
            .input_mut()
            .events
            .push(Event::PointerMoved(pos));
    }

    fn button(&mut self, button: PointerButton, at: [f32; 2], pressed: bool) {
        let pos = self.at(at);
        self.window.input_mut().events.push(Event::PointerButton {
            pos,
            button,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }

    fn press(&mut self, at: [f32; 2]) {
        self.button(PointerButton::Primary, at, true);
    }

    fn release(&mut self, at: [f32; 2]) {
        self.button(PointerButton::Primary, at, false);
    }

    fn frame(&mut self) {
        self.window.step();
    }

    fn ink(&self, [x, y]: [f32; 2]) -> u8 {
        let image = self.window.state().studio().pad().image();
        let pixel = |c: f32| (c * image.width as f32) as usize;
        image.pixels[pixel(y) * image.width + pixel(x)]
    }
}

#[test]
fn no_ink_after_the_pen_was_lifted() {
    let mut hand = Hand::new();
    hand.moves([0.2, 0.2]);
    hand.frame();
    // All of it within one frame: a stroke, and the way to where the next one begins.
    hand.press([0.2, 0.2]);
    hand.moves([0.4, 0.2]);
    hand.release([0.4, 0.2]);
    hand.moves([0.4, 0.8]);
    hand.frame();
    assert_eq!(hand.ink([0.3, 0.2]), 255);
    assert_eq!(hand.ink([0.4, 0.5]), 0, "the pen was up");
    hand.press([0.4, 0.8]);
    hand.frame();
    hand.moves([0.8, 0.8]);
    hand.release([0.8, 0.8]);
    hand.frame();
    assert_eq!(hand.ink([0.6, 0.8]), 255);
    assert_eq!(hand.ink([0.4, 0.5]), 0, "the strokes do not join");
    assert_eq!(hand.ink([0.6, 0.5]), 0);
    // Two strokes: the first undo leaves the first of them.
    hand.window
        .state_mut()
        .act(candle_studio::studio::CanvasAction::Undo);
    assert_eq!(hand.ink([0.6, 0.8]), 0);
    assert_eq!(hand.ink([0.3, 0.2]), 255);
}

#[test]
fn two_strokes_within_a_frame_are_two() {
    let mut hand = Hand::new();
    for y in [0.2, 0.8] {
        hand.moves([0.2, y]);
        hand.press([0.2, y]);
        hand.moves([0.7, y]);
        hand.release([0.8, y]);
    }
    hand.frame();
    for y in [0.2, 0.8] {
        assert_eq!(hand.ink([0.5, y]), 255);
        assert_eq!(hand.ink([0.78, y]), 255, "up to where the pen was lifted");
    }
    assert_eq!(hand.ink([0.5, 0.5]), 0);
}

#[test]
fn a_stroke_goes_on_over_frames_and_outside_and_ends_with_its_own_button() {
    let mut hand = Hand::new();
    hand.moves([0.1, 0.5]);
    hand.press([0.1, 0.5]);
    hand.frame();
    hand.moves([0.5, 0.5]);
    hand.frame();
    hand.button(PointerButton::Secondary, [0.5, 0.5], true);
    hand.button(PointerButton::Secondary, [0.5, 0.5], false);
    hand.moves([0.5, 1.2]);
    hand.moves([0.9, 1.2]);
    hand.frame();
    hand.moves([0.9, 0.5]);
    hand.release([0.9, 0.5]);
    hand.frame();
    assert_eq!(hand.ink([0.3, 0.5]), 255);
    assert_eq!(hand.ink([0.5, 0.8]), 255);
    assert_eq!(hand.ink([0.9, 0.8]), 255);
    assert_eq!(hand.ink([0.7, 0.5]), 0);
    // The right button erases.
    hand.button(PointerButton::Secondary, [0.3, 0.5], true);
    hand.button(PointerButton::Secondary, [0.3, 0.5], false);
    hand.frame();
    assert_eq!(hand.ink([0.3, 0.5]), 0);
}

#[test]
fn a_press_outside_or_on_something_over_the_canvas_draws_nothing() {
    let mut hand = Hand::new();
    hand.press([-0.2, 0.5]);
    hand.moves([0.5, 0.5]);
    hand.release([0.5, 0.5]);
    hand.frame();
    assert!(hand.window.state().studio().pad().is_empty());

    // The list of commands lies over the whole window until it is closed.
    hand.window
        .key_press_modifiers(Modifiers::COMMAND, egui::Key::P);
    hand.window.run_steps(4);
    hand.window.get_by_label("Search commands");
    hand.press([0.5, 0.5]);
    hand.moves([0.8, 0.8]);
    hand.release([0.8, 0.8]);
    hand.frame();
    assert!(hand.window.state().studio().pad().is_empty());
}

#[test]
fn the_draw_panel_keeps_its_width() {
    let mut hand = Hand::new();
    let width = |hand: &Hand| hand.window.get_by_label("Drawing canvas").rect();
    let before = width(&hand);
    for percent in [7.5, 10.0, 12.5, 20.0] {
        let act = candle_studio::studio::CanvasAction::SetBrush(percent / 100.0);
        hand.window.state_mut().act(act);
        hand.window.run_steps(40);
        assert_eq!(width(&hand), before, "a pen of {percent} %");
    }
}
