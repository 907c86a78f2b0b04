//! The training images nearest to what is on the canvas, with distance and label.

use std::sync::Arc;

use egui::{Label, RichText, Ui};

use super::super::PanelContext;
use super::layer_ui;
use super::taught::TaughtView;
use super::thumbnails::Thumbnails;
use super::training_images::{Shown, grid_ui};
use crate::model::class_name;
use crate::studio::{NearImage, Neighbors};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};

/// The state of the view.
#[derive(Default)]
pub(super) struct NeighborsView {
    shows_teachers: bool,
    made: Option<(Arc<Neighbors>, Thumbnails)>,
    taught: TaughtView,
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
    class_name(&neighbors.classes, label as usize)
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
