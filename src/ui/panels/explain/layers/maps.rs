//! The pictures of one unit: the image, what the layer reads, and the unit's own map, in which a value
//! is chosen.

use egui::{Label, Ui, vec2};

use super::overview::unit_name;
use super::pick::{outline_window, picked, picked_ui};
use super::pictures::Key;
use super::scale::plain;
use super::{LayersView, Unit};
use crate::explain::{Area, Arithmetic, Position, Terms, Window};
use crate::model::{Layer, Shape};
use crate::studio::LayerMaps;
use crate::ui::theme::{self, UNIT};

/// Most and least side of a picture.
const SIDES: [f32; 2] = [72.0, 176.0];

/// Distance between pictures.
const GAP: f32 = 3.0 * UNIT;

/// Height of a picture of all tokens, relative to its width.
const TOKENS_HEIGHT: f32 = 0.5;

impl LayersView {
    /// Draws the image, what the layer reads of it, and its own map.
    pub(super) fn pictures_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        unit: &mut Unit,
        (idx, at): (usize, Position),
        arithmetic: &Arithmetic,
    ) {
        let layer = &maps.activations.layers[idx];
        let side = (ui.available_width() - 2.0 * GAP) / 3.0;
        let side = side.clamp(SIDES[0], SIDES[1]).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            self.image_ui(ui, maps, side, &arithmetic.field);
            // Of a list, no unit of the input stands out.
            let reads_list = matches!(layer.layer, Layer::Dense(_) | Layer::Flatten);
            if let Some(before) = layer.reads.filter(|_| !reads_list) {
                let read = match &arithmetic.terms {
                    Terms::Products { inputs, .. } => {
                        inputs.get(unit.input).or(inputs.first()).map(|i| i.unit)
                    }
                    _ => Some(at.unit),
                };
                let before = (before, read.unwrap_or(0));
                self.read_ui(ui, maps, side, before, arithmetic.window);
            }
            self.own_ui(ui, maps, unit, side, (idx, at));
        });
    }

    /// Draws the image with the pixels that a value depends on.
    fn image_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, side: f32, field: &Area) {
        let [_, h, w] = maps.activations.shape;
        captioned(ui, side, "image", |ui| {
            let (rect, response) = picked_ui(ui, vec2(side, side), "The image and the patch of it");
            let make = || plain(&maps.activations.input, maps.activations.shape);
            let place = self.pictures.paint(ui, rect, Key::Input, make);
            if !field.rows.is_empty() {
                outline_window(ui, place, [h, w], window_of(field));
            }
            response.on_hover_text(
                "The outline holds all pixels that the value depends on: its receptive field.",
            );
        });
    }

    /// Draws the map of a unit that feeds the value, with the window that is read.
    fn read_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        side: f32,
        (before, unit): (usize, usize),
        window: Option<Window>,
    ) {
        let layer = &maps.activations.layers[before];
        if !matches!(layer.shape, Shape::Image([n, ..]) if unit < n) {
            return;
        }
        let name = unit_name(layer, unit);
        captioned(ui, side, &name, |ui| {
            let name = format!("The input: {name}");
            let (rect, response) = picked_ui(ui, vec2(side, side), &name);
            let place = self.map_ui(ui, rect, (before, layer), unit);
            if let Some(window) = window {
                outline_window(ui, place, layer.map_size(), window);
            }
            response.on_hover_text("What the layer reads; the outline is the window of the value.");
        });
    }

    /// Draws the map of the unit, in which a value is chosen.
    fn own_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        unit: &mut Unit,
        side: f32,
        (idx, at): (usize, Position),
    ) {
        let layer = &maps.activations.layers[idx];
        let (size, now) = match layer.shape {
            Shape::Image([_, h, w]) => ([h, w], [at.row, at.column]),
            Shape::Sequence(size) => (size, [at.row, at.unit]),
            Shape::Vector(_) => return,
        };
        let (width, height) = match layer.shape {
            Shape::Sequence(_) => {
                let width = ui.available_width().max(side);
                (width, side.max(width * TOKENS_HEIGHT))
            }
            _ => (side, side),
        };
        let caption = match layer.shape {
            Shape::Sequence(_) => format!("token {}, value {}", at.row, at.unit),
            _ => format!("row {}, column {}", at.row, at.column),
        };
        captioned(ui, width, &caption, |ui| {
            let name = format!("Values of {}", layer.name.name);
            let (rect, response) = picked_ui(ui, vec2(width, height), &name);
            let place = match layer.shape {
                Shape::Sequence(_) => self.tokens_ui(ui, rect, (idx, layer), size),
                _ => self.map_ui(ui, rect, (idx, layer), at.unit),
            };
            unit.pixel = picked(ui, &response, place, size, now).or(unit.pixel);
            let [top, left] = now.map(|n| n as isize);
            let cell = Window {
                top,
                left,
                size: [1, 1],
            };
            outline_window(ui, place, size, cell);
            response
                .on_hover_text("Point at a value, or use the arrow keys, to see its arithmetic.");
        });
    }
}

fn window_of(area: &Area) -> Window {
    Window {
        top: area.rows.start as isize,
        left: area.columns.start as isize,
        size: [area.rows.len(), area.columns.len()],
    }
}

/// Draws a picture with its caption below.
fn captioned(ui: &mut Ui, width: f32, caption: &str, picture_ui: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        picture_ui(ui);
        ui.add(Label::new(theme::quiet(ui, caption)).truncate());
    });
}
