//! The overview: the image, the filters of the first layer, every layer as a strip, and the softmax.

use egui::{Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::pictures::Key;
use super::scale::{Scale, plain};
use super::strip::{HEADER, Strip};
use super::tile::{outline, paint_bar, paint_share, tile_ui};
use super::{LayersView, Selected};
use crate::explain::{Filters, LayerActivation, Position};
use crate::model::Shape;
use crate::studio::LayerMaps;
use crate::text;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{furthest, signed_picture};

/// Height of a tile, and side of a map.
pub(super) const TILE: f32 = 44.0;

/// Width of the bar of a feature.
const BAR: f32 = 10.0;

/// Width of the picture of a layer of tokens.
const TOKENS: f32 = 132.0;

/// One row of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Row {
    Input,
    Filters,
    Layer(usize),
    Softmax,
}

impl LayersView {
    /// Draws all strips, of which only those in sight are drawn.
    pub(super) fn overview_ui(&mut self, ui: &mut Ui, maps: &LayerMaps) {
        let mut rows = vec![Row::Input];
        rows.extend(maps.filters.as_ref().map(|_| Row::Filters));
        rows.extend((0..maps.activations.layers.len()).map(Row::Layer));
        rows.push(Row::Softmax);
        ui.spacing_mut().item_spacing.y = 8.0;
        ScrollArea::vertical()
            .id_salt("strips")
            .auto_shrink(false)
            .show_rows(ui, HEADER + TILE, rows.len(), |ui, visible| {
                ui.set_width(ui.available_width() - 8.0);
                for row in &rows[visible] {
                    ui.scope(|ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        self.row_ui(ui, maps, *row);
                    });
                }
            });
    }

    fn row_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, row: Row) {
        let mut first = self.scrolled.get(&row).copied().unwrap_or(0.0);
        match row {
            Row::Input => self.input_ui(ui, maps, &mut first),
            Row::Filters => self.filters_ui(ui, maps, &mut first),
            Row::Layer(idx) => self.layer_ui(ui, maps, idx, &mut first),
            Row::Softmax => self.softmax_row_ui(ui, maps, &mut first),
        }
        self.scrolled.insert(row, first);
    }

    fn input_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, first: &mut f32) {
        let shape = maps.activations.shape;
        let strip = Strip {
            name: "image",
            about: &Shape::Image(shape).to_string(),
            n: 1,
            tile: vec2(TILE, TILE),
        };
        strip.ui(ui, first, |ui, _| {
            let (rect, response) = ui.allocate_exact_size(vec2(TILE, TILE), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "The image"));
            let make = || plain(&maps.activations.input, shape);
            self.pictures.paint(ui, rect, Key::Input, make);
            response.on_hover_text("What the network reads: the drawing after its preprocessing.");
        });
    }

    fn filters_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, first: &mut f32) {
        let Some((layer, filters)) = &maps.filters else {
            return;
        };
        let of = &maps.activations.layers[*layer].name.name;
        let [c, h, w] = filters.shape;
        let strip = Strip {
            name: &format!("filters of {of}"),
            about: &format!("{} of {c}×{h}×{w}", filters.len()),
            n: filters.len(),
            tile: vec2(TILE, TILE),
        };
        strip.ui(ui, first, |ui, unit| {
            let name = format!("filter {unit} of {of}");
            let is_selected = self.is_selected(of, unit);
            let (rect, response) = tile_ui(ui, vec2(TILE, TILE), &name, is_selected);
            let scale = self.scale;
            self.pictures.paint(ui, rect, Key::Filter(unit), || {
                let values = mean_of_channels(filters, unit);
                signed_picture(&values, [h, w], scale.most(&values, &filters.values))
            });
            outline(ui, rect, &response, is_selected);
            if response.clicked() {
                self.select(of, unit);
            }
            let channels = if c == 1 {
                ""
            } else {
                ", the mean of its channels"
            };
            response.on_hover_text(format!(
                "The weights of unit {unit}{channels}. A click shows what it computes."
            ));
        });
    }

    fn layer_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, idx: usize, first: &mut f32) {
        let layer = &maps.activations.layers[idx];
        let (n, width) = match layer.shape {
            Shape::Image([n, ..]) => (n, TILE),
            Shape::Sequence(_) => (1, TOKENS),
            Shape::Vector(n) => (n, BAR),
        };
        let strip = Strip {
            name: &layer.name.name,
            about: &about(layer),
            n,
            tile: vec2(width, TILE),
        };
        strip.ui(ui, first, |ui, unit| {
            let name = match layer.shape {
                Shape::Sequence(_) => format!("tokens of {}", layer.name.name),
                _ => unit_name(layer, unit),
            };
            let is_selected = match layer.shape {
                Shape::Sequence(_) => self.is_any_selected(&layer.name.name),
                _ => self.is_selected(&layer.name.name, unit),
            };
            let (rect, response) = tile_ui(ui, vec2(width, TILE), &name, is_selected);
            self.tile_picture(ui, rect, idx, layer, unit);
            outline(ui, rect, &response, is_selected);
            if response.clicked() {
                self.select(&layer.name.name, unit);
            }
            response.on_hover_ui(|ui| {
                ui.label(format!(
                    "{name}: {} A click shows how it is computed.",
                    range(layer, unit)
                ));
            });
        });
    }

    fn tile_picture(
        &mut self,
        ui: &Ui,
        rect: Rect,
        idx: usize,
        layer: &LayerActivation,
        unit: usize,
    ) {
        match layer.shape {
            Shape::Image(_) => {
                self.map_ui(ui, rect, (idx, layer), unit);
            }
            Shape::Sequence(size) => {
                ui.painter().rect_filled(rect, 0.0, theme::CANVAS);
                self.tokens_ui(ui, rect, (idx, layer), size);
            }
            Shape::Vector(_) => {
                let most = match self.scale {
                    Scale::Fixed => 1.0,
                    _ => furthest(&layer.values),
                };
                paint_bar(ui, rect, layer.values[unit], most);
            }
        }
    }

    /// Paints the map of a unit, and returns where it is.
    pub(super) fn map_ui(
        &mut self,
        ui: &Ui,
        rect: Rect,
        (idx, layer): (usize, &LayerActivation),
        unit: usize,
    ) -> Rect {
        let scale = self.scale;
        self.pictures.paint(ui, rect, Key::Map(idx, unit), || {
            let map = layer.map(unit);
            let most = scale.most(&map, &layer.values);
            signed_picture(&map, layer.map_size(), most)
        })
    }

    /// Paints all tokens, one in each row, and returns where they are.
    pub(super) fn tokens_ui(
        &mut self,
        ui: &Ui,
        rect: Rect,
        (idx, layer): (usize, &LayerActivation),
        size: [usize; 2],
    ) -> Rect {
        let scale = self.scale;
        self.pictures.paint(ui, rect, Key::Tokens(idx), || {
            let most = scale.most(&layer.values, &layer.values);
            signed_picture(&layer.values, size, most)
        })
    }

    fn softmax_row_ui(&mut self, ui: &mut Ui, maps: &LayerMaps, first: &mut f32) {
        let n = maps.softmax.probabilities.len();
        let strip = Strip {
            name: "softmax",
            about: &format!("{n} probabilities"),
            n,
            tile: vec2(TILE, TILE),
        };
        let is_selected = matches!(self.selected, Some(Selected::Softmax));
        strip.ui(ui, first, |ui, class| {
            let share = maps.softmax.probabilities[class];
            let class = maps.classifier.classes.get(class).cloned();
            let class = class.unwrap_or_default();
            let name = format!("probability of {class}");
            let (rect, response) = tile_ui(ui, vec2(TILE, TILE), &name, is_selected);
            let (bar, below) = rect.split_top_bottom_at_y(rect.max.y - 14.0);
            paint_share(ui, bar, share as f32);
            let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
            let font = egui::FontId::proportional(11.0);
            painter.text(
                below.center(),
                egui::Align2::CENTER_CENTER,
                &class,
                font,
                tokens(ui).text,
            );
            outline(ui, rect, &response, is_selected);
            if response.clicked() {
                self.selected = Some(Selected::Softmax);
            }
            let share = text::percent(share);
            response.on_hover_text(format!("{class}: {share}. A click shows its terms."));
        });
    }
}

fn mean_of_channels(filters: &Filters, unit: usize) -> Vec<f32> {
    let [c, h, w] = filters.shape;
    let mut sum = vec![0.0; h * w];
    for channel in 0..c {
        let all = sum.iter_mut().zip(filters.channel(unit, channel));
        all.for_each(|(sum, v)| *sum += v / c as f32);
    }
    sum
}

/// What is said beside the name of a layer.
fn about(layer: &LayerActivation) -> String {
    let detail = match (layer.layer.inside(), layer.layer.detail()) {
        ([], detail) if !detail.is_empty() => format!(" {detail}"),
        _ => String::new(),
    };
    format!("{}{detail} → {}", layer.layer.label(), layer.shape)
}

/// The name of a unit.
pub(super) fn unit_name(layer: &LayerActivation, unit: usize) -> String {
    format!("{} unit {unit}", layer.name.name)
}

/// The range of the values of a unit, in a sentence.
fn range(layer: &LayerActivation, unit: usize) -> String {
    if let Shape::Vector(_) = layer.shape {
        let value = layer.value(Position {
            unit,
            ..Position::default()
        });
        return format!("{}.", super::numbers::number(value));
    }
    let values = match layer.shape {
        Shape::Sequence(_) => layer.values.clone(),
        _ => layer.map(unit),
    };
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let [least, most] = [least, most].map(super::numbers::number);
    format!("from {least} to {most}.")
}
