//! Explain: why the model answers as it does for what is on the canvas.

mod ink;
mod layers;
mod map;
mod neighbors;
mod picture;
mod robustness;
mod taught;
mod thumbnails;
mod training_images;
mod unit;
mod why;

use egui::{Ui, vec2};

use super::{PanelContext, timeline};
use crate::studio::{ExplainAction, ExplainView};
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::{combo_of_width, first_step_ui};

/// Height below which a view has no room to give for the timeline.
const LEAST_HEIGHT: f32 = 360.0;

/// The state of Explain.
#[derive(Default)]
pub struct ExplainPanel {
    why: why::WhyView,
    layers: layers::LayersView,
    robustness: robustness::RobustnessView,
    ink: ink::InkView,
    unit: unit::UnitView,
    neighbors: neighbors::NeighborsView,
    map: map::MapView,
}

impl ExplainPanel {
    /// Shows the place in the available space.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let view = cx.settings.explain_view;
        if cx.studio.explainer().shown() != Some(view) {
            cx.act(ExplainAction::Show(Some(view)));
        }
        if cx.studio.classifier().is_none() {
            let line = "No model yet. Train one, or open a file, to see why it answers as it does.";
            return first_ui(ui, cx, line, "Open model…", FileCommand::OpenModel.into());
        }
        views_ui(ui, cx);
        if view.needs_canvas() && cx.studio.pad().is_empty() {
            let line = format!(
                "Draw something on the canvas, or take a test image, to see {}.",
                view.purpose()
            );
            let command = CanvasCommand::RandomTestImage.into();
            return first_ui(ui, cx, &line, "Take a test image", command);
        }
        let strip = timeline::HEIGHT + ui.spacing().item_spacing.y;
        let has_strip = timeline::is_shown(cx) && ui.available_height() > LEAST_HEIGHT + strip;
        let height = ui.available_height() - if has_strip { strip } else { 0.0 };
        ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
            ui.set_min_height(height);
            self.view_ui(ui, cx, view);
        });
        if has_strip {
            timeline::ui(ui, cx, None);
        }
    }

    fn view_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, view: ExplainView) {
        match view {
            ExplainView::Why => self.why.ui(ui, cx),
            ExplainView::Layers => self.layers.ui(ui, cx),
            ExplainView::Robustness => self.robustness.ui(ui, cx),
            ExplainView::Ink => self.ink.ui(ui, cx),
            ExplainView::Unit => self.unit.ui(ui, cx),
            ExplainView::Neighbors => self.neighbors.ui(ui, cx),
            ExplainView::Map => self.map.ui(ui, cx),
        }
    }

    /// Called while another place is shown.
    pub fn leave(&mut self, cx: &mut PanelContext<'_>) {
        if cx.studio.explainer().shown().is_some() {
            cx.act(ExplainAction::Show(None));
        }
        self.why.leave();
        self.layers.leave();
        self.robustness.leave();
        self.ink.leave();
        self.unit.leave();
        self.neighbors.leave();
        self.map.leave();
    }
}

fn views_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        for view in ExplainView::ALL {
            let chosen = &mut cx.settings.explain_view;
            ui.selectable_value(chosen, view, view.label())
                .on_hover_text(view.explanation());
        }
    });
}

/// Draws the choice of the layer whose output is the embedding; `shown` is the one in use.
fn layer_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: Option<&str>) {
    let Some(classifier) = cx.studio.classifier() else {
        return;
    };
    let names = classifier.network.spec().layer_names();
    let old = cx.studio.explainer().neighbors().settings();
    let mut layer = old.clone();
    let last = "last hidden layer";
    let chosen = layer.as_deref().and(shown).unwrap_or(last).to_owned();
    ui.label(theme::quiet(ui, "layer"));
    combo_of_width(ui, "Layer", &chosen, 128.0, |ui| {
        ui.selectable_value(&mut layer, None, last);
        for each in names {
            ui.selectable_value(&mut layer, Some(each.name.clone()), each.name);
        }
    })
    .on_hover_text(
        "The layer whose output is the embedding of an image. The last hidden layer, which the last \
         dense layer reads, knows the most about classes.",
    );
    if layer != *old {
        cx.act(ExplainAction::EmbedAt(layer));
    }
}

/// Shows what to do first.
fn first_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, line: &str, button: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    if first_step_ui(ui, line, button, command.tooltip(ui), is_possible) {
        cx.command(command);
    }
}
