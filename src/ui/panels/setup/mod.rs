//! The panel on the left: all settings of a run.

use egui::{Align, Layout, ScrollArea, Ui};

mod augment;
mod optimizer;
mod privacy;
mod regularize;
mod rows;
mod schedule;
mod seed;
#[cfg(feature = "mlflow")]
mod tracking;

use super::PanelContext;
use super::layers::LayersPanel;
use crate::model::Init;
use crate::studio::DraftAction;
use crate::train::{Setting, TrainConfig};
use crate::ui::command::{Command, DraftCommand, RunCommand};
use crate::ui::theme;
use crate::ui::widgets::{Weight, labeled_button};
use augment::AugmentSection;
use optimizer::optimizer_ui;
use privacy::PrivacySection;
use rows::{choice_ui, setting_ui};
use seed::seed_ui;

/// The settings panel.
#[derive(Default)]
pub struct SetupPanel {
    layers: LayersPanel,
    augment: AugmentSection,
    privacy: PrivacySection,
    #[cfg(feature = "mlflow")]
    tracking: tracking::TrackingSection,
}

impl SetupPanel {
    /// Draws the settings; an edit sends a complete new configuration.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ScrollArea::vertical()
            .auto_shrink(false)
            .content_margin(egui::Margin::symmetric(theme::PANEL_PADDING, 8))
            .show(ui, |ui| {
                let mut draft = cx.studio.draft().clone();
                self.layers.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                training_title_ui(ui, cx);
                optimizer_ui(ui, cx, &mut draft);
                rates_ui(ui, cx, &mut draft);
                amounts_ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                regularize::ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                self.augment.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                self.privacy.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                ui.label(theme::section(ui, "Initialization"));
                start_ui(ui, cx, &mut draft);
                #[cfg(feature = "mlflow")]
                {
                    ui.add_space(12.0);
                    self.tracking.ui(ui, cx);
                }
                if draft != *cx.studio.draft() {
                    cx.act(DraftAction::Set(Box::new(draft)));
                }
                ui.add_space(12.0);
                let reset = Command::from(DraftCommand::Reset);
                command_button(ui, cx, reset, reset.label());
            });
    }
}

/// Draws the heading, with the button of the LR finder.
fn training_title_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::section(ui, "Training"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button(ui, cx, RunCommand::FindLr.into(), "Find LR…".to_owned());
        });
    });
}

fn command_button(ui: &mut Ui, cx: &mut PanelContext<'_>, command: Command, label: String) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, &label, Weight::Bare, 0.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

fn rates_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    setting_ui(ui, cx, draft, Setting::LearningRate);
    schedule::ui(ui, cx, draft);
    setting_ui(ui, cx, draft, Setting::WeightDecay);
}

fn amounts_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    for setting in [
        Setting::BatchSize,
        Setting::Epochs,
        Setting::Validation,
        Setting::Balanced,
        Setting::SketchShare,
    ] {
        setting_ui(ui, cx, draft, setting);
    }
}

fn start_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
    let (chosen, label) = (draft.init.label(), |init: &Init| init.label());
    if let Some(new) = choice_ui(ui, cx, Setting::Init, Init::ALL, label, chosen) {
        draft.init = new;
    }
    seed_ui(ui, cx, draft);
}
