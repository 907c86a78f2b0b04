//! Look inside: one batch step by step: forward, backward and update, and what each changes.

mod images;
mod layers;

use egui::{Align, Context, Label, Layout, RichText, ScrollArea, Ui};

use super::{PanelContext, augmented_images};
use crate::runs::Status;
use crate::studio::RunAction;
use crate::text;
use crate::train::Inspection;
use crate::ui::command::{Command, RunCommand, ViewCommand};
use crate::ui::place::TrainView;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::{Weight, first_step_ui, labeled_button};

/// Maximum number of images shown, the first of the batch.
const MAX_IMAGES: usize = 512;

/// Height of what is said about a stage: two lines, so that nothing moves from stage to stage.
const STAGE_HEIGHT: f32 = 34.0;

/// The stage that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Forward,
    Backward,
    Update,
}

/// The view and its state between frames.
#[derive(Default)]
pub struct InspectPanel {
    /// The update that is shown.
    about: Option<u64>,
    stage: Stage,
    pictures: images::Pictures,
    /// The image whose maps are shown.
    image: usize,
    textures: layers::Textures,
}

impl InspectPanel {
    /// Draws the batch that is inspected, or what to do to inspect one.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let Some(inspection) = cx.studio.inspection().cloned() else {
            self.about = None;
            return empty_ui(ui, cx);
        };
        if self.about != Some(inspection.step) {
            *self = InspectPanel {
                about: Some(inspection.step),
                stage: Stage::Forward,
                pictures: pictures(ui, cx, &inspection),
                ..InspectPanel::default()
            };
        }
        self.title_ui(ui, cx, &inspection);
        ui.vertical(|ui| {
            ui.set_min_height(STAGE_HEIGHT);
            ui.add(Label::new(theme::quiet(ui, self.describe(&inspection))).wrap());
        });
        ui.add_space(4.0);
        ScrollArea::both()
            .id_salt("inside")
            .auto_shrink(false)
            .show(ui, |ui| {
                self.images_ui(ui, &inspection);
                ui.add_space(8.0);
                self.layers_ui(ui, &inspection);
            });
    }

    fn describe(&self, inspection: &Inspection) -> String {
        let loss = text::loss(inspection.loss);
        let n = inspection.images.len();
        match self.stage {
            Stage::Forward => format!(
                "Forward: the network classified {}; their mean loss is {loss}. No weight has \
                 changed yet.",
                text::count(n, "image")
            ),
            Stage::Backward => {
                "Backward: each layer's weights got a gradient, the direction in which the loss \
                 rises. No weight has changed yet."
                    .to_owned()
            }
            Stage::Update => {
                let after = inspection.images.iter().map(|i| i.loss_after).sum::<f64>();
                format!(
                    "Update: the weights moved against the gradient, with learning rate {}. On the \
                     same images the loss is now {}.",
                    text::setting(inspection.learning_rate),
                    text::loss(after / n.max(1) as f64)
                )
            }
        }
    }

    /// Draws the title and the buttons, which stay where they are from stage to stage.
    fn title_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, inspection: &Inspection) {
        let next = self.next_stage(cx, inspection);
        let (text, about) = match next {
            Some(Stage::Backward) => ("Backward", "Shows the gradients of this batch."),
            Some(Stage::Update) => ("Update", "Trains on this batch and shows what changed."),
            _ => ("Next batch", "Inspects the next batch of the paused run."),
        };
        let is_possible = next.is_some() || cx.studio.can_inspect();
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            let title = format!("Inside update {}", text::thousands(inspection.step));
            ui.label(RichText::new(title).heading());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked() {
                    cx.act(RunAction::CloseInspection);
                    cx.command(ViewCommand::TrainView(TrainView::Curves));
                }
                // The one primary button is that of the top bar.
                let button = labeled_button(ui, None, text, Weight::Plain, 110.0, is_possible);
                if button.on_hover_text(about).clicked() {
                    self.advance(cx, next);
                }
            });
        });
    }

    /// The stage after the one that is shown; `None` after the last, and where the run has
    /// continued meanwhile, so that it can no longer be trained on this batch.
    fn next_stage(&self, cx: &PanelContext<'_>, inspection: &Inspection) -> Option<Stage> {
        let run = cx.studio.live_run()?;
        let done = run.points.last().map_or(0, |p| p.step);
        let is_next = done + 1 == inspection.step && cx.studio.can_inspect();
        match self.stage {
            Stage::Forward => Some(Stage::Backward),
            Stage::Backward if is_next => Some(Stage::Update),
            Stage::Backward | Stage::Update => None,
        }
    }

    fn advance(&mut self, cx: &mut PanelContext<'_>, next: Option<Stage>) {
        match next {
            Some(Stage::Update) => cx.command(RunCommand::Step),
            Some(_) => {}
            None => cx.command(RunCommand::Inspect),
        }
        self.stage = next.unwrap_or(self.stage);
    }
}

/// Shows how to get to a batch.
fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let (line, button, command) = match cx.studio.live_run().map(|run| &run.status) {
        None => (
            "Train a single batch, then look inside the next one.",
            "Train one batch",
            RunCommand::Step,
        ),
        Some(Status::Paused) => (
            "See what the next batch does to the network, step by step.",
            "Look inside the next batch",
            RunCommand::Inspect,
        ),
        Some(_) => (
            "Pause the run to look inside its next batch.",
            "Pause the run",
            RunCommand::PauseOrResume,
        ),
    };
    let command = Command::from(command);
    let is_possible = command.is_possible(cx.studio);
    if first_step_ui(ui, line, button, command.tooltip(ui), is_possible) {
        cx.command(command);
    }
}

/// Returns the images of the batch as the network sees them.
fn pictures(ctx: &Context, cx: &PanelContext<'_>, inspection: &Inspection) -> images::Pictures {
    let Some(run) = cx.studio.live_run() else {
        return Vec::new();
    };
    let shown = inspection.images.iter().take(MAX_IMAGES);
    augmented_images::pictures(ctx, cx, run, inspection.epoch, shown.map(|i| i.index))
}
