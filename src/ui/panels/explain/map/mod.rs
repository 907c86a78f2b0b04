//! The map of embeddings: images in the plane, colored by what the model makes of them.

mod colors;
mod lens;
mod marks;
mod plot;

use egui::{Label, RichText, Ui};

use super::super::PanelContext;
use super::layer_ui;
use crate::evaluate::SplitName;
use crate::studio::{EmbeddingMap, EvaluateAction, ExplainAction, MapMethod};
use crate::text;
use crate::ui::panels::evaluate::label;
use crate::ui::place::Place;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};
use colors::Coloring;
use plot::Plot;

/// The state of the view.
#[derive(Default)]
pub(super) struct MapView {
    coloring: Coloring,
    plot: Plot,
}

impl MapView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let newest = cx.studio.explainer().map().newest().cloned();
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            method_ui(ui, cx);
            split_ui(ui, cx);
            layer_ui(ui, cx, newest.as_ref().map(|map| map.of.layer.as_str()));
            self.coloring.choice_ui(ui);
        });
        if let Some(problem) = cx.studio.explainer().map().problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(map) = newest else {
            let text = match cx.studio.dataset() {
                Some(_) => "Embedding the images…",
                None => "The map needs a dataset; it is still being read.",
            };
            ui.label(theme::quiet(ui, text));
            return;
        };
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            self.plot.zoom_ui(ui);
            self.selection_ui(ui, cx, &map);
        });
        ui.add(Label::new(theme::quiet(ui, sentence(&map))).truncate())
            .on_hover_text(map.method.explanation());
        self.coloring.legend_ui(ui, &map.of);
        ui.add_space(UNIT);
        self.plot.ui(ui, cx, &map, self.coloring);
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.plot.leave();
    }

    /// Draws what can be done with images of the map.
    fn selection_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, map: &EmbeddingMap) {
        let about = "Selects the images in sight, as drawing a line around them does. Evaluate then \
                     shows only these.";
        let button = labeled_button(ui, None, "Select in sight", Weight::Plain, 0.0, true);
        if button.on_hover_text(about).clicked() {
            cx.act(ExplainAction::SelectMapped(self.plot.in_sight().to_vec()));
        }
        let n_chosen = plot::chosen(cx.studio, map).count();
        let about = "Shows the selected images in Evaluate.";
        let text = match n_chosen {
            0 => "Show in Evaluate".to_owned(),
            n => format!("Show {} in Evaluate", text::thousands(n as u64)),
        };
        let button = labeled_button(ui, None, &text, Weight::Plain, 148.0, n_chosen > 0);
        if button.on_hover_text(about).clicked() {
            cx.settings.place = Place::Evaluate;
        }
        let clear = labeled_button(ui, None, "Clear selection", Weight::Bare, 0.0, n_chosen > 0);
        if clear.on_hover_text("Selects all images again.").clicked() {
            cx.act(ExplainAction::SelectMapped(Vec::new()));
        }
    }
}

/// What is shown, in a sentence.
fn sentence(map: &EmbeddingMap) -> String {
    let image = map.of.split.image();
    let n = map.points.len();
    let images = match n == map.of.n_all {
        true => text::count(n, image),
        false => format!(
            "{} of {}",
            text::thousands(n as u64),
            text::count(map.of.n_all, image)
        ),
    };
    let state = match map.method {
        MapMethod::Pca => {
            let [x, y] = map.explained.map(text::percent);
            format!("{x} of the variance across, {y} up")
        }
        MapMethod::Tsne if map.is_settled => format!("settled after {} iterations", map.iteration),
        MapMethod::Tsne => format!("iteration {}", map.iteration),
    };
    format!("{images} at {}: {state}.", map.of.layer)
}

fn method_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let method = cx.studio.explainer().map().settings().method;
    let mut chosen = method;
    for each in MapMethod::ALL {
        ui.selectable_value(&mut chosen, each, each.label())
            .on_hover_text(each.explanation());
    }
    if chosen != method {
        cx.act(ExplainAction::MapBy(chosen));
    }
}

/// Draws the choice of the images: the same as in Evaluate, because what is selected here is shown
/// there.
fn split_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let split = cx.studio.evaluator().split();
    let mut chosen = split;
    combo_of_width(ui, "Images on the map", label(split), 96.0, |ui| {
        for each in SplitName::ALL {
            ui.selectable_value(&mut chosen, each, label(each));
        }
    })
    .on_hover_text(
        "The images on the map: a sample, each class in proportion. Evaluate shows the same.",
    );
    if chosen != split {
        cx.act(EvaluateAction::Split(chosen));
    }
}
