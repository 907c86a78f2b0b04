//! One unit: its map, what feeds it with the weights between, and how one of its values is computed.

use std::sync::Arc;

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::overview::unit_name;
use super::{LayersView, Unit, numbers};
use crate::explain::{Arithmetic, LayerActivation, Position, Terms};
use crate::model::{Layer, Shape};
use crate::studio::LayerMaps;
use crate::text;
use crate::ui::theme::{ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Weight, labeled_button};

impl Unit {
    /// The value whose arithmetic is shown.
    fn position(&self, layer: &LayerActivation) -> Position {
        let unit = self.unit;
        match (layer.shape, self.pixel) {
            (Shape::Vector(_), _) => Position {
                unit,
                ..Position::default()
            },
            (Shape::Sequence([tokens, width]), Some([row, unit])) => Position {
                unit: unit.min(width - 1),
                row: row.min(tokens - 1),
                column: 0,
            },
            (Shape::Sequence(_), None) => Position {
                unit,
                ..Position::default()
            },
            (Shape::Image([_, h, w]), Some([row, column])) => Position {
                unit,
                row: row.min(h - 1),
                column: column.min(w - 1),
            },
            (Shape::Image([_, _, w]), None) => {
                let map = layer.map(unit);
                let of = |idx: &usize| map[*idx].abs();
                let furthest = (0..map.len()).max_by(|a, b| of(a).total_cmp(&of(b)));
                let idx = furthest.unwrap_or(0);
                Position {
                    unit,
                    row: idx / w,
                    column: idx % w,
                }
            }
        }
    }
}

impl LayersView {
    /// Draws a unit, and returns whether it stays.
    pub(super) fn unit_ui(
        &mut self,
        ui: &mut Ui,
        maps: &Arc<LayerMaps>,
        unit: &mut Unit,
        is_beside: bool,
    ) -> bool {
        let Some(idx) = unit.find(maps) else {
            return false;
        };
        let layer = &maps.activations.layers[idx];
        let title = match layer.shape {
            Shape::Sequence(_) => layer.name.name.clone(),
            _ => unit_name(layer, unit.unit),
        };
        let is_kept = title_ui(ui, &title, is_beside);
        ScrollArea::vertical()
            .id_salt("unit")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_width(ui.available_width() - 8.0);
                let at = unit.position(layer);
                match self.kept.of(maps, idx, at) {
                    Ok(arithmetic) => self.found_ui(ui, maps, unit, (idx, at), &arithmetic),
                    Err(problem) => {
                        ui.add(Label::new(text::sentence(&problem)).wrap());
                    }
                }
            });
        is_kept
    }

    fn found_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        unit: &mut Unit,
        (idx, at): (usize, Position),
        arithmetic: &Arithmetic,
    ) {
        let layer = &maps.activations.layers[idx];
        if !layer.attention.is_empty() {
            return self.attention_ui(ui, maps, unit, idx);
        }
        self.pictures_ui(ui, maps, unit, (idx, at), arithmetic);
        if let Terms::Products { inputs, .. } = &arithmetic.terms
            && inputs
                .first()
                .is_some_and(|input| input.size[1] > 1 || !matches!(layer.layer, Layer::Dense(_)))
        {
            self.inputs_ui(ui, maps, unit, idx, (inputs, arithmetic.window));
        }
        ui.add_space(2.0 * UNIT);
        numbers::arithmetic_ui(ui, maps, (layer, at), unit.input, arithmetic);
        if !layer.gates.is_empty() {
            ui.add_space(2.0 * UNIT);
            self.gates_ui(ui, layer, (idx, unit.unit));
        }
    }
}

/// Draws the title and the button, and returns whether the button was not pressed.
pub(super) fn title_ui(ui: &mut Ui, title: &str, is_beside: bool) -> bool {
    let mut is_kept = true;
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = if is_beside {
                "Close"
            } else {
                "Back to the layers"
            };
            let button = labeled_button(ui, None, text, Weight::Plain, 80.0, true);
            is_kept = !button.on_hover_text("Shows the layers.").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(title).heading()).truncate());
            });
        });
    });
    is_kept
}
