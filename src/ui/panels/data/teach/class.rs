//! One new class with a strip of its examples.

use std::collections::HashMap;

use egui::{
    Align, Image, Key, Layout, Modifiers, Role, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, vec2,
};

use crate::data::sketches::Sketch;
use crate::studio::TeachAction;
use crate::text::count;
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};

/// Side of an example, in points.
const SIDE: f32 = 36.0;

/// The examples that are shown.
#[derive(Default)]
pub(super) struct ClassView {
    textures: HashMap<String, TextureHandle>,
    /// The id of the chosen example.
    chosen: Option<String>,
}

impl ClassView {
    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        self.textures.clear();
        self.chosen = None;
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, class: &str) {
        let teach = cx.studio.teach();
        let is_chosen = teach.chosen() == Some(class);
        let all: Vec<Sketch> = teach.of_class(class).cloned().collect();
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let remove = icon_button(ui, Icon::Cross, &format!("Remove class {class}"), true);
                let about = "Removes the class with its examples; Undo brings them back.";
                if remove.on_hover_text(about).clicked() {
                    cx.act(TeachAction::RemoveClass(class.to_owned()));
                }
                let n = theme::quiet(ui, count(all.len(), "example"));
                ui.label(n);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = egui::Button::selectable(is_chosen, class).truncate();
                    let name = ui.add(name).accessible_name(format!("Class {class}"));
                    let about = "Chooses the class that drawings and pictures become examples of.";
                    if name.on_hover_text(about).clicked() {
                        cx.act(TeachAction::Choose(class.to_owned()));
                    }
                });
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(UNIT, UNIT);
            for (idx, sketch) in all.iter().enumerate() {
                if self.example_ui(ui, idx, sketch) {
                    cx.act(TeachAction::Delete(sketch.id.clone()));
                }
            }
        });
    }

    /// Draws an example; returns whether it is to be deleted.
    fn example_ui(&mut self, ui: &mut Ui, idx: usize, sketch: &Sketch) -> bool {
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
        let is_chosen = self.chosen.as_ref() == Some(&sketch.id);
        let name = format!("Example {} of {}", idx + 1, sketch.label);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &name));
        if ui.is_rect_visible(rect) {
            let texture = self.textures.entry(sketch.id.clone()).or_insert_with(|| {
                let (shape, pixels) = sketch.made();
                let image = color_image(shape, pixels);
                ui.load_texture(&sketch.id, image, TextureOptions::NEAREST)
            });
            ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
            Image::new(&*texture).paint_at(ui, rect);
            if is_chosen || response.has_focus() || response.hovered() {
                let t = tokens(ui);
                let line = Stroke::new(2.0, if is_chosen { t.accent } else { t.text });
                ui.painter()
                    .rect_stroke(rect, 2.0, line, StrokeKind::Outside);
            }
        }
        let about =
            "As the model sees it. A click chooses it; Delete deletes it, which can be undone.";
        let response = response.on_hover_text(about);
        if response.clicked() {
            // Delete belongs to what has the focus, and to the canvas otherwise.
            response.request_focus();
            self.chosen = Some(sketch.id.clone());
        }
        response.has_focus() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Delete))
    }

    /// Draws what can be done with the chosen example.
    pub(super) fn chosen_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let all = cx.studio.teach().examples();
        let chosen = self.chosen.clone();
        let Some(id) = chosen.filter(|id| all.iter().any(|sketch| sketch.id == *id)) else {
            return;
        };
        let delete = labeled_button(ui, None, "Delete example", Weight::Plain, 0.0, true)
            .on_hover_text("Deletes the chosen example; this can be undone. (Delete)");
        if delete.clicked() {
            cx.act(TeachAction::Delete(id));
            self.chosen = None;
        }
    }
}
