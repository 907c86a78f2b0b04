//! Which pixels of what is on the canvas speak for an answer, and which against it.

use std::sync::Arc;

use egui::{ColorImage, Label, RichText, Slider, TextureHandle, TextureOptions, Ui};

use super::super::PanelContext;
use super::picture::{picture_ui, swatch_ui};
use crate::explain::{AGAINST, Attribution, FOR, Method, Target, convolutions, overlay};
use crate::model::class_name;
use crate::studio::{ExplainAction, ExplainSettings, Explanation};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{combo_of_width, slim_slider};

/// Most and least side of a picture, in points.
const SIDES: [f32; 2] = [120.0, 420.0];

/// Room for the name of a picture.
const CAPTION: f32 = 20.0;

/// The state of the view.
pub(super) struct WhyView {
    strength: f32,
    made: Option<Made>,
}

/// The textures of a map.
struct Made {
    of: Arc<Explanation>,
    strength: f32,
    pictures: Vec<(&'static str, TextureHandle)>,
}

impl Default for WhyView {
    fn default() -> WhyView {
        WhyView {
            strength: 0.9,
            made: None,
        }
    }
}

impl WhyView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let old = cx.studio.explainer().why().settings().clone();
        let mut settings = old.clone();
        self.choices_ui(ui, cx, &mut settings);
        if settings != old {
            cx.act(ExplainAction::Set(Box::new(settings)));
        }
        ui.add_space(UNIT);
        self.answer_ui(ui, cx);
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.made = None;
    }

    fn choices_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, settings: &mut ExplainSettings) {
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            method_ui(ui, &mut settings.method);
            layer_ui(ui, cx, &mut settings.method);
        });
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            target_ui(ui, cx, &mut settings.target);
        });
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.label(theme::quiet(ui, "strength"));
            let slider = Slider::new(&mut self.strength, 0.0..=1.0).show_value(false);
            slim_slider(ui, "Strength of the colors", slider)
                .on_hover_text("How much the colors cover the image.");
            ui.checkbox(&mut settings.with_random_weights, "beside random weights")
                .on_hover_text(
                    "Shows the map of the same network before it learned anything. A map that looks \
                     the same does not show what was learned.",
                );
        });
    }

    fn answer_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>) {
        if let Some(problem) = cx.studio.explainer().why().problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(explanation) = cx.studio.explainer().why().newest().cloned() else {
            ui.label(theme::quiet(ui, "Explaining…"));
            return;
        };
        let millis = 1e3 * explanation.secs;
        ui.add(Label::new(sentence(&explanation)).wrap())
            .on_hover_text(format!("The map took {millis:.0} ms."));
        legend_ui(ui, &explanation);
        ui.add_space(UNIT);
        let strength = self.strength;
        let made = self
            .made
            .take()
            .filter(|made| Arc::ptr_eq(&made.of, &explanation) && made.strength == strength);
        let made = made.unwrap_or_else(|| Made::new(ui, &explanation, strength));
        pictures_ui(ui, &made);
        self.made = Some(made);
    }
}

impl Made {
    fn new(ui: &Ui, of: &Arc<Explanation>, strength: f32) -> Made {
        let mut pictures = vec![("input", texture(ui, of, &of.attribution, 0.0))];
        let map = texture(ui, of, &of.attribution, strength);
        pictures.push((of.settings.method.label(), map));
        if let Some(random) = &of.random {
            pictures.push(("with random weights", texture(ui, of, random, strength)));
        }
        Made {
            of: of.clone(),
            strength,
            pictures,
        }
    }
}

fn texture(ui: &Ui, of: &Explanation, map: &Attribution, strength: f32) -> TextureHandle {
    let [_, height, width] = of.shape;
    let pixels: Vec<u8> = overlay(&map.map, &of.input, of.shape, strength)
        .into_iter()
        .flatten()
        .collect();
    let image = ColorImage::from_rgb([width, height], &pixels);
    ui.load_texture("explanation", image, TextureOptions::NEAREST)
}

/// Draws the pictures beside each other, as large as they fit.
fn pictures_ui(ui: &mut Ui, made: &Made) {
    let n = made.pictures.len() as f32;
    let room = ui.available_size();
    let gap = 3.0 * UNIT;
    let side = ((room.x - (n - 1.0) * gap) / n).min(room.y - CAPTION - 2.0 * UNIT);
    let side = side.clamp(SIDES[0], SIDES[1]).floor();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (name, texture) in &made.pictures {
            ui.vertical(|ui| {
                ui.set_width(side);
                picture_ui(ui, name, texture, side);
                ui.add(Label::new(theme::quiet(ui, *name)).truncate());
            });
        }
    });
}

/// What is explained, in a sentence.
fn sentence(explanation: &Explanation) -> RichText {
    let class = |class: usize| class_name(&explanation.classes, class);
    let map = &explanation.attribution;
    let value = text::setting((f64::from(map.value) * 100.0).round() / 100.0);
    let mut sentence = match map.against {
        None => format!("Why {}: its logit is {value}", class(map.class)),
        Some(other) => format!(
            "Why {} and not {}: the difference of their logits is {value}",
            class(map.class),
            class(other)
        ),
    };
    if let Some(share) = map.completeness.and_then(|complete| complete.share()) {
        let share = text::percent(share);
        sentence += &format!("; the map accounts for {share} of the difference from black");
    }
    if let Some(layer) = &map.layer {
        sentence += &format!("; the maps of {layer}");
    }
    sentence.push('.');
    RichText::new(sentence)
}

/// Says what the colors mean.
fn legend_ui(ui: &mut Ui, explanation: &Explanation) {
    let signed = explanation.settings.method.is_signed();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = UNIT;
        match signed {
            true => {
                swatch_ui(ui, theme::rgb(FOR), "for");
                swatch_ui(ui, theme::rgb(AGAINST), "against");
            }
            false => swatch_ui(ui, theme::rgb(FOR), "counts"),
        }
    });
}

fn method_ui(ui: &mut Ui, method: &mut Method) {
    let chosen = method.clone();
    let shown = combo_of_width(ui, "Method", chosen.label(), 168.0, |ui| {
        for each in Method::all() {
            let is_chosen = each.name() == chosen.name();
            let item = ui.selectable_label(is_chosen, each.label());
            if item.on_hover_text(each.explanation()).clicked() && !is_chosen {
                *method = each;
            }
        }
    });
    shown.on_hover_text(chosen.explanation());
}

/// Draws the choice of the convolution, for Grad-CAM.
fn layer_ui(ui: &mut Ui, cx: &PanelContext<'_>, method: &mut Method) {
    let (Method::GradCam { layer, .. }, Some(classifier)) = (method, cx.studio.classifier()) else {
        return;
    };
    let all = convolutions(classifier.network.spec());
    let chosen = layer
        .clone()
        .unwrap_or_else(|| "last convolution".to_owned());
    let shown = combo_of_width(ui, "Layer", &chosen, 152.0, |ui| {
        ui.selectable_value(layer, None, "last convolution");
        for each in all {
            ui.selectable_value(layer, Some(each.name.clone()), each.name);
        }
    });
    shown.on_hover_text("The convolution whose maps are weighted.");
}

/// Draws the choice of the class, and of the class that it is held against.
fn target_ui(ui: &mut Ui, cx: &PanelContext<'_>, target: &mut Target) {
    let Some(classifier) = cx.studio.classifier() else {
        return;
    };
    let names = &classifier.classes;
    let choice = |ui: &mut Ui, name: &str, none: &str, class: &mut Option<usize>| {
        let chosen = class.and_then(|class| names.get(class)).map(String::as_str);
        combo_of_width(ui, name, chosen.unwrap_or(none), 128.0, |ui| {
            ui.selectable_value(class, None, none);
            for (idx, name) in names.iter().enumerate() {
                ui.selectable_value(class, Some(idx), name);
            }
        })
    };
    ui.label(theme::quiet(ui, "why"));
    choice(ui, "Class", "the answer", &mut target.class)
        .on_hover_text("The class whose logit is explained.");
    ui.label(theme::quiet(ui, "and not"));
    choice(ui, "Against", "–", &mut target.against)
        .on_hover_text("Explains what speaks for the one class against this one.");
}
