//! Explain: why the model answers as it does for what is on the canvas.

mod ink;
mod layers;
mod picture;
mod robustness;
mod unit;
mod why;

use egui::{Ui, vec2};

use super::{PanelContext, timeline};
use crate::studio::{ExplainAction, ExplainView};
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::first_step_ui;

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

/// Shows what to do first.
fn first_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, line: &str, button: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    if first_step_ui(ui, line, button, command.tooltip(ui), is_possible) {
        cx.command(command);
    }
}
