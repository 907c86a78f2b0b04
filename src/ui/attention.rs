//! What is told without looking: progress in the window's title, and at the end of a long run or
//! sweep a request for attention, if another window is in front.

use std::time::{Duration, Instant};

use egui::{Context, UserAttentionType, ViewportCommand};

use crate::runs::Status;
use crate::studio::Studio;
use crate::text;

/// Name of the program, and the title of its window while nothing trains.
pub const TITLE: &str = "Candle Studio";

/// A run or sweep that took at least this long calls for attention at its end: nobody looks away
/// from a shorter one.
const LONG: Duration = Duration::from_secs(10);

/// The title that is shown, and how long something has been training.
#[derive(Default)]
pub struct Attention {
    title: Option<String>,
    begun: Option<Instant>,
    has_diverged: bool,
}

impl Attention {
    /// Updates the title, and calls for attention where it is due. Works while the window is hidden,
    /// too.
    pub fn update(&mut self, ctx: &Context, studio: &Studio) {
        let title = title(studio);
        if self.title.as_deref().unwrap_or(TITLE) != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = Some(title);
        }
        let has_diverged = studio
            .live_run()
            .is_some_and(|run| run.divergence.is_some());
        let is_live = studio.live_run().is_some() || studio.sweeps().is_live();
        let is_over = !is_live && self.begun.is_some_and(|begun| begun.elapsed() >= LONG);
        let waits = has_diverged && !self.has_diverged;
        if (is_over || waits) && !is_in_front(ctx) {
            // Desktops without such a request ignore it.
            let request = UserAttentionType::Informational;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(request));
        }
        self.has_diverged = has_diverged;
        self.begun = match is_live {
            true => self.begun.or_else(|| Some(Instant::now())),
            false => None,
        };
    }
}

fn is_in_front(ctx: &Context) -> bool {
    ctx.input(|input| input.viewport().focused.unwrap_or(input.focused))
}

/// The title: `62 % · keras-cnn 2 · Candle Studio`.
fn title(studio: &Studio) -> String {
    if let Some(run) = studio.live_run() {
        let share = text::percent_whole(f64::from(run.progress()));
        let state = match run.status {
            Status::Paused => format!("paused at {share}"),
            _ => share,
        };
        return format!("{state} · {} · {TITLE}", run.name);
    }
    let sweep = studio.sweeps().shown().filter(|sweep| sweep.is_live());
    let Some(sweep) = sweep else {
        return TITLE.to_owned();
    };
    let n_over = sweep.state.n_over();
    let done = match sweep.plan.n_trials() {
        Some(n) => format!("{n_over} of {}", text::count(n, "trial")),
        None => text::count(n_over, "trial"),
    };
    format!("{done} · {} · {TITLE}", sweep.plan.definition.name)
}
