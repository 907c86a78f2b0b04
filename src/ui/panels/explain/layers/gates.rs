//! The gates of a recurrent layer over the rows of the image.

use egui::{Label, Rect, Ui, pos2, vec2};

use super::LayersView;
use super::overview::unit_name;
use super::pick::{outline_window, picked_ui};
use super::pictures::Key;
use crate::explain::{Gate, Gates, LayerActivation, Window};
use crate::ui::theme::{self, UNIT};
use crate::ui::widgets::{furthest, signed_picture};

/// Height of a row of the image, and most of all together.
const ROW: f32 = 4.0;
const MAX_HEIGHT: f32 = 160.0;

impl LayersView {
    /// Draws each gate as a heat map: the rows of the image from top to bottom, the units from left
    /// to right.
    pub(super) fn gates_ui(
        &mut self,
        ui: &mut Ui,
        layer: &LayerActivation,
        (idx, unit): (usize, usize),
    ) {
        let text = format!(
            "The gates at each row of the image, from top to bottom, and of each unit, from left to \
             right; {} is outlined.",
            unit_name(layer, unit)
        );
        ui.add(Label::new(theme::quiet(ui, text)).wrap());
        for (direction, gates) in layer.gates.iter().enumerate() {
            if layer.gates.len() > 1 {
                let order = if gates.is_reverse { "bottom" } else { "top" };
                ui.label(theme::section(ui, &format!("read from the {order}")));
            }
            let own = (unit / gates.units.max(1) == direction).then(|| unit % gates.units.max(1));
            for (i, gate) in gates.gates.iter().enumerate() {
                let key = Key::Gate(idx, direction, i);
                self.gate_ui(ui, gates, gate, (key, own));
            }
        }
    }

    fn gate_ui(
        &mut self,
        ui: &mut Ui,
        gates: &Gates,
        gate: &Gate,
        (key, unit): (Key, Option<usize>),
    ) {
        let [rows, units] = [gates.rows, gates.units];
        let text = format!("{}: {}", gate.name, gate.about);
        ui.add(Label::new(theme::quiet(ui, &text)).truncate());
        let height = (ROW * rows as f32).min(MAX_HEIGHT);
        let width = ui.available_width();
        let order = if gates.is_reverse {
            ", read from the bottom"
        } else {
            ""
        };
        let name = format!("Gate {}{order}", gate.name);
        let (rect, response) = picked_ui(ui, vec2(width, height), &name);
        let most = furthest(&gate.values).max(1.0);
        self.pictures.stretch(ui, rect, key, || {
            signed_picture(&gate.values, [rows, units], most)
        });
        if let Some(unit) = unit {
            let column = Window {
                top: 0,
                left: unit as isize,
                size: [rows, 1],
            };
            outline_window(ui, rect, [rows, units], column);
        }
        let pointed = response.hover_pos().and_then(|pos| {
            let [row, unit] = cell(rect, [rows, units], pos);
            let value = gate.values.get(row * units + unit)?;
            Some(format!(
                "{} of unit {unit} at row {row}: {}",
                gate.name,
                super::numbers::number(*value)
            ))
        });
        response.on_hover_text_at_pointer(pointed.unwrap_or(text));
        ui.add_space(UNIT);
    }
}

fn cell(rect: Rect, [rows, columns]: [usize; 2], pos: egui::Pos2) -> [usize; 2] {
    let share = pos2(
        (pos.x - rect.min.x) / rect.width(),
        (pos.y - rect.min.y) / rect.height(),
    );
    let idx =
        |share: f32, n: usize| ((share * n as f32).max(0.0) as usize).min(n.saturating_sub(1));
    [idx(share.y, rows), idx(share.x, columns)]
}
