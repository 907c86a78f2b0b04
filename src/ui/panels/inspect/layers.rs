//! The layers of an inspected batch: numbers, maps of one image, filters and their gradients.

use std::collections::HashMap;

use egui::{Image, Label, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo, vec2};

use super::{InspectPanel, Stage};
use crate::text;
use crate::train::{InspectedLayer, Inspection, LayerPictures};
use crate::ui::theme::{self, UNIT};
use crate::ui::widgets::{furthest, signed_legend_ui, signed_picture};

/// Widths of the columns: name, and each number.
const NAME: f32 = 112.0;
const NUMBER: f32 = 96.0;

/// Height of a line of numbers.
const LINE: f32 = 20.0;

/// Side of a picture, and the distance between two.
const TILE: f32 = 32.0;
const GAP: f32 = 4.0;

/// What a row of pictures shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Of the chosen image.
    Maps(usize),
    Filters,
    Gradients,
}

/// The textures of the layers, by layer, kind and unit.
#[derive(Default)]
pub(super) struct Textures(HashMap<(usize, Kind, usize), TextureHandle>);

impl InspectPanel {
    pub(super) fn layers_ui(&mut self, ui: &mut Ui, inspection: &Inspection) {
        ui.horizontal(signed_legend_ui);
        columns_ui(ui, |ui, column| {
            let (text, about) = [
                ("layer", "In the order of the forward pass."),
                ("output", "RMS of the layer's output."),
                (
                    "gradient norm",
                    "Near zero, the layer does not learn; very large, training is unstable.",
                ),
                (
                    "update ratio",
                    "Size of the update relative to the weights: about 0.001 is healthy.",
                ),
            ][column];
            ui.label(theme::quiet(ui, text)).on_hover_text(about);
        });
        for (idx, layer) in inspection.layers.iter().enumerate() {
            self.layer_ui(ui, layer);
            if let Some(pictures) = inspection.pictures.get(idx) {
                self.pictures_ui(ui, idx, &layer.reading.name, pictures);
            }
        }
    }

    fn layer_ui(&self, ui: &mut Ui, layer: &InspectedLayer) {
        let gradient = layer.reading.gradient;
        let numbers = [
            Some(layer.reading.output),
            gradient.filter(|_| self.stage >= Stage::Backward),
            layer.update_ratio().filter(|_| self.stage == Stage::Update),
        ];
        columns_ui(ui, |ui, column| match column.checked_sub(1) {
            None => {
                ui.add(Label::new(&layer.reading.name).truncate());
            }
            Some(idx) => {
                let text = numbers[idx].map_or_else(|| "–".to_owned(), text::significant);
                ui.label(theme::number(text));
            }
        });
    }

    fn pictures_ui(&mut self, ui: &mut Ui, layer: usize, name: &str, pictures: &LayerPictures) {
        let image = self.image.min(pictures.n_images().saturating_sub(1));
        let [n_maps, rows, columns] = pictures.map_shape;
        let maps = |unit: usize| pictures.map(image, unit);
        let about = "The layer's output for the chosen image.";
        self.row_ui(
            ui,
            (layer, Kind::Maps(image)),
            (name, "maps", about),
            |ui, row| {
                row.tiles_ui(ui, n_maps, [rows, columns], maps);
            },
        );
        let size = pictures.filter_size;
        let len = pictures.filter_len().max(1);
        let n = pictures.filters.len() / len;
        let about = "The weights before the update, of the first input channel.";
        self.row_ui(
            ui,
            (layer, Kind::Filters),
            (name, "filters", about),
            |ui, row| {
                row.tiles_ui(ui, n, size, |unit| {
                    pictures.filters.get(unit * len..(unit + 1) * len)
                });
            },
        );
        let (about, n) = match self.stage >= Stage::Backward {
            true => (
                "The gradients of these weights.",
                pictures.gradients.len() / len,
            ),
            // The room stays reserved, so that nothing moves.
            false => ("The gradients are there after Backward.", n),
        };
        let is_known = self.stage >= Stage::Backward;
        self.row_ui(
            ui,
            (layer, Kind::Gradients),
            (name, "gradients", about),
            |ui, row| {
                row.tiles_ui(ui, n, size, |unit| {
                    let values = pictures.gradients.get(unit * len..(unit + 1) * len);
                    values.filter(|_| is_known)
                });
            },
        );
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        (layer, kind): (usize, Kind),
        (name, what, about): (&str, &str, &str),
        add: impl FnOnce(&mut Ui, &mut Row<'_>),
    ) {
        let mut row = Row {
            textures: &mut self.textures,
            layer,
            kind,
            what,
            name: format!("{} of {name}", text::capitalized(what)),
            about,
        };
        add(ui, &mut row);
    }
}

/// A row of pictures.
struct Row<'a> {
    textures: &'a mut Textures,
    layer: usize,
    kind: Kind,
    what: &'a str,
    name: String,
    about: &'a str,
}

impl Row<'_> {
    /// Draws as many of `n` pictures of `size` as fit; nothing if there is none.
    fn tiles_ui<'v>(
        &mut self,
        ui: &mut Ui,
        n: usize,
        size: [usize; 2],
        values: impl Fn(usize) -> Option<&'v [f32]>,
    ) {
        if n == 0 || size.contains(&0) {
            return;
        }
        ui.horizontal(|ui| {
            let (label, _) = ui.allocate_exact_size(vec2(NAME, TILE), Sense::hover());
            let at = label.left_center() + vec2(3.0 * UNIT, 0.0);
            let font = egui::TextStyle::Small.resolve(ui.style());
            let color = theme::tokens(ui).quiet;
            ui.painter()
                .text(at, egui::Align2::LEFT_CENTER, self.what, font, color);
            let n = n.min(((ui.available_width() + GAP) / (TILE + GAP)) as usize);
            let width = n as f32 * (TILE + GAP);
            let (rect, response) = ui.allocate_exact_size(vec2(width, TILE), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &self.name));
            if ui.is_rect_visible(rect) {
                for unit in 0..n {
                    let corner = rect.min + vec2(unit as f32 * (TILE + GAP), 0.0);
                    let tile = Rect::from_min_size(corner, vec2(TILE, TILE));
                    self.tile_ui(ui, tile, unit, (size, values(unit)));
                }
            }
            response.on_hover_text(self.about);
        });
    }

    fn tile_ui(
        &mut self,
        ui: &Ui,
        tile: Rect,
        unit: usize,
        (size, values): ([usize; 2], Option<&[f32]>),
    ) {
        ui.painter().rect_filled(tile, 0.0, theme::CANVAS);
        let Some(values) = values else {
            return;
        };
        let key = (self.layer, self.kind, unit);
        let texture = self.textures.0.entry(key).or_insert_with(|| {
            let picture = signed_picture(values, size, furthest(values));
            let name = format!("{} {unit}", self.name);
            ui.load_texture(name, picture, TextureOptions::NEAREST)
        });
        let size = texture.size_vec2();
        let scale = (tile.width() / size.x).min(tile.height() / size.y);
        let place = Rect::from_center_size(tile.center(), size * scale);
        Image::new(&*texture).paint_at(ui, place);
    }
}

/// Draws a line of the name and the three numbers.
fn columns_ui(ui: &mut Ui, mut column_ui: impl FnMut(&mut Ui, usize)) {
    ui.horizontal(|ui| {
        for (column, width) in [NAME, NUMBER, NUMBER, NUMBER].into_iter().enumerate() {
            ui.allocate_ui(vec2(width, LINE), |ui| {
                ui.set_min_size(vec2(width, LINE));
                column_ui(ui, column);
            });
        }
    });
}
