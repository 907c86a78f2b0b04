//! The network as it works: every layer as a strip of its maps, and beside them how one value is
//! computed.

mod attention;
mod gates;
mod inputs;
mod kept;
mod maps;
mod numbers;
mod overview;
mod pick;
mod pictures;
mod scale;
mod softmax;
mod strip;
mod tile;
mod unit;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Label, Rect, RichText, Ui, UiBuilder, vec2};

use crate::studio::LayerMaps;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, UNIT, tokens};

/// From this width on, the overview and one unit are beside each other.
const WIDE: f32 = 700.0;

/// Share of the width that the overview has then.
const OVERVIEW: f32 = 0.46;

/// The view and its state between frames.
#[derive(Default)]
pub(super) struct LayersView {
    scale: scale::Scale,
    selected: Option<Selected>,
    /// The first tile in sight of each strip.
    scrolled: HashMap<overview::Row, f32>,
    /// The first tile in sight of what feeds the unit.
    scrolled_inputs: f32,
    pictures: pictures::Pictures,
    kept: kept::Kept,
}

/// What is shown beside the overview.
#[derive(Clone, Debug, PartialEq)]
enum Selected {
    Unit(Unit),
    Softmax,
}

/// A unit of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
struct Unit {
    /// Name of the layer.
    layer: String,
    unit: usize,
    /// Row and column of the value whose arithmetic is shown; `None` for the one furthest from
    /// zero. Of tokens: the token, and the index within it.
    pixel: Option<[usize; 2]>,
    /// The unit of the input whose products are shown.
    input: usize,
    /// The block of a transformer encoder.
    block: usize,
    /// The token whose attention is shown; `None` for the mean of all.
    token: Option<usize>,
}

impl LayersView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let layers = cx.studio.explainer().layers();
        if let Some(problem) = layers.problem() {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(maps) = layers.newest().cloned() else {
            ui.label(theme::quiet(ui, "Running the network…"));
            return;
        };
        scale::scale_ui(ui, &mut self.scale);
        ui.add_space(UNIT);
        self.pictures.follow(&maps, self.scale);
        self.forget_missing(&maps);
        let room = ui.available_rect_before_wrap();
        if room.width() >= WIDE {
            let width = (room.width() * OVERVIEW).floor();
            let left = Rect::from_min_size(room.min, vec2(width, room.height()));
            let right = room.with_min_x(left.max.x + 4.0 * UNIT);
            within(ui, left, |ui| self.overview_ui(ui, &maps));
            within(ui, right, |ui| self.selected_ui(ui, &maps, true));
        } else if self.selected.is_some() {
            within(ui, room, |ui| self.selected_ui(ui, &maps, false));
        } else {
            within(ui, room, |ui| self.overview_ui(ui, &maps));
        }
    }

    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        self.pictures = pictures::Pictures::default();
        self.kept = kept::Kept::default();
    }

    fn selected_ui(&mut self, ui: &mut Ui, maps: &Arc<LayerMaps>, is_beside: bool) {
        match self.selected.clone() {
            Some(Selected::Unit(mut unit)) => {
                let is_kept = self.unit_ui(ui, maps, &mut unit, is_beside);
                // A click on another unit is newer than what was shown.
                let is_same = matches!(&self.selected, Some(Selected::Unit(now))
                    if now.layer == unit.layer && now.unit == unit.unit);
                if is_same || !is_kept {
                    self.selected = is_kept.then_some(Selected::Unit(unit));
                }
            }
            Some(Selected::Softmax) if !softmax::softmax_ui(ui, maps, !is_beside) => {
                self.selected = None;
            }
            Some(Selected::Softmax) => {}
            None => {
                ui.label(theme::quiet(
                    ui,
                    "Click a unit to see what feeds it and how its values are computed.",
                ));
                ui.add_space(UNIT);
                softmax::softmax_ui(ui, maps, false);
            }
        }
    }

    /// Forgets a unit that this model does not have.
    fn forget_missing(&mut self, maps: &LayerMaps) {
        if let Some(Selected::Unit(unit)) = &self.selected
            && unit.find(maps).is_none()
        {
            self.selected = None;
        }
    }

    fn select(&mut self, layer: &str, unit: usize) {
        if !self.is_selected(layer, unit) {
            self.scrolled_inputs = 0.0;
            self.selected = Some(Selected::Unit(Unit {
                layer: layer.to_owned(),
                unit,
                ..Unit::default()
            }));
        }
    }

    fn is_selected(&self, layer: &str, unit: usize) -> bool {
        matches!(&self.selected, Some(Selected::Unit(now)) if now.layer == layer && now.unit == unit)
    }

    fn is_any_selected(&self, layer: &str) -> bool {
        matches!(&self.selected, Some(Selected::Unit(now)) if now.layer == layer)
    }
}

impl Unit {
    /// Index of its layer, if the model has the unit.
    fn find(&self, maps: &LayerMaps) -> Option<usize> {
        let layers = &maps.activations.layers;
        let idx = layers.iter().position(|l| l.name.name == self.layer)?;
        (self.unit < layers[idx].n_units()).then_some(idx)
    }
}

/// Draws in a part of the place.
fn within(ui: &mut Ui, rect: Rect, add: impl FnOnce(&mut Ui)) {
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        add(ui);
    });
}
