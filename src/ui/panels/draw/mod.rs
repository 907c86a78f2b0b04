//! The panel on the right: draw a digit and see the network's prediction.

mod answer;
mod ink;
mod label;
mod model;
mod recipe;

use egui::{Align, Layout, Rect, ScrollArea, Slider, Ui, vec2};

pub use answer::{color_image, input_image};
pub(super) use label::pressed as pressed_class;
pub use recipe::about_framing;

use super::PanelContext;
use crate::studio::{Action, CanvasAction, Pad};
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::help::tour;
use crate::ui::place::Side;
use crate::ui::side;
use crate::ui::theme::{self, PANEL_PADDING};
use crate::ui::widgets::{Canvas, Icon, Number, Weight, icon_button, labeled_button, slim_slider};
use answer::SeenImage;
use ink::InkOverlay;

/// The canvas and its textures.
#[derive(Default)]
pub struct DrawPanel {
    canvas: Canvas,
    seen: SeenImage,
    ink: InkOverlay,
}

/// Height of everything but the canvas.
const REST_HEIGHT: f32 = 444.0;

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
                answer::ui(ui, cx, &mut self.seen);
                label::ui(ui, cx);
                ui.add_space(4.0);
                // In a tall window, the height that the canvas leaves makes the bars more readable.
                let row_height =
                    (17.0 + (height - REST_HEIGHT - side.min(width)) / 20.0).clamp(17.0, 22.0);
                answer::bars_ui(ui, cx.studio, row_height.floor());
                model::ui(ui, cx);
            });
    }

    fn canvas_ui(
        &mut self,
        ui: &mut Ui,
        cx: &PanelContext<'_>,
        side: f32,
        actions: &mut Vec<Action>,
    ) -> Rect {
        let objects = cx.studio.prediction().map_or(&[][..], |p| &p.objects);
        let pad = cx.studio.pad();
        let rect = self.canvas.ui(ui, pad, objects, side, actions);
        self.ink.ui(ui, cx, rect);
        rect
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
