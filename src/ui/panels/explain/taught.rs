//! The training images that taught the answer, and those that taught against it.

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, Ui};

use super::super::PanelContext;
use super::thumbnails::Thumbnails;
use super::training_images::{Shown, grid_ui};
use crate::model::class_name;
use crate::studio::{ExplainAction, Taught, Teacher};
use crate::text;
use crate::ui::theme::{self, UNIT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Height of a row of images.
const ROW: f32 = 250.0;

/// The state of the view.
#[derive(Default)]
pub(super) struct TaughtView {
    made: Option<(Arc<Taught>, [Thumbnails; 2])>,
}

impl TaughtView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let search = cx.studio.explainer().teachers();
        let (is_busy, newest) = (search.is_busy(), search.newest().cloned());
        let problem = search.problem().map(text::sentence);
        ui.horizontal_wrapped(|ui| {
            let button = labeled_button(ui, None, "Find them", Weight::Plain, 0.0, !is_busy);
            let about = "Compares the gradient of each training image with that of the drawing, at a \
                         few snapshots of the run. An approximation: of the last dense layer only \
                         (TracIn).";
            if button.on_hover_text(about).clicked() {
                cx.act(ExplainAction::FindTeachers);
            }
            if is_busy {
                ui.label(theme::quiet(ui, "comparing gradients…"));
            }
        });
        if let Some(problem) = problem {
            ui.add(Label::new(RichText::new(problem).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(taught) = newest else {
            let line = "An approximation of which training images moved the weights toward this \
                        answer, and which away from it.";
            ui.add(Label::new(theme::quiet(ui, line)).wrap());
            return;
        };
        let input = cx.studio.prediction().map(|prediction| &prediction.input);
        let is_old = input.is_none_or(|input| *input != taught.input);
        ui.add(Label::new(sentence(&taught, is_old)).wrap());
        ui.add_space(UNIT);
        let kept = self.made.take().filter(|(of, _)| Arc::ptr_eq(of, &taught));
        let (_, thumbnails) = self.made.insert(kept.unwrap_or_else(|| {
            let made = [&taught.proponents, &taught.opponents].map(|teachers| {
                let images: Vec<u32> = teachers.iter().map(|t| t.image as u32).collect();
                Thumbnails::new(ui, &taught.dataset.train, &images)
            });
            (taught.clone(), made)
        }));
        ScrollArea::vertical()
            .id_salt("taught")
            .auto_shrink(false)
            .show(ui, |ui| {
                let parts = [
                    ("taught it", &taught.proponents),
                    ("taught against it", &taught.opponents),
                ];
                for ((name, teachers), thumbnails) in parts.into_iter().zip(thumbnails.iter()) {
                    ui.label(theme::quiet(ui, name));
                    let images: Vec<Shown> = teachers.iter().map(|t| shown(&taught, t)).collect();
                    ui.scope(|ui| {
                        ui.set_max_height(ROW);
                        grid_ui(ui, cx, name, &images, thumbnails);
                    });
                }
            });
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.made = None;
    }
}

fn class(taught: &Taught, class: usize) -> String {
    class_name(&taught.classes, class)
}

fn shown(taught: &Taught, teacher: &Teacher) -> Shown {
    let label = taught.dataset.train.labels()[teacher.image];
    Shown {
        image: teacher.image,
        label: class(taught, label as usize),
        number: ("influence", format!("{:.1e}", teacher.influence)),
    }
}

fn sentence(taught: &Taught, is_old: bool) -> String {
    let snapshots = match taught.n_snapshots {
        1 => "the model itself".to_owned(),
        n => format!("{n} snapshots of its run"),
    };
    let of = if is_old {
        " for what was on the canvas before"
    } else {
        ""
    };
    format!(
        "What taught {}{of}: {} compared at {snapshots}, by the gradients of the last dense layer.",
        class(taught, taught.class),
        text::count(taught.n_compared, "training image"),
    )
}
