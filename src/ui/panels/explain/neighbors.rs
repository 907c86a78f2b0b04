//! The training images nearest to what is on the canvas, with distance and label.

use std::sync::Arc;

use egui::{
    Align2, FontId, Label, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, vec2,
};

use super::super::PanelContext;
use super::layer_ui;
use super::taught::TaughtView;
use super::thumbnails::Thumbnails;
use crate::studio::{ExplainAction, NearImage, Neighbors};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};

/// Least and most side of an image, and height of the text below it, in points.
const SIDES: [f32; 2] = [64.0, 128.0];
const TEXT: f32 = 32.0;

/// Distance between images.
const GAP: f32 = 8.0;

/// Fewest images that are shown, and images in a row for which they grow.
const N_LEAST: usize = 12;
const N_COLUMNS: f32 = 8.0;

/// The state of the view.
#[derive(Default)]
pub(super) struct NeighborsView {
    shows_teachers: bool,
    made: Option<(Arc<Neighbors>, Thumbnails)>,
    taught: TaughtView,
}

/// A training image that is shown.
pub(super) struct Shown {
    /// Its index.
    pub(super) image: usize,
    /// The name of its label.
    pub(super) label: String,
    /// What the number below it is, and the number.
    pub(super) number: (&'static str, String),
}

impl NeighborsView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let newest = cx.studio.explainer().neighbors().newest().cloned();
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            for (shows_teachers, label, about) in [
                (
                    false,
                    "Nearest",
                    "The training images that a layer makes most similar to it.",
                ),
                (
                    true,
                    "Taught by",
                    "The training images that taught the network this answer.",
                ),
            ] {
                ui.selectable_value(&mut self.shows_teachers, shows_teachers, label)
                    .on_hover_text(about);
            }
            if !self.shows_teachers {
                layer_ui(ui, cx, newest.as_ref().map(|n| n.layer.as_str()));
            }
        });
        if self.shows_teachers {
            return self.taught.ui(ui, cx);
        }
        if let Some(problem) = cx.studio.explainer().neighbors().problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(newest) = newest else {
            ui.label(theme::quiet(ui, "Embedding the training images…"));
            return;
        };
        let about = format!(
            "Euclidean distance between the {} of {}. The embedding of the training images took \
             {:.1} s, and is made anew when the model changes.",
            text::count(newest.n_dims, "value"),
            newest.layer,
            newest.secs
        );
        ui.add(Label::new(sentence(&newest)).wrap())
            .on_hover_text(about);
        ui.add_space(UNIT);
        let kept = self.made.take();
        let kept = kept.filter(|(of, _)| Arc::ptr_eq(of, &newest));
        let (_, thumbnails) = self.made.insert(kept.unwrap_or_else(|| {
            let images: Vec<u32> = newest.nearest.iter().map(|n| n.image as u32).collect();
            let thumbnails = Thumbnails::new(ui, &newest.dataset.train, &images);
            (newest.clone(), thumbnails)
        }));
        let labels = newest.dataset.train.labels();
        let shown = |near: &NearImage| Shown {
            image: near.image,
            label: class(&newest, labels[near.image]),
            number: ("distance", text::loss(f64::from(near.distance))),
        };
        let shown: Vec<Shown> = newest.nearest.iter().map(shown).collect();
        grid_ui(ui, cx, "neighbors", &shown, thumbnails);
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.made = None;
        self.taught.leave();
    }
}

/// The name of a class.
fn class(neighbors: &Neighbors, label: u32) -> String {
    let name = neighbors.classes.get(label as usize).cloned();
    name.unwrap_or_else(|| label.to_string())
}

/// What is shown, and which label is the most frequent.
fn sentence(neighbors: &Neighbors) -> String {
    let labels = neighbors.dataset.train.labels();
    let mut counts = vec![0usize; labels.iter().max().map_or(0, |&most| most as usize + 1)];
    for near in &neighbors.nearest {
        counts[labels[near.image] as usize] += 1;
    }
    // The first of equals.
    let most = (0..counts.len())
        .rev()
        .max_by_key(|&label| counts[label])
        .unwrap_or(0);
    let n = neighbors.nearest.len();
    let among = match neighbors.n_compared == neighbors.n_all {
        true => text::count(neighbors.n_all, "training image"),
        false => format!(
            "a sample of {} of {}",
            text::thousands(neighbors.n_compared as u64),
            text::count(neighbors.n_all, "training image")
        ),
    };
    format!(
        "{} of the {n} nearest are labeled {}, among {among}, at {}.",
        counts.get(most).unwrap_or(&0),
        class(neighbors, most as u32),
        neighbors.layer
    )
}

/// Draws training images in a grid, as many as there is room for.
pub(super) fn grid_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    name: &str,
    images: &[Shown],
    thumbnails: &Thumbnails,
) {
    let room = ui.available_size() - vec2(8.0, 0.0);
    let side = (room.x / N_COLUMNS - GAP).clamp(SIDES[0], SIDES[1]).floor();
    let n_columns = ((room.x + GAP) / (side + GAP)).max(1.0) as usize;
    let n_rows = ((room.y + GAP) / (side + TEXT + GAP)).max(1.0) as usize;
    let n_shown = (n_rows * n_columns).max(N_LEAST).min(images.len());
    ui.spacing_mut().item_spacing = vec2(GAP, GAP);
    ScrollArea::vertical()
        .id_salt(name)
        .auto_shrink(false)
        .show(ui, |ui| {
            for first in (0..n_shown).step_by(n_columns) {
                ui.horizontal(|ui| {
                    let row = images.iter().enumerate().take(n_shown).skip(first);
                    for (place, shown) in row.take(n_columns) {
                        image_ui(ui, cx, shown, (thumbnails, place), side);
                    }
                });
            }
        });
}

fn image_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    shown: &Shown,
    (thumbnails, place): (&Thumbnails, usize),
    side: f32,
) {
    let (label, (what, number)) = (&shown.label, &shown.number);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side + TEXT), Sense::click());
    let name = format!(
        "training image {}: label {label}, {what} {number}",
        shown.image
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if ui.is_rect_visible(rect) {
        let t = tokens(ui);
        let picture = Rect::from_min_size(rect.min, vec2(side, side));
        ui.painter().rect_filled(picture, 2.0, theme::CANVAS);
        thumbnails.paint(ui.painter(), picture, place);
        if response.hovered() || response.has_focus() {
            let line = Stroke::new(2.0, t.text);
            ui.painter()
                .rect_stroke(picture, 2.0, line, StrokeKind::Outside);
        }
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let line = |text: &str, up: f32, color| {
            let at = rect.center_bottom() - vec2(0.0, up);
            let font = FontId::proportional(12.0);
            painter.text(at, Align2::CENTER_BOTTOM, text, font, color);
        };
        line(label, 15.0, t.text);
        line(number, 0.0, t.quiet);
    }
    let about = format!(
        "{}. A click puts it on the canvas.",
        text::capitalized(&name)
    );
    if response.on_hover_text(about).clicked() {
        cx.act(ExplainAction::OpenTrainingImage(shown.image));
    }
}
