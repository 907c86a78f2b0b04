//! How often news from the threads repaint the window: at once while the user draws or drags, and
//! otherwise so seldom that drawing takes a small part of the time, which training gets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use egui::Context;

use crate::studio::Wake;

/// Shortest and longest time between two repaints for news: smooth where drawing is cheap, and still
/// alive where the processor draws.
const BETWEEN: [Duration; 2] = [Duration::from_millis(33), Duration::from_millis(100)];

/// The time between two repaints is this many times that of drawing one.
const REST: f32 = 16.0;

/// Seconds after the last press of a button in which an answer is still awaited.
const ATTENTIVE_SECS: f64 = 0.5;

/// The time to the next repaint for news, in microseconds; shared with the threads.
#[derive(Clone)]
pub struct Pace {
    micros: Arc<AtomicU64>,
    last_press: f64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            micros: Arc::new(AtomicU64::new(BETWEEN[0].as_micros() as u64)),
            last_press: f64::NEG_INFINITY,
        }
    }
}

impl Pace {
    /// Returns what threads call when there is something new to show.
    pub fn wake(&self, ctx: &Context) -> Wake {
        let (ctx, micros) = (ctx.clone(), self.micros.clone());
        Arc::new(move || {
            let pause = Duration::from_micros(micros.load(Ordering::Relaxed));
            ctx.request_repaint_after(pause);
        })
    }

    /// Called once per frame; `frame_secs` is what the last one took.
    pub fn update(&mut self, ctx: &Context, frame_secs: Option<f32>) {
        let (now, is_down) = ctx.input(|input| (input.time, input.pointer.any_down()));
        if is_down {
            self.last_press = now;
        }
        let pause = pause(now - self.last_press, frame_secs.unwrap_or(0.0));
        let micros = pause.as_micros() as u64;
        self.micros.store(micros, Ordering::Relaxed);
    }
}

/// The time to the next repaint for news.
fn pause(secs_since_press: f64, frame_secs: f32) -> Duration {
    if secs_since_press < ATTENTIVE_SECS {
        return Duration::ZERO;
    }
    let rest = (REST * frame_secs).clamp(0.0, 1.0);
    Duration::from_secs_f32(rest).clamp(BETWEEN[0], BETWEEN[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_at_once_and_training_is_not_held_up() {
        assert_eq!(pause(0.0, 0.02), Duration::ZERO);
        assert_eq!(pause(0.4, 0.02), Duration::ZERO);
        let idle = f64::INFINITY;
        assert_eq!(pause(idle, 0.001), BETWEEN[0]);
        assert!((80..90).contains(&pause(idle, 0.00525).as_millis()));
        assert_eq!(pause(idle, 0.5), BETWEEN[1]);
    }
}
