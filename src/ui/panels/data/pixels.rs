//! How bright the pixels are, and how the images were made.

use egui::{Role, Sense, Ui, WidgetInfo, vec2};

use crate::data::{Dataset, N_BINS, Statistics};
use crate::text;
use crate::ui::theme::{self, UNIT, tokens};

/// Height of the histogram.
const HEIGHT: f32 = 120.0;

pub(super) fn ui(ui: &mut Ui, dataset: &Dataset, statistics: &Statistics) {
    histogram_ui(ui, statistics);
    ui.add_space(2.0 * UNIT);
    let folder = dataset.folder.as_ref();
    let origin = folder.map_or("the program".to_owned(), |path| path.display().to_string());
    let rows = [
        (
            "Mean",
            text::significant(statistics.mean),
            "The mean pixel; 0 is black, 1 is white.",
        ),
        (
            "Standard deviation",
            text::significant(statistics.std),
            "How much pixels differ from the mean.",
        ),
        (
            "Pictures become inputs",
            dataset.recipe.to_string(),
            "What is done to a picture from a file, the clipboard or the canvas before a network \
             sees it: what was done to these images.",
        ),
        ("From", origin, "Where the images were read from."),
        (
            "Fingerprint",
            dataset.fingerprint.chars().take(16).collect(),
            "The first digits of the SHA-256 that runs name their data by.",
        ),
    ];
    for (name, value, about) in rows {
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::quiet(ui, name)).on_hover_text(about);
            ui.label(value).on_hover_text(about);
        });
    }
    for note in &dataset.notes {
        let note = text::sentence(&text::capitalized(note));
        ui.add(egui::Label::new(theme::quiet(ui, note)).wrap());
    }
}

/// Draws how many pixels are how bright. Most images are mostly black, so the heights are square
/// roots.
fn histogram_ui(ui: &mut Ui, statistics: &Statistics) {
    let t = tokens(ui);
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let n_all = statistics.histogram.iter().sum::<u64>().max(1) as f64;
    let shares = statistics.histogram.map(|n| n as f64 / n_all);
    let most = shares.iter().copied().fold(0.0, f64::max).max(1e-9);
    let width = rect.width() / N_BINS as f32;
    for (i, share) in shares.into_iter().enumerate() {
        let height = (share / most).sqrt() as f32 * (HEIGHT - 2.0);
        let left = rect.min.x + i as f32 * width;
        let bar = egui::Rect::from_min_max(
            egui::pos2(left + 1.0, rect.max.y - height),
            egui::pos2(left + width - 1.0, rect.max.y),
        );
        ui.painter().rect_filled(bar, 1.0, t.quiet);
    }
    ui.painter()
        .hline(rect.x_range(), rect.max.y, (1.0, t.hairline));
    let [black, white] = [shares[0], shares[N_BINS - 1]].map(text::percent);
    let told = format!("Brightness of the pixels: {black} nearly black, {white} nearly white");
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &told));
    response.on_hover_text(format!(
        "{told}. From black to white; the heights are square roots of the numbers."
    ));
}
