//! What feeds a unit: each unit of the input above the weights it is multiplied with.

use egui::{Ui, vec2};

use super::overview::{TILE, unit_name};
use super::pick::outline_window;
use super::pictures::Key;
use super::strip::Strip;
use super::tile::{outline, tile_ui};
use super::{LayersView, Unit, numbers};
use crate::explain::{LayerActivation, Products, Window};
use crate::model::Shape;
use crate::studio::LayerMaps;
use crate::ui::theme::UNIT;
use crate::ui::widgets::{furthest, signed_picture};

impl LayersView {
    /// Draws what feeds the unit: a map of the input above the weights it is multiplied with.
    pub(super) fn inputs_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        unit: &mut Unit,
        idx: usize,
        (inputs, window): (&[Products], Option<Window>),
    ) {
        let layer = &maps.activations.layers[idx];
        let most = inputs.iter().map(|input| furthest(&input.kernel));
        let most = most.fold(0.0, f32::max);
        let strip = Strip {
            name: "fed by",
            about: "each input above the weights it is multiplied with",
            n: inputs.len(),
            tile: vec2(TILE, 2.0 * TILE + UNIT),
        };
        let mut first = self.scrolled_inputs;
        strip.ui(ui, &mut first, |ui, input| {
            let products = &inputs[input];
            let is_selected = unit.input == input;
            let name = format!("input {} of {}", products.unit, unit_name(layer, unit.unit));
            let (rect, response) = tile_ui(ui, strip.tile, &name, is_selected);
            let (above, below) = rect.split_top_bottom_at_y(rect.min.y + TILE);
            let below = below.with_min_y(below.min.y + UNIT);
            let size = read_size(maps, layer, products);
            let place = self
                .pictures
                .paint(ui, above, Key::Read(idx, products.unit), || {
                    let values = read_map(maps, layer, products);
                    signed_picture(values, size, furthest(values))
                });
            if let Some(window) = window {
                outline_window(ui, place, size, window);
            }
            let key = Key::Kernel(idx, unit.unit, products.unit);
            self.pictures.paint(ui, below, key, || {
                signed_picture(&products.kernel, products.size, most)
            });
            outline(ui, rect, &response, is_selected);
            if response.clicked() {
                unit.input = input;
            }
            response.on_hover_ui(|ui| {
                let sum = numbers::number(products.sum);
                ui.label(format!(
                    "{name}: its products sum to {sum} here. A click shows them."
                ));
            });
        });
        self.scrolled_inputs = first;
    }
}

/// Rows and columns of a unit of the input.
fn read_size(maps: &LayerMaps, layer: &LayerActivation, products: &Products) -> [usize; 2] {
    match maps.activations.read_by(layer).0 {
        Shape::Image([_, h, w]) => [h, w],
        _ => products.size,
    }
}

/// The values of a unit of the input, row by row.
fn read_map<'a>(maps: &'a LayerMaps, layer: &LayerActivation, products: &'a Products) -> &'a [f32] {
    match maps.activations.read_by(layer) {
        (Shape::Image([_, h, w]), values) => &values[products.unit * h * w..][..h * w],
        _ => &products.patch,
    }
}
