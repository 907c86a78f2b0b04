//! All labeled sketches with the model's answers, in a window over the others.

use std::collections::HashMap;

use egui::{
    Align, Context, Id, Image, Key, Label, Layout, Modal, Modifiers, RichText, Role, ScrollArea,
    Sense, Stroke, StrokeKind, TextStyle, TextureHandle, TextureOptions, Ui, WidgetInfo,
    WidgetText, vec2,
};

use super::PanelContext;
use super::draw::{color_image, pressed_class};
use crate::data::sketches::Sketch;
use crate::studio::{CanvasAction, SketchAction};
use crate::text;
use crate::ui::command::{Command, SketchCommand};
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Side of a sketch, and size of its cell with the label, in points.
const SIDE: f32 = 56.0;
const CELL: egui::Vec2 = vec2(72.0, 80.0);

/// Sketches side by side.
const COLUMNS: usize = 7;

/// Most rows that are shown at once.
const ROWS: f32 = 3.0;

/// Height of everything but the sketches.
const REST_HEIGHT: f32 = 290.0;

/// The window and its state between frames.
#[derive(Default)]
pub struct SketchesPanel {
    is_open: bool,
    /// The id of the chosen sketch.
    chosen: Option<String>,
    textures: HashMap<String, TextureHandle>,
}

impl SketchesPanel {
    /// Opens the window.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Shows the window, if it is open.
    pub fn ui(&mut self, ctx: &Context, cx: &mut PanelContext<'_>) {
        if !self.is_open {
            self.textures.clear();
            self.chosen = None;
            return;
        }
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16);
        let modal = Modal::new(Id::unique("sketches")).frame(frame);
        let window = modal.show(ctx, |ui| {
            ui.set_width(COLUMNS as f32 * (CELL.x + 8.0) + 8.0);
            self.window_ui(ui, cx)
        });
        if window.inner || window.should_close() {
            self.is_open = false;
        }
    }

    /// Draws the content; returns whether it is to be closed.
    fn window_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) -> bool {
        let all = cx.studio.sketches().all().clone();
        ui.label(RichText::new(text::count(all.len(), "labeled sketch")).heading());
        gap_ui(ui, cx);
        ui.add_space(8.0);
        self.grid_ui(ui, cx, &all);
        ui.add_space(8.0);
        let chosen = self.chosen.clone();
        let chosen = chosen.and_then(|id| all.iter().find(|sketch| sketch.id == id));
        ui.horizontal(|ui| chosen_ui(ui, cx, chosen));
        ui.add_space(8.0);
        let mut closes = false;
        ui.horizontal(|ui| {
            undo_ui(ui, cx);
            command_ui(ui, cx, SketchCommand::Export, "Export…");
            if let Some(sketch) = chosen {
                let about = "Puts the chosen sketch on the canvas and closes this window.";
                let show = labeled_button(ui, None, "To the canvas", Weight::Plain, 0.0, true);
                if show.on_hover_text(about).clicked() {
                    cx.act(SketchAction::Show(sketch.id.clone()));
                    closes = true;
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                closes |= labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked();
            });
        });
        closes
    }

    fn grid_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, all: &[Sketch]) {
        let n_rows = all.len().div_ceil(COLUMNS);
        let area = ScrollArea::vertical().auto_shrink(false).max_height(
            (ui.content_rect().height() - REST_HEIGHT).clamp(CELL.y, ROWS * (CELL.y + 8.0)),
        );
        area.show_rows(ui, CELL.y, n_rows, |ui, rows| {
            for row in rows {
                ui.horizontal(|ui| {
                    let cells = all.iter().enumerate().skip(row * COLUMNS).take(COLUMNS);
                    for (idx, sketch) in cells {
                        let layout = Layout::top_down(Align::Center);
                        ui.allocate_ui_with_layout(CELL, layout, |ui| {
                            ui.set_min_size(CELL);
                            self.cell_ui(ui, cx, idx, sketch);
                        });
                    }
                });
            }
        });
    }

    fn cell_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>, idx: usize, sketch: &Sketch) {
        let t = tokens(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
        ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
        let texture = self.textures.entry(sketch.id.clone()).or_insert_with(|| {
            let (shape, pixels) = sketch.made();
            ui.load_texture(
                &sketch.id,
                color_image(shape, pixels),
                TextureOptions::NEAREST,
            )
        });
        Image::new(&*texture).paint_at(ui, rect);
        let is_chosen = self.chosen.as_ref() == Some(&sketch.id);
        if is_chosen || response.has_focus() {
            let rim = Stroke::new(2.0, t.accent);
            ui.painter()
                .rect_stroke(rect, 2.0, rim, StrokeKind::Outside);
        }
        let name = format!("Sketch {}, labeled {}", idx + 1, sketch.label);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
        if response.on_hover_text(when(sketch)).clicked() {
            self.chosen = Some(sketch.id.clone());
        }
        let answer = answer_of(cx, idx, sketch);
        let is_wrong = answer.is_some_and(|answer| answer != sketch.label);
        let text = match answer.filter(|_| is_wrong) {
            Some(answer) => format!("{}, not {answer}", sketch.label),
            None => sketch.label.clone(),
        };
        let color = if is_wrong { t.bad } else { t.text };
        let label = Label::new(RichText::new(text).small().color(color)).truncate();
        ui.add(label).on_hover_text(match (answer, is_wrong) {
            (Some(answer), true) => format!("You say {}, the model says {answer}.", sketch.label),
            (Some(_), false) => "The model agrees.".to_owned(),
            (None, _) => "There is no model that knows this class.".to_owned(),
        });
    }
}

/// The answer of the model to the sketch at `idx`.
fn answer_of<'c>(cx: &PanelContext<'c>, idx: usize, sketch: &Sketch) -> Option<&'c str> {
    let score = cx.studio.sketches().score()?;
    let is_it = score
        .all
        .get(idx)
        .is_some_and(|known| known.id == sketch.id);
    score.answers.get(idx)?.as_deref().filter(|_| is_it)
}

/// When it was drawn.
fn when(sketch: &Sketch) -> String {
    let (day, time) = sketch.id.split_once('T').unwrap_or((&sketch.id, ""));
    let minutes: Vec<&str> = time.splitn(3, '-').take(2).collect();
    format!("Drawn on {day} at {} (UTC).", minutes.join(":"))
}

/// Says what sets the sketches apart from the training images, and offers to augment accordingly.
fn gap_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let gap = cx.studio.sketches().score().and_then(|score| score.gap);
    let text = match gap {
        Some(gap) => text::sentence(&gap.describe()),
        None => {
            "What sets them apart from the training images can be measured if both are bright on \
                 black."
                .to_owned()
        }
    };
    // Two lines in any case: nothing below moves under the pointer when the measure arrives.
    let two_lines = WidgetText::from(theme::quiet(ui, "\n"));
    let two_lines = two_lines.into_galley(ui, None, f32::INFINITY, TextStyle::Small);
    ui.scope(|ui| {
        ui.set_min_height(two_lines.size().y);
        ui.add(Label::new(theme::quiet(ui, text)).wrap()).on_hover_text(
            "Means over the images that the network sees. No augmentation changes the width of strokes: \
             that of the pen does.",
        );
    });
    command_ui(
        ui,
        cx,
        SketchCommand::MatchAugmentation,
        "Augment accordingly",
    );
}

fn command_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, command: SketchCommand, text: &str) {
    let command = Command::from(command);
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Plain, 0.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

/// Draws what can be done with the chosen sketch.
fn chosen_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, chosen: Option<&Sketch>) {
    let Some(sketch) = chosen else {
        ui.set_min_height(theme::ROW_HEIGHT);
        let text = "Choose a sketch to correct its label (Alt and a digit) or to delete it.";
        ui.label(theme::quiet(ui, text));
        return;
    };
    ui.label("It is a");
    let mut label = pressed_class(ui, cx.studio);
    combo_of_width(ui, "Label of the sketch", &sketch.label, 96.0, |ui| {
        for class in cx.studio.sketch_classes() {
            if ui.selectable_label(*class == sketch.label, class).clicked() {
                label = Some(class.clone());
            }
        }
    })
    .on_hover_text("The class that the chosen sketch shows.");
    if let Some(label) = label {
        cx.act(SketchAction::Relabel(sketch.id.clone(), label));
    }
    let delete = labeled_button(ui, None, "Delete", Weight::Plain, 0.0, true).on_hover_text(
        "Removes the chosen sketch; this can be undone, and its files stay for a month. (Delete)",
    );
    let is_pressed = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Delete));
    if delete.clicked() || is_pressed {
        cx.act(SketchAction::Delete(sketch.id.clone()));
    }
}

/// Undoes labels and deletions, also by the usual keys, which this window takes.
fn undo_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let is_possible = cx.studio.undoes_label();
    let undo = labeled_button(ui, None, "Undo", Weight::Plain, 0.0, is_possible)
        .on_hover_text("Undoes the last label or deletion. (Ctrl+Z)");
    let is_pressed = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Z));
    if undo.clicked() || is_pressed && is_possible {
        cx.act(CanvasAction::Undo);
    }
}
