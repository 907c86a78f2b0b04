//! The progress of the newest run, in the bar at the top.

use egui::{Align, Align2, Layout, Rect, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::PanelContext;
use crate::runs::{RunState, Status};
use crate::studio::{ShownSweep, Studio, SweepPhase};
use crate::text;
use crate::train::Finish;
use crate::ui::theme::{ROW_HEIGHT, tokens};

/// Draws the progress of the newest run in the remaining width.
pub fn ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    if let Some(sweep) = running_sweep(cx.studio) {
        return sweep_ui(ui, rect, sweep, &response);
    }
    // Runs of earlier sessions are hidden until their curves are shown.
    let newest = cx
        .studio
        .own_run()
        .or(cx.studio.runs().last())
        .filter(|r| r.is_visible || r.state.is_live());
    let Some(run) = newest.map(|r| &r.state) else {
        return;
    };
    match &run.status {
        Status::Starting => line_ui(ui, rect, "Starting…", tokens(ui).quiet),
        Status::Running | Status::Paused => live_ui(ui, rect, run, &response),
        Status::Interrupted => line_ui(ui, rect, "Interrupted", tokens(ui).warning),
        Status::Finished(finish) => {
            let (text, ink) = ending(ui, run, finish);
            line_ui(ui, rect, &text, ink);
        }
    }
}

/// The sweep to show: one that is running while no single run is.
pub fn running_sweep(studio: &Studio) -> Option<&ShownSweep> {
    let is_free = studio.live_run().is_none();
    studio.sweeps().running().filter(|_| is_free)
}

/// Draws `sweep: trial 3 of 16 ▓▓░░░░ 12 %`.
fn sweep_ui(ui: &Ui, rect: Rect, sweep: &ShownSweep, response: &egui::Response) {
    let t = tokens(ui);
    let paused = match sweep.phase {
        SweepPhase::Paused => ", paused",
        _ => "",
    };
    let words = format!("sweep: {}{paused}", sweep.trial_words());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &words));
    let font = TextStyle::Monospace.resolve(ui.style());
    let painter = ui.painter();
    let at = rect.left_center();
    let left = painter.text(at, Align2::LEFT_CENTER, words, font.clone(), t.text);
    let Some(share) = sweep.progress() else {
        return;
    };
    let percent = text::percent_whole(f64::from(share));
    let at = rect.right_center();
    let right = painter.text(at, Align2::RIGHT_CENTER, percent, font, t.text);
    let bar = Rect::from_x_y_ranges(left.max.x + 12.0..=right.min.x - 12.0, rect.y_range());
    bar_ui(ui, bar, share);
}

/// Draws one line of small text, wrapped if it does not fit.
fn line_ui(ui: &mut Ui, rect: Rect, text: &str, ink: egui::Color32) {
    let text = egui::RichText::new(text).small().color(ink);
    let builder = egui::UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Center));
    ui.new_child(builder).add(egui::Label::new(text).wrap());
}

fn ending(ui: &Ui, run: &RunState, finish: &Finish) -> (String, egui::Color32) {
    let t = tokens(ui);
    match (finish, run.test) {
        (Finish::Completed, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Completed: {accuracy} test accuracy"), t.good)
        }
        (Finish::EarlyStopped, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Early stopped: {accuracy} test accuracy"), t.good)
        }
        (Finish::EarlyStopped, None) => ("Early stopped".to_owned(), t.good),
        (Finish::Completed, None) => ("Completed".to_owned(), t.good),
        (Finish::Stopped, Some(test)) => {
            let accuracy = text::percent_exact(test.accuracy);
            (format!("Stopped: {accuracy} test accuracy"), t.quiet)
        }
        (Finish::Stopped, None) => ("Stopped".to_owned(), t.quiet),
        (Finish::Diverged { step }, _) => (
            format!("Diverged at update {}", text::thousands(*step)),
            t.bad,
        ),
        (Finish::Failed { .. }, _) => ("Failed".to_owned(), t.bad),
    }
}

/// The progress of a live run as text.
struct Progress {
    epoch: String,
    percent: String,
    speed: Option<String>,
    left: Option<String>,
}

impl Progress {
    fn of(run: &RunState) -> Progress {
        let epochs = run.config.epochs;
        let epoch = run.points.last().map_or(0.0, |p| p.epoch).ceil() as usize;
        let left = run.secs_left();
        Progress {
            epoch: format!("epoch {}/{epochs}", epoch.clamp(1, epochs.max(1))),
            percent: text::percent_whole(f64::from(run.progress())),
            speed: run
                .images_per_second()
                .map(|s| format!("{} images/s", text::short_count(s as u64))),
            left: match run.status {
                Status::Paused => Some("paused".to_owned()),
                _ => left.map(|secs| format!("{} left", text::duration(secs))),
            },
        }
    }

    /// All of it, for screen readers.
    fn spoken(&self) -> String {
        let parts = [Some(&self.epoch), Some(&self.percent)];
        let parts = parts
            .into_iter()
            .chain([self.speed.as_ref(), self.left.as_ref()]);
        let parts: Vec<&str> = parts.flatten().map(String::as_str).collect();
        parts.join(", ")
    }
}

/// Draws `epoch 3/5 ▓▓▓▓░░ 62 % 31.2k images/s 4 s left`, each part only if it fits.
fn live_ui(ui: &Ui, rect: Rect, run: &RunState, response: &egui::Response) {
    let t = tokens(ui);
    let progress = Progress::of(run);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, progress.spoken()));
    let font = TextStyle::Monospace.resolve(ui.style());
    let char_width = ui.fonts_mut(|f| f.glyph_width(&font, '0'));
    let width = |text: &str| char_width * text.chars().count() as f32 + 12.0;
    let write = |x: f32, align, text: &str, ink| {
        let at = pos2(x, rect.center().y);
        ui.painter().text(at, align, text, font.clone(), ink);
    };
    write(rect.min.x, Align2::LEFT_CENTER, &progress.epoch, t.text);
    let mut right = rect.max.x;
    let least = width(&progress.epoch) + width("100 %");
    let fits = |left: &String| {
        let is_paused = run.status == Status::Paused;
        is_paused || rect.width() > least + width(left).max(width("10.0 s left"))
    };
    if let Some(left) = progress.left.filter(fits) {
        let is_paused = run.status == Status::Paused;
        let ink = if is_paused { t.warning } else { t.quiet };
        write(right, Align2::RIGHT_CENTER, &left, ink);
        // The column does not move when the number loses a digit.
        right -= width(&left).max(width("10.0 s left"));
    }
    let bar_left = rect.min.x + width(&progress.epoch);
    let percent_width = width("100 %");
    let fits = |speed: &String| right - width(speed) - percent_width - bar_left > 60.0;
    if let Some(speed) = progress.speed.filter(fits) {
        write(right, Align2::RIGHT_CENTER, &speed, t.quiet);
        right -= width(&speed);
    }
    write(right, Align2::RIGHT_CENTER, &progress.percent, t.text);
    let bar = Rect::from_x_y_ranges(bar_left..=right - percent_width, rect.y_range());
    bar_ui(ui, bar, run.progress());
}

/// Draws the bar in the middle of `rect`, if there is room for it.
fn bar_ui(ui: &Ui, rect: Rect, share: f32) {
    let t = tokens(ui);
    let bar = Rect::from_min_max(
        pos2(rect.min.x, rect.center().y - 3.0),
        pos2(rect.max.x, rect.center().y + 3.0),
    );
    if bar.width() > 8.0 {
        ui.painter().rect_filled(bar, 3.0, t.raised);
        let done = bar.with_max_x(bar.min.x + bar.width() * share);
        ui.painter().rect_filled(done, 3.0, t.accent);
    }
}
