//! The recoveries from a NaN or suddenly large loss, above the curves while training is paused.

use egui::{Frame, Label, Margin, RichText, Sense, TextureHandle, Ui, vec2};

use super::{PanelContext, augmented_images};
use crate::studio::RunAction;
use crate::text;
use crate::train::{Divergence, Recovery, WorstImage};
use crate::ui::command::{Command, RecoveryCommand};
use crate::ui::theme::{self, PANEL_PADDING, tokens};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Side of the picture of an image.
const SIDE: f32 = 44.0;

/// The panel and its state between frames.
#[derive(Default)]
pub struct GuardPanel {
    /// The divergence that is shown: its update and the number of rollbacks before it.
    about: Option<(u64, usize)>,
    chosen_step: Option<u64>,
    pictures: Vec<TextureHandle>,
}

impl GuardPanel {
    /// Draws the panel while training is paused by the guard.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let Some(run) = cx.studio.live_run() else {
            return;
        };
        let Some(divergence) = run.divergence.clone() else {
            return;
        };
        let about = Some((divergence.step, run.n_rewinds));
        if self.about != about {
            self.about = about;
            self.chosen_step = divergence.default_rollback_step();
            self.pictures.clear();
        }
        // The dataset may still be loading.
        if self.pictures.is_empty() {
            let worst = divergence.worst.iter().map(|worst| worst.index);
            let epoch = divergence.epoch.floor() as usize;
            self.pictures = augmented_images::pictures(ui, cx, run, epoch, worst);
        }
        let frame = Frame::new()
            .fill(tokens(ui).raised)
            .corner_radius(6)
            .inner_margin(Margin::symmetric(PANEL_PADDING, 8));
        frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            text_ui(ui, &divergence);
            self.images_ui(ui, cx, &divergence);
            self.recoveries_ui(ui, cx, &divergence);
        });
        ui.add_space(4.0);
    }

    fn images_ui(&self, ui: &mut Ui, cx: &PanelContext<'_>, divergence: &Divergence) {
        let Some(dataset) = cx.studio.dataset() else {
            return;
        };
        let name = |class: u32| {
            dataset
                .classes
                .get(class as usize)
                .map_or("?", String::as_str)
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            for (picture, worst) in self.pictures.iter().zip(&divergence.worst) {
                // As many as fit, worst first.
                if ui.available_width() < SIDE {
                    break;
                }
                let predicted = worst.predicted.map(name);
                image_ui(ui, picture, worst, name(worst.label), predicted);
            }
        });
    }

    fn recoveries_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, divergence: &Divergence) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
            let mut weight = Weight::Primary;
            for command in [
                RecoveryCommand::UndoRaise,
                RecoveryCommand::RollBackSlower,
                RecoveryCommand::RollBack,
                RecoveryCommand::SkipBatch,
                RecoveryCommand::ContinueAnyway,
            ] {
                let recovery = command.recovery_to(divergence, self.chosen_step);
                let Some(recovery) = recovery else { continue };
                // The first one is what helps most.
                recovery_ui(ui, cx, (command, recovery), divergence, weight);
                weight = Weight::Plain;
                if let (RecoveryCommand::RollBack, Some(step)) = (command, self.chosen_step) {
                    self.step_ui(ui, divergence, step);
                }
            }
        });
    }

    /// Draws the choice of the state to roll back to.
    fn step_ui(&mut self, ui: &mut Ui, divergence: &Divergence, chosen: u64) {
        let text = format!("to update {}", text::thousands(chosen));
        let shown = combo_of_width(ui, "Update to roll back to", &text, 136.0, |ui| {
            for &step in &divergence.back_to {
                let text = format!("to update {}", text::thousands(step));
                ui.selectable_value(&mut self.chosen_step, Some(step), text);
            }
        });
        shown.on_hover_text(
            "The states still in memory: one too late may diverge again, one too early costs time.",
        );
    }
}

fn text_ui(ui: &mut Ui, divergence: &Divergence) {
    let title = RichText::new(format!("Paused: {}.", divergence.describe()));
    let title = title.family(theme::semibold()).color(tokens(ui).warning);
    ui.add(Label::new(title).wrap());
    let origin = text::sentence(&divergence.origin.describe());
    let text = format!("{origin} This batch was not used. Its worst images:");
    ui.add(Label::new(RichText::new(text).color(tokens(ui).quiet)).wrap());
}

fn image_ui(
    ui: &mut Ui,
    picture: &TextureHandle,
    worst: &WorstImage,
    label: &str,
    predicted: Option<&str>,
) {
    let (prediction, short) = match predicted {
        Some(class) => (format!("predicted {class}"), class),
        None => ("output not finite".to_owned(), "not finite"),
    };
    ui.vertical(|ui| {
        ui.set_width(SIDE);
        ui.spacing_mut().item_spacing.y = 2.0;
        let image = egui::Image::new(picture).fit_to_exact_size(vec2(SIDE, SIDE));
        let about = format!(
            "Training image {}: label {label}, {prediction}, loss {:.2}",
            worst.index, worst.loss
        );
        ui.add(image.sense(Sense::hover()).alt_text(&about))
            .on_hover_text(format!("{about}. Shown as the network saw it, augmented."));
        let caption = theme::quiet(ui, format!("{label} → {short}"));
        ui.add(Label::new(caption).truncate());
    });
}

fn recovery_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    (command, recovery): (RecoveryCommand, Recovery),
    divergence: &Divergence,
    weight: Weight,
) {
    let label = match (command, divergence.raise) {
        (RecoveryCommand::UndoRaise, Some(raise)) => format!(
            "Roll back, learning rate {} as before",
            text::setting(raise.from)
        ),
        _ => Command::from(command).label(),
    };
    let button = labeled_button(ui, None, &label, weight, 0.0, true);
    let tooltip = Command::from(command).tooltip(ui);
    if button.on_hover_text(tooltip).clicked() {
        cx.act(RunAction::Recover(recovery));
    }
}
