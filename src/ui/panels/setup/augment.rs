//! The augmentation of training images, with a preview.

use egui::{
    Color32, ColorImage, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2,
    vec2,
};

use super::PanelContext;
use super::rows::number_ui;
use crate::data::{Augment, AugmentKind, ImageSet};
use crate::text;
use crate::train::{Field, TrainConfig};
use crate::ui::theme;
use crate::ui::widgets::{Number, Weight, labeled_button, section};

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
        let explanation = "Changes every training image a little each epoch, so that the network \
                           cannot memorize them: too strong and it learns from unrealistic images.";
        let summary = summary(&draft.augment);
        section(ui, "Augment", explanation, &summary, |ui| {
            buttons_ui(ui, &mut draft.augment);
            for kind in AugmentKind::ALL {
                kind_ui(ui, cx, kind, &mut draft.augment);
            }
            self.grid_ui(ui, cx, draft);
        });
    }

    /// Draws the first sixteen training images, augmented as in the first epoch.
    fn grid_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, draft: &TrainConfig) {
        let Some(dataset) = cx.studio.dataset() else {
            return;
        };
        let is_wrong = |kind| cx.studio.error_at(Field::Augment(kind)).is_some();
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
        .map(|kind| format!("{} {}", kind.label(), text::setting(augment.strength(kind))))
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

fn kind_ui(ui: &mut Ui, cx: &PanelContext<'_>, kind: AugmentKind, augment: &mut Augment) {
    let (label, explanation, unit) = description(kind);
    let number = Number {
        max: kind.most(),
        ..Number::share().with_unit(unit)
    };
    let strength = augment.strength_mut(kind);
    number_ui(
        ui,
        cx,
        Field::Augment(kind),
        label,
        explanation,
        &number,
        strength,
    );
}

/// Returns label, explanation and unit of a kind.
fn description(kind: AugmentKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        AugmentKind::Shift => (
            "Shift",
            "Largest shift in any direction: too large and parts leave the image.",
            " pixels",
        ),
        AugmentKind::Rotation => (
            "Rotation",
            "Largest rotation either way: too large and a 6 becomes a 9.",
            "°",
        ),
        AugmentKind::Scale => (
            "Scale",
            "Largest change of size, as a share: too large and strokes leave the image or merge.",
            "",
        ),
        AugmentKind::Shear => (
            "Shear",
            "Largest slant either way: handwriting slants, print does not.",
            "°",
        ),
        AugmentKind::Elastic => (
            "Elastic",
            "Largest shift of parts of an image against each other, like a trembling hand: too \
             much distorts the digits.",
            " pixels",
        ),
        AugmentKind::Erasing => (
            "Erasing",
            "Largest share of the area erased in every other image: too large and what \
             distinguishes the digits is gone.",
            "",
        ),
        AugmentKind::Noise => (
            "Noise",
            "Standard deviation of the noise on each pixel: too large and thin strokes disappear.",
            "",
        ),
        AugmentKind::Brightness => (
            "Brightness",
            "Largest change of brightness, as a share: too large and some images turn black.",
            "",
        ),
    }
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
            let color = Color32::from_rgb(value(0), value(1), value(2));
            picture[(left + at % width, top + at / width)] = color;
        }
    }
    picture
}
