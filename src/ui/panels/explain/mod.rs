//! Explain: why the model answers as it does for what is on the canvas.

mod layers;
mod why;

use egui::Ui;

use super::PanelContext;
use crate::studio::{ExplainAction, ExplainView};
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::first_step_ui;

/// The state of Explain.
#[derive(Default)]
pub struct ExplainPanel {
    why: why::WhyView,
    layers: layers::LayersView,
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
        if cx.studio.pad().is_empty() {
            let line = "Draw something on the canvas, or take a test image, to see which pixels \
                        count.";
            let command = CanvasCommand::RandomTestImage.into();
            return first_ui(ui, cx, line, "Take a test image", command);
        }
        match view {
            ExplainView::Why => self.why.ui(ui, cx),
            ExplainView::Layers => self.layers.ui(ui, cx),
        }
    }

    /// Called while another place is shown.
    pub fn leave(&mut self, cx: &mut PanelContext<'_>) {
        if cx.studio.explainer().shown().is_some() {
            cx.act(ExplainAction::Show(None));
        }
        self.why.leave();
        self.layers.leave();
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
