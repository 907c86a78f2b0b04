//! One batch step by step: forward, backward and update, and what each changes.

use egui::{
    Align, Context, Grid, Id, Label, Layout, Modal, RichText, ScrollArea, Sense, TextureHandle, Ui,
    vec2,
};

use super::{PanelContext, augmented_images};
use crate::studio::RunAction;
use crate::text;
use crate::train::{InspectedImage, InspectedLayer, Inspection};
use crate::ui::command::RunCommand;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Maximum number of images shown, the first of the batch.
const MAX_IMAGES: usize = 512;

/// Height of the visible images: two rows.
const IMAGES_HEIGHT: f32 = 112.0;

const IMAGES_IN_A_ROW: usize = 16;

/// Side of an image.
const SIDE: f32 = 34.0;

/// The stage that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Forward,
    Backward,
    Update,
}

/// The dialog and its state between frames.
#[derive(Default)]
pub struct InspectPanel {
    /// The update that is shown.
    about: Option<u64>,
    stage: Stage,
    pictures: Vec<TextureHandle>,
}

impl InspectPanel {
    /// Draws the dialog, if a batch is inspected.
    pub fn ui(&mut self, ctx: &Context, cx: &mut PanelContext<'_>) {
        let Some(inspection) = cx.studio.inspection().cloned() else {
            self.about = None;
            return;
        };
        if self.about != Some(inspection.step) {
            *self = InspectPanel {
                about: Some(inspection.step),
                stage: Stage::Forward,
                pictures: pictures(ctx, cx, &inspection),
            };
        }
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16);
        let modal = Modal::new(Id::unique("inspect"))
            .frame(frame)
            .show(ctx, |ui| {
                ui.set_width(680.0);
                let title = format!("Inside update {}", text::thousands(inspection.step));
                ui.label(RichText::new(title).heading());
                ui.add(Label::new(theme::quiet(ui, self.describe(&inspection))).wrap());
                ui.add_space(8.0);
                self.images_ui(ui, &inspection);
                ui.add_space(8.0);
                self.layers_ui(ui, &inspection);
                ui.add_space(8.0);
                self.buttons_ui(ui, cx);
            });
        if modal.should_close() {
            cx.act(RunAction::CloseInspection);
        }
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

    fn images_ui(&self, ui: &mut Ui, inspection: &Inspection) {
        let shown: Vec<_> = self.pictures.iter().zip(&inspection.images).collect();
        let rows: Vec<_> = shown.chunks(IMAGES_IN_A_ROW).collect();
        let area = ScrollArea::vertical().id_salt("images of the batch");
        area.max_height(IMAGES_HEIGHT).show(ui, |ui| {
            for row in rows {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 8.0;
                    for (picture, image) in row {
                        image_ui(ui, picture, image, self.stage);
                    }
                });
            }
        });
    }

    fn layers_ui(&self, ui: &mut Ui, inspection: &Inspection) {
        ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
            Grid::new("layers of the batch")
                .spacing([24.0, 4.0])
                .min_row_height(20.0)
                .show(ui, |ui| {
                    heading_ui(ui, "layer", "In the order of the forward pass.");
                    heading_ui(ui, "output", "RMS of the layer's output.");
                    heading_ui(
                        ui,
                        "gradient norm",
                        "Near zero, the layer does not learn; very large, training is unstable.",
                    );
                    heading_ui(
                        ui,
                        "update ratio",
                        "Size of the update relative to the weights: about 0.001 is healthy.",
                    );
                    ui.end_row();
                    for layer in &inspection.layers {
                        self.layer_ui(ui, layer);
                    }
                });
        });
    }

    fn layer_ui(&self, ui: &mut Ui, layer: &InspectedLayer) {
        ui.label(&layer.reading.name);
        number_ui(ui, Some(layer.reading.output));
        number_ui(
            ui,
            layer
                .reading
                .gradient
                .filter(|_| self.stage >= Stage::Backward),
        );
        number_ui(
            ui,
            layer.update_ratio().filter(|_| self.stage == Stage::Update),
        );
        ui.end_row();
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let (text, about) = match self.stage {
            Stage::Forward => ("Backward", "Shows the gradients of this batch."),
            Stage::Backward => ("Update", "Trains on this batch and shows what changed."),
            Stage::Update => ("Next batch", "Inspects the next batch."),
        };
        let is_possible = self.stage < Stage::Update || cx.studio.can_inspect();
        ui.horizontal(|ui| {
            let button = labeled_button(ui, None, text, Weight::Primary, 110.0, is_possible);
            if button.on_hover_text(about).clicked() {
                self.advance(cx);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked() {
                    cx.act(RunAction::CloseInspection);
                }
            });
        });
    }

    fn advance(&mut self, cx: &mut PanelContext<'_>) {
        self.stage = match self.stage {
            Stage::Forward => Stage::Backward,
            Stage::Backward => {
                cx.command(RunCommand::Step);
                Stage::Update
            }
            Stage::Update => {
                cx.command(RunCommand::Inspect);
                Stage::Update
            }
        };
    }
}

fn image_ui(ui: &mut Ui, picture: &TextureHandle, image: &InspectedImage, stage: Stage) {
    let t = tokens(ui);
    let (loss, ink) = match stage {
        Stage::Update if image.loss_after < image.loss_before => (image.loss_after, t.good),
        Stage::Update => (image.loss_after, t.warning),
        _ => (image.loss_before, t.quiet),
    };
    ui.vertical(|ui| {
        ui.set_width(SIDE);
        ui.spacing_mut().item_spacing.y = 0.0;
        let predicted = match image.predicted {
            Some(class) => format!("predicted {class}"),
            None => "output not finite".to_owned(),
        };
        let about = format!(
            "Training image {}: label {}, {predicted}, loss {:.3} before the update",
            image.index, image.label, image.loss_before
        );
        let after = match stage {
            Stage::Update => format!("{about}, {:.3} after it.", image.loss_after),
            _ => format!("{about}."),
        };
        let after = format!("{after} Shown as the network sees it, augmented.");
        let shown = egui::Image::new(picture).fit_to_exact_size(vec2(SIDE, SIDE));
        ui.add(shown.sense(Sense::hover()).alt_text(&about))
            .on_hover_text(after);
        let text = RichText::new(format!("{loss:.2}")).small().color(ink);
        ui.add(Label::new(text).extend());
    });
}

fn heading_ui(ui: &mut Ui, text: &str, about: &str) {
    ui.label(theme::quiet(ui, text)).on_hover_text(about);
}

fn number_ui(ui: &mut Ui, value: Option<f64>) {
    let text = value.map_or_else(|| "·".to_owned(), |v| format!("{v:.2e}"));
    ui.label(theme::number(text));
}

/// Returns the images of the batch as the network sees them.
fn pictures(ctx: &Context, cx: &PanelContext<'_>, inspection: &Inspection) -> Vec<TextureHandle> {
    let Some(run) = cx.studio.live_run() else {
        return Vec::new();
    };
    let shown = inspection.images.iter().take(MAX_IMAGES);
    augmented_images::pictures(ctx, cx, run, inspection.epoch, shown.map(|i| i.index))
}
