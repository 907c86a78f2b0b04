//! The attention of every head of a transformer encoder, over the patches of the image.

use egui::{Label, Ui, vec2};

use super::pick::{outline_window, picked, picked_ui};
use super::pictures::Key;
use super::scale::plain;
use super::{LayersView, Unit};
use crate::explain::{Attention, Window};
use crate::model::{Layer, Shape};
use crate::studio::LayerMaps;
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{furthest, signed_picture};

/// Side of the picture of a head.
const SIDE: f32 = 104.0;

/// The patches that the tokens stand for.
struct Patches {
    rows: usize,
    columns: usize,
    has_class_token: bool,
}

impl Patches {
    fn of(maps: &LayerMaps) -> Option<Patches> {
        let layers = &maps.activations.layers;
        layers.iter().find_map(|layer| match &layer.layer {
            Layer::PatchEmbedding(patches) => {
                let (input, _) = maps.activations.read_by(layer);
                let Shape::Image([_, h, w]) = input else {
                    return None;
                };
                Some(Patches {
                    rows: h / patches.patch.max(1),
                    columns: w / patches.patch.max(1),
                    has_class_token: patches.class_token,
                })
            }
            _ => None,
        })
    }

    fn first(&self) -> usize {
        usize::from(self.has_class_token)
    }

    /// The name of a token.
    fn name(&self, token: usize) -> String {
        match token.checked_sub(self.first()) {
            None => "the class token".to_owned(),
            Some(patch) => format!(
                "the patch at row {}, column {}",
                patch / self.columns.max(1),
                patch % self.columns.max(1)
            ),
        }
    }
}

impl LayersView {
    /// Draws the heads of the chosen block.
    pub(super) fn attention_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        unit: &mut Unit,
        idx: usize,
    ) {
        let layer = &maps.activations.layers[idx];
        let Some(patches) = Patches::of(maps) else {
            return;
        };
        blocks_ui(ui, &mut unit.block, layer.attention.len());
        let Some(attention) = layer.attention.get(unit.block) else {
            return;
        };
        unit.token = unit.token.filter(|token| *token < attention.tokens);
        tokens_ui(ui, &patches, &mut unit.token);
        self.reader_ui(ui, maps, &patches, &mut unit.token);
        let who = match unit.token {
            None => "all tokens, on average, read".to_owned(),
            Some(token) => format!("{} reads", patches.name(token)),
        };
        let text =
            format!("How much {who} of each patch, by head; full color is the most of a head.");
        ui.add(Label::new(theme::quiet(ui, text)).wrap());
        ui.horizontal_wrapped(|ui| {
            for head in 0..attention.heads {
                self.head_ui(ui, attention, &patches, (idx, head, unit));
            }
        });
    }

    /// Draws the image, on which the token is chosen that reads.
    fn reader_ui(
        &mut self,
        ui: &mut Ui,
        maps: &LayerMaps,
        patches: &Patches,
        token: &mut Option<usize>,
    ) {
        let size = [patches.rows, patches.columns];
        let (rect, response) = picked_ui(ui, vec2(1.5 * SIDE, 1.5 * SIDE), "The image as patches");
        let make = || plain(&maps.activations.input, maps.activations.shape);
        let place = self.pictures.paint(ui, rect, Key::Input, make);
        let patch = token.and_then(|token| token.checked_sub(patches.first()));
        let now = patch.map(|patch| {
            [
                patch / patches.columns.max(1),
                patch % patches.columns.max(1),
            ]
        });
        if let Some([row, column]) = picked(ui, &response, place, size, now.unwrap_or([0, 0])) {
            *token = Some(row * patches.columns + column + patches.first());
        }
        if let Some([row, column]) = now {
            let window = Window {
                top: row as isize,
                left: column as isize,
                size: [1, 1],
            };
            outline_window(ui, place, size, window);
        }
        response.on_hover_text("Point at a patch, or use the arrow keys, to see what it reads.");
    }

    fn head_ui(
        &mut self,
        ui: &mut Ui,
        attention: &Attention,
        patches: &Patches,
        (idx, head, unit): (usize, usize, &Unit),
    ) {
        let row = match unit.token {
            None => attention.mean(head).to_vec(),
            Some(token) => attention.row(head, token),
        };
        let (class_token, values) = row.split_at(patches.first().min(row.len()));
        ui.vertical(|ui| {
            ui.set_width(SIDE);
            let name = format!("Attention of head {head}");
            let (rect, response) = picked_ui(ui, vec2(SIDE, SIDE), &name);
            let key = Key::Head(idx, unit.block, head, unit.token);
            let size = [patches.rows, patches.columns];
            self.pictures.paint(ui, rect, key, || {
                signed_picture(values, size, furthest(values))
            });
            let most = text::percent(f64::from(furthest(values)));
            let of_class = class_token.first().map(|share| {
                let share = text::percent(f64::from(*share));
                format!(" {share} goes to the class token.")
            });
            let of_class = of_class.unwrap_or_default();
            response.on_hover_text(format!("{name}: up to {most} for one patch.{of_class}"));
            let text = format!("head {head}: {most}");
            ui.add(Label::new(theme::quiet(ui, text)).truncate());
        });
    }
}

/// Draws the choice of the block.
fn blocks_ui(ui: &mut Ui, block: &mut usize, n: usize) {
    if n > 1 {
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            for each in 0..n {
                ui.selectable_value(block, each, format!("block {}", each + 1))
                    .on_hover_text("The block of the encoder whose heads are shown.");
            }
        });
        ui.add_space(UNIT);
    }
}

/// Draws the choice of the token that reads.
fn tokens_ui(ui: &mut Ui, patches: &Patches, token: &mut Option<usize>) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.selectable_value(token, None, "all tokens")
            .on_hover_text("The mean of what all tokens read.");
        if patches.has_class_token {
            ui.selectable_value(token, Some(0), "class token")
                .on_hover_text("What the token reads that the classification uses.");
        }
        if let Some(token) = token.filter(|token| *token >= patches.first()) {
            ui.label(theme::quiet(ui, patches.name(token)));
        }
    });
}
