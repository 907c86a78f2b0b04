//! The augmentation of training images, with a preview.

use egui::{
    Color32, ColorImage, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2,
    vec2,
};

use super::rows::setting_ui;
use crate::data::{Augment, AugmentKind, ImageSet};
use crate::text;
use crate::train::{Setting, TrainConfig};
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Weight, labeled_button, section};

/// The section, with its preview and the settings it was made for.
#[derive(Default)]
pub(super) struct AugmentSection {
    grid: Option<(Sample, TextureHandle)>,
}

/// What determines the preview.
#[derive(Clone, PartialEq)]
struct Sample {
    augment: Augment,
    seed: u64,
    fingerprint: String,
}

/// Rows and columns of the preview.
const SIDE: usize = 4;

impl AugmentSection {
    /// Draws and edits the augmentation of `draft`.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
        let info = Setting::Augmentation.info();
        let summary = summary(&draft.augment);
        section(ui, info.row_label, &info.help(), &summary, |ui| {
            buttons_ui(ui, &mut draft.augment);
            for kind in AugmentKind::ALL {
                setting_ui(ui, cx, draft, Setting::Augment(kind));
            }
            self.grid_ui(ui, cx, draft);
        });
    }

    /// Draws the first sixteen training images, augmented as in the first epoch.
    fn grid_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, draft: &TrainConfig) {
        let Some(dataset) = cx.studio.dataset() else {
            return;
        };
        let is_wrong = |kind| cx.studio.error_at(Setting::Augment(kind)).is_some();
        if AugmentKind::ALL.into_iter().any(is_wrong) {
            return;
        }
        let wanted = Sample {
            augment: draft.augment,
            seed: draft.seed,
            fingerprint: dataset.fingerprint.clone(),
        };
        if self.grid.as_ref().is_none_or(|(shown, _)| *shown != wanted) {
            let picture = picture(&dataset.train, &wanted);
            let texture = ui.load_texture("augmented images", picture, TextureOptions::NEAREST);
            self.grid = Some((wanted, texture));
        }
        ui.add_space(4.0);
        ui.label(theme::quiet(ui, "Preview: 16 training images as augmented"));
        let side = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Augmented images"));
        if let Some((_, texture)) = &self.grid {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter()
                .image(texture.id(), rect, whole, Color32::WHITE);
        }
        response.on_hover_text(
            "16 training images with these settings: if you cannot read them, neither can the \
             network.",
        );
    }
}

fn summary(augment: &Augment) -> String {
    let kinds = AugmentKind::ALL.into_iter();
    let on: Vec<String> = kinds
        .filter(|&kind| augment.strength(kind) != 0.0)
        .map(|kind| {
            let name = Setting::Augment(kind).label();
            format!("{name} {}", text::setting(augment.strength(kind)))
        })
        .collect();
    match on.is_empty() {
        true => "off".to_owned(),
        false => on.join(" · "),
    }
}

fn buttons_ui(ui: &mut Ui, augment: &mut Augment) {
    ui.horizontal(|ui| {
        let gentle = labeled_button(ui, None, "Gentle", Weight::Plain, 64.0, true).on_hover_text(
            "Small shifts, rotations and distortions that keep every digit readable.",
        );
        if gentle.clicked() {
            *augment = Augment::GENTLE;
        }
        let off = labeled_button(ui, None, "Reset", Weight::Plain, 64.0, !augment.is_off())
            .on_hover_text("Turns augmentation off.");
        if off.clicked() {
            *augment = Augment::default();
        }
    });
}

/// Returns the augmented images in a square, a pixel apart.
fn picture(set: &ImageSet, sample: &Sample) -> ColorImage {
    let [channels, height, width] = set.shape();
    let size = [SIDE * (width + 1) - 1, SIDE * (height + 1) - 1];
    let mut picture = ColorImage::filled(size, Color32::TRANSPARENT);
    for index in 0..(SIDE * SIDE).min(set.len()) {
        let image = sample.augment.image(set, index as u32, sample.seed, 0);
        let (top, left) = (index / SIDE * (height + 1), index % SIDE * (width + 1));
        for at in 0..height * width {
            let value = |channel: usize| {
                let channel = channel.min(channels - 1);
                (255.0 * image[channel * height * width + at]).round() as u8
            };
            let color = theme::rgb([value(0), value(1), value(2)]);
            picture[(left + at % width, top + at / width)] = color;
        }
    }
    picture
}
