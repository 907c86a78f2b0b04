//! The last minute of the service, live, and the last pictures it was asked about.

use std::sync::Arc;
use std::time::Duration;

use egui::Ui;
use egui_plot::{Line, Plot, PlotPoints};

use crate::studio::{DeployAction, Second, TRAFFIC_SECONDS, Traffic};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, UNIT, tokens};
use crate::ui::widgets::{Textures, Thumbnail};

/// Height of a plot.
const HEIGHT: f32 = 72.0;

/// The textures of the pictures, by their numbers.
#[derive(Default)]
pub(super) struct TrafficView {
    textures: Textures<u64>,
}

impl TrafficView {
    /// Draws requests per second, latency and pictures.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let Some(traffic) = cx.studio.services().traffic().cloned() else {
            return;
        };
        let seconds = traffic.seconds();
        if seconds.iter().any(|second| second.n_requests > 0) {
            // What was a second ago moves on, also if nobody asks any more.
            ui.request_repaint_after(Duration::from_secs(1));
        }
        ui.add_space(UNIT);
        plots_ui(ui, &seconds);
        self.pictures_ui(ui, cx, &traffic);
    }

    fn pictures_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, traffic: &Arc<Traffic>) {
        let mut keeps = traffic.keeps_pictures();
        let check = ui.checkbox(&mut keeps, "Show the last pictures");
        let about = "Keeps the first picture of each request and its answer, in memory only, until \
                     this is turned off or the service ends.";
        if check.on_hover_text(about).changed() {
            cx.act(DeployAction::KeepPictures(keeps));
        }
        let (pictures, n) = traffic.pictures();
        if pictures.is_empty() {
            // The numbers of another service begin anew.
            self.textures.clear();
        }
        self.textures.tidy();
        ui.horizontal_wrapped(|ui| {
            for (idx, picture) in pictures.iter().enumerate() {
                let caption = format!(
                    "{} {}",
                    picture.answer,
                    text::percent(f64::from(picture.probability))
                );
                let thumbnail = Thumbnail {
                    name: &format!("Picture answered with {caption}"),
                    caption: &caption,
                    color: tokens(ui).text,
                    is_chosen: false,
                };
                let number = n - idx as u64;
                let textures = &mut self.textures;
                thumbnail.ui(ui, |ui| {
                    let pixels = picture.values.iter().map(|v| (255.0 * v).round() as u8);
                    let pixels: Vec<u8> = pixels.collect();
                    textures.get(ui, number, || color_image(picture.shape, &pixels))
                });
            }
        });
    }
}

fn plots_ui(ui: &mut Ui, seconds: &[Second]) {
    let last = seconds.last().copied().unwrap_or_default();
    let heading = format!("requests per second: {}", last.n_requests);
    ui.label(theme::quiet(ui, heading)).on_hover_text(
        "Requests about images that were answered, in each second of the last minute.",
    );
    plot_ui(
        ui,
        "requests per second",
        seconds,
        &[|s| f64::from(s.n_requests)],
    );
    let heading = format!(
        "latency: half within {:.1} ms, 99 % within {:.1} ms",
        last.p50_ms, last.p99_ms
    );
    ui.label(theme::quiet(ui, heading))
        .on_hover_text("From the whole request to its answer, inside the service.");
    plot_ui(ui, "latency", seconds, &[|s| s.p99_ms, |s| s.p50_ms]);
}

/// Draws lines over the last minute, the first in the background.
fn plot_ui(ui: &mut Ui, name: &str, seconds: &[Second], lines: &[fn(&Second) -> f64]) {
    let t = tokens(ui);
    Plot::new(name)
        .height(HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .show_grid([false, true])
        .show_axes([false, true])
        .grid_color(t.hairline)
        .include_y(0.0)
        .include_y(1.0)
        .include_x(-(TRAFFIC_SECONDS as f64))
        .include_x(0.0)
        .show(ui, |plot| {
            for (idx, value) in lines.iter().enumerate() {
                let point = |(at, second): (usize, &Second)| {
                    [at as f64 - seconds.len() as f64, value(second)]
                };
                let points: PlotPoints<'_> = seconds.iter().enumerate().map(point).collect();
                let is_last = idx + 1 == lines.len();
                let color = if is_last { t.accent } else { t.quiet };
                plot.line(Line::new(name, points).color(color).width(1.5));
            }
        });
}
