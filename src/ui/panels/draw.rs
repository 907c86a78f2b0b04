//! The panel on the right: draw a digit and see the network's prediction.

use egui::{
    Align, ColorImage, Layout, Rect, RichText, ScrollArea, Sense, Slider, Stroke, StrokeKind,
    TextureHandle, TextureOptions, Ui, vec2,
};

use super::PanelContext;
use crate::data::Recipe;
use crate::predict::Prediction;
use crate::studio::{Action, CanvasAction, Model, Pad, Studio};
use crate::text;
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::help::tour;
use crate::ui::place::Side;
use crate::ui::side;
use crate::ui::theme::{self, PANEL_PADDING, tokens};
use crate::ui::widgets::{
    Bar, Canvas, Icon, Number, Weight, icon_button, labeled_button, probability_bars, slim_slider,
};

/// The canvas and its textures.
#[derive(Default)]
pub struct DrawPanel {
    canvas: Canvas,
    seen: Option<(Vec<u8>, TextureHandle)>,
}

/// Maximum number of bars.
const MAX_BARS: usize = 10;

/// Height of everything but the canvas.
const REST_HEIGHT: f32 = 388.0;

/// Side of the picture of the network's input.
const SEEN_SIDE: f32 = 52.0;

impl DrawPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let height = ui.available_height();
        ScrollArea::vertical()
            .auto_shrink(false)
            .content_margin(egui::Margin::symmetric(PANEL_PADDING, 8))
            .show(ui, |ui| {
                let width = ui.available_width();
                let side = (height - REST_HEIGHT).clamp(200.0, width.max(200.0));
                title_ui(ui, cx);
                ui.vertical_centered(|ui| {
                    let mut actions = Vec::new();
                    let hint_at = self.canvas_ui(ui, cx, side.min(width), &mut actions);
                    tour::mark(ui, tour::Stop::Canvas, hint_at);
                    hint_ui(ui, cx.studio.pad(), hint_at);
                    cx.output.actions.append(&mut actions);
                });
                pen_ui(ui, cx);
                sources_ui(ui, cx);
                ui.add_space(4.0);
                self.answer_ui(ui, cx);
                ui.add_space(4.0);
                // In a tall window, the height that the canvas leaves makes the bars more readable.
                let row_height =
                    (17.0 + (height - REST_HEIGHT - side.min(width)) / 20.0).clamp(17.0, 22.0);
                bars_ui(ui, cx.studio, row_height.floor());
                model_ui(ui, cx);
            });
    }

    fn canvas_ui(
        &mut self,
        ui: &mut Ui,
        cx: &PanelContext<'_>,
        side: f32,
        actions: &mut Vec<Action>,
    ) -> Rect {
        let before = ui.cursor().min.y;
        self.canvas.ui(ui, cx.studio.pad(), side, actions);
        let center = egui::pos2(ui.min_rect().center().x, before + side / 2.0);
        Rect::from_center_size(center, vec2(side, side))
    }

    /// Draws the network's input and its prediction.
    fn answer_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>) {
        ui.horizontal(|ui| {
            let (rect, response) =
                ui.allocate_exact_size(vec2(SEEN_SIDE, SEEN_SIDE), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
            if let Some(prediction) = cx.studio.prediction() {
                let whole = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
                let texture = self.seen_texture(ui, prediction);
                ui.painter()
                    .image(texture.id(), rect, whole, egui::Color32::WHITE);
            }
            let rim = Stroke::new(1.0, tokens(ui).hairline);
            ui.painter()
                .rect_stroke(rect, 2.0, rim, StrokeKind::Outside);
            response.on_hover_text(seen_text(cx.studio.prediction(), cx.studio.recipe()));
            ui.add_space(4.0);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                answer_text_ui(ui, cx.studio);
            });
        });
    }

    fn seen_texture(&mut self, ui: &Ui, prediction: &Prediction) -> &TextureHandle {
        let make = || input_image(prediction);
        let (shown, texture) = self.seen.get_or_insert_with(|| {
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

fn title_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::section(ui, "Draw"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            side::fold_button(ui, cx, Side::Draw);
            for (icon, name, command) in [
                (Icon::Cross, "Clear", Command::from(CanvasCommand::Clear)),
                (Icon::Redo, "Redo", CanvasCommand::Redo.into()),
                (Icon::Undo, "Undo", CanvasCommand::Undo.into()),
                (Icon::Duplicate, "Copy sketch", CanvasCommand::Copy.into()),
            ] {
                let is_possible = command.is_possible(cx.studio);
                let button = icon_button(ui, icon, name, is_possible);
                if button.on_hover_text(command.tooltip(ui)).clicked() {
                    cx.command(command);
                }
            }
        });
    });
}

/// Draws the hint on an empty canvas.
fn hint_ui(ui: &Ui, pad: &Pad, rect: Rect) {
    if pad.is_empty() {
        let gray = theme::CANVAS_HINT;
        let font = egui::TextStyle::Body.resolve(ui.style());
        let painter = ui.painter();
        let first = painter.text(
            rect.center(),
            egui::Align2::CENTER_BOTTOM,
            "Draw here",
            font,
            gray,
        );
        let font = egui::TextStyle::Small.resolve(ui.style());
        let at = first.center_bottom() + vec2(0.0, 4.0);
        painter.text(
            at,
            egui::Align2::CENTER_TOP,
            "left draws, right erases",
            font,
            gray,
        );
    }
}

/// Width of the field for the pen's width: that of its longest value, `20.0 %`.
const PEN_WIDTH: f32 = 60.0;

fn pen_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        let about = "Width of the pen as a share of the canvas: too thin and the digit fades, too \
                     thick and its loops close.";
        ui.label(theme::quiet(ui, "pen"));
        // In tenths of a percent, as shown: a slider that rounds its value reports the rounding as
        // a change in every frame.
        let percent = |share: f32| (f64::from(share) * 1000.0).round() / 10.0;
        let brush = percent(cx.studio.pad().brush());
        let (thinnest, widest) = (percent(*Pad::BRUSHES.start()), percent(*Pad::BRUSHES.end()));
        let gap = ui.spacing().item_spacing.x;
        ui.spacing_mut().slider_width = (ui.available_width() - PEN_WIDTH - gap).max(60.0);
        let mut shown = brush;
        let slider = Slider::new(&mut shown, thinnest..=widest)
            .fixed_decimals(1)
            .show_value(false);
        slim_slider(ui, "Pen width", slider).on_hover_text(about);
        let number = Number::percent(thinnest, widest).with_width(PEN_WIDTH);
        let typed = number.ui(ui, "Pen width", shown).explained(ui, about);
        let new = typed.unwrap_or(shown);
        if new != brush {
            cx.act(CanvasAction::SetBrush(new as f32 / 100.0));
        }
    });
}

fn sources_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let gap = ui.spacing().item_spacing.x;
    let width = (ui.available_width() - gap) / 2.0;
    ui.horizontal(|ui| {
        for (text, command) in [
            ("Test image", Command::from(CanvasCommand::RandomTestImage)),
            ("Open image…", FileCommand::OpenImage.into()),
        ] {
            let is_possible = command.is_possible(cx.studio);
            let button = labeled_button(ui, None, text, Weight::Plain, width.floor(), is_possible);
            if button.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        }
    });
}

/// Returns the name of a class, from the network if it has one.
fn class_name(studio: &Studio, class: usize) -> String {
    let names = studio.classifier().map(|c| &c.classes);
    let name = names.and_then(|n| n.get(class)).cloned();
    name.unwrap_or_else(|| class.to_string())
}

fn answer_text_ui(ui: &mut Ui, studio: &Studio) {
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
        ui.label(theme::quiet(ui, format!("Test image, label: {name}")));
    } else if let Some(prediction) = studio.prediction() {
        let [_, height, width] = prediction.input_shape;
        let text = format!("network input, {height}×{width}");
        ui.label(theme::quiet(ui, text));
    }
}

/// The network's input as a picture, in color if it has three channels.
pub(super) fn input_image(prediction: &Prediction) -> ColorImage {
    let [channels, height, width] = prediction.input_shape;
    let area = height * width;
    if channels != 3 {
        return ColorImage::from_gray([width, height], &prediction.input[..area]);
    }
    let rgb = |i: usize| [0, 1, 2].map(|c| prediction.input[c * area + i]);
    let pixels: Vec<u8> = (0..area).flat_map(rgb).collect();
    ColorImage::from_rgb([width, height], &pixels)
}

/// Returns the tooltip of the network's input.
fn seen_text(prediction: Option<&Prediction>, recipe: Recipe) -> String {
    let text = format!("The network's input: the drawing, {recipe}, as the training images were.");
    match prediction {
        Some(p) => format!("{text} The prediction took {:.1} ms.", 1e3 * p.secs),
        None => text,
    }
}

fn bars_ui(ui: &mut Ui, studio: &Studio, row_height: f32) {
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

/// Draws which model predicts, and the buttons to save or change it.
fn model_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let is_live = cx.studio.live_run().is_some();
    let (name, about) = match cx.studio.model() {
        Model::None => (
            "no model yet".to_owned(),
            "Train a model or open one to get predictions.".to_owned(),
        ),
        Model::Snapshot { step, .. } => (
            format!("update {}", text::thousands(*step)),
            "Predicted with the weights after this update; \"Now\" on the timeline returns to the \
             current ones."
                .to_owned(),
        ),
        Model::Trained(_) if is_live => (
            "run in training".to_owned(),
            "Predicted with the current weights of the run in training.".to_owned(),
        ),
        Model::Trained(_) => (
            "last trained run".to_owned(),
            "Predicted with the weights of the last trained run.".to_owned(),
        ),
        Model::Opened { path, .. } => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            let about = format!("Predicted with the model from {}.", path.display());
            (name.to_string_lossy().into_owned(), about)
        }
    };
    let (name, about) = match cx.studio.is_averaged() {
        true => (
            format!("{name}, EMA"),
            format!("{about} Uses the EMA of the weights, which is also evaluated and saved."),
        ),
        false => (name, about),
    };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            model_button(ui, cx, "Save…", FileCommand::SaveModel.into());
            model_button(ui, cx, "Open…", FileCommand::OpenModel.into());
            let back = Command::from(CanvasCommand::UseTrainedModel);
            if back.is_possible(cx.studio) {
                let button = icon_button(ui, Icon::Undo, &back.label(), true);
                if button.on_hover_text(back.explanation()).clicked() {
                    cx.command(back);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = theme::quiet(ui, name);
                ui.add(egui::Label::new(text).truncate())
                    .on_hover_text(about);
            });
        });
    });
}

fn model_button(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Plain, 0.0, is_possible)
        .accessible_name(command.label())
        .on_hover_text(command.tooltip(ui));
    if button.clicked() {
        cx.command(command);
    }
}
