//! The network's input, its answer, and the probabilities.

use egui::{
    ColorImage, Rect, RichText, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, vec2,
};

use super::recipe;
use crate::predict::Prediction;
use crate::studio::{CanvasAction, Model, Studio};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Bar, probability_bars};

/// Maximum number of bars.
const MAX_BARS: usize = 10;

/// Side of the picture of the network's input.
const SEEN_SIDE: f32 = 56.0;

/// The picture of the network's input: its pixels and their texture.
#[derive(Default)]
pub struct SeenImage(Option<(Vec<u8>, TextureHandle)>);

impl SeenImage {
    fn texture(&mut self, ui: &Ui, prediction: &Prediction) -> &TextureHandle {
        let make = || input_image(prediction);
        let (shown, texture) = self.0.get_or_insert_with(|| {
            let texture = ui.load_texture("seen by the network", make(), TextureOptions::NEAREST);
            (prediction.input.clone(), texture)
        });
        if *shown != prediction.input {
            texture.set(make(), TextureOptions::NEAREST);
            shown.clone_from(&prediction.input);
        }
        texture
    }
}

/// Draws the network's input and its prediction.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>, seen: &mut SeenImage) {
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(SEEN_SIDE, SEEN_SIDE), Sense::hover());
        ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
        if let Some(prediction) = cx.studio.prediction() {
            let whole = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
            let texture = seen.texture(ui, prediction);
            ui.painter()
                .image(texture.id(), rect, whole, egui::Color32::WHITE);
        }
        let rim = Stroke::new(1.0, tokens(ui).hairline);
        ui.painter()
            .rect_stroke(rect, 2.0, rim, StrokeKind::Outside);
        response.on_hover_text(seen_text(cx.studio));
        ui.add_space(4.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            text_ui(ui, cx.studio);
            ui.spacing_mut().interact_size.y = 16.0;
            recipe::ui(ui, cx);
            objects_ui(ui, cx);
        });
    });
}

/// Returns the name of a class, from the network if it has one.
fn class_name(studio: &Studio, class: usize) -> String {
    let names = studio.classifier().map(|c| &c.classes);
    let name = names.and_then(|n| n.get(class)).cloned();
    name.unwrap_or_else(|| class.to_string())
}

fn text_ui(ui: &mut Ui, studio: &Studio) {
    let t = tokens(ui);
    if let Some(prediction) = studio.prediction() {
        let share = prediction
            .probabilities
            .get(prediction.class)
            .copied()
            .unwrap_or(0.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 24.0;
            let name = class_name(studio, prediction.class);
            ui.add(egui::Label::new(RichText::new(name).heading().color(t.accent)).truncate());
            ui.label(theme::number(text::percent(f64::from(share))).color(t.text));
        });
    } else if let Some(error) = studio.prediction_error() {
        ui.add(egui::Label::new(RichText::new(error).small().color(t.bad)).wrap());
    } else {
        let text = match (studio.model(), studio.pad().is_empty()) {
            (Model::None, _) => "No model yet. Train one or open a file.",
            (_, true) => "Draw a digit to see what the network recognizes.",
            (_, false) => "Classifying…",
        };
        ui.add(egui::Label::new(RichText::new(text).small().color(t.quiet)).wrap());
    }
    if let Some(label) = studio.pad().true_label() {
        let name = studio
            .dataset()
            .and_then(|d| d.classes.get(label as usize).cloned())
            .unwrap_or_else(|| label.to_string());
        ui.label(theme::quiet(ui, format!("label: {name}")));
    }
}

/// Says that there are several objects, which the network takes for one.
fn objects_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let n = cx.studio.prediction().map_or(0, |p| p.objects.len());
    if n < 2 {
        return;
    }
    let about = "The network is asked about all of them as one. A click classifies each alone.";
    let link = ui.link(RichText::new(format!("{n} objects: classify each")).small());
    if link.on_hover_text(about).clicked() {
        cx.act(CanvasAction::ClassifyEach);
    }
}

/// The network's input as a picture, in color if it has three channels.
pub fn input_image(prediction: &Prediction) -> ColorImage {
    color_image(prediction.input_shape, &prediction.input)
}

/// Pixels `[channels, height, width]` as a picture, in color if there are three channels.
pub fn color_image([channels, height, width]: [usize; 3], pixels: &[u8]) -> ColorImage {
    let area = height * width;
    if channels != 3 {
        return ColorImage::from_gray([width, height], &pixels[..area]);
    }
    let rgb = |i: usize| [0, 1, 2].map(|c| pixels[c * area + i]);
    let pixels: Vec<u8> = (0..area).flat_map(rgb).collect();
    ColorImage::from_rgb([width, height], &pixels)
}

/// Returns the tooltip of the network's input.
fn seen_text(studio: &Studio) -> String {
    let text = format!("The network's input: the drawing, {}.", studio.recipe());
    match studio.prediction() {
        Some(p) => format!("{text} The prediction took {:.1} ms.", 1e3 * p.secs),
        None => text,
    }
}

/// Draws the probabilities of the classes.
pub fn bars_ui(ui: &mut Ui, studio: &Studio, row_height: f32) {
    let n_classes = studio.classifier().map_or(10, |c| c.classes.len());
    let probability = |class: usize| {
        studio
            .prediction()
            .and_then(|p| p.probabilities.get(class).copied())
    };
    let mut classes: Vec<usize> = (0..n_classes).collect();
    if n_classes > MAX_BARS {
        let order = |&class: &usize| probability(class).unwrap_or(0.0);
        classes.sort_by(|a, b| order(b).total_cmp(&order(a)));
        classes.truncate(MAX_BARS);
    }
    let names: Vec<String> = classes
        .iter()
        .map(|&class| class_name(studio, class))
        .collect();
    let bars: Vec<Bar<'_>> = classes
        .iter()
        .zip(&names)
        .map(|(&class, name)| Bar {
            name,
            probability: probability(class),
            is_winner: studio.prediction().is_some_and(|p| p.class == class),
        })
        .collect();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        probability_bars(ui, &bars, row_height);
    });
    if n_classes > MAX_BARS {
        let text = format!("top {MAX_BARS} of {n_classes} classes");
        ui.label(theme::quiet(ui, text));
    }
}
