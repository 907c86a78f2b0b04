//! The textures of what is visible, made only when the result or the scale changes.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{ColorImage, Image, Rect, TextureHandle, TextureOptions, Ui};

use super::scale::Scale;
use crate::studio::LayerMaps;
use crate::ui::theme;

/// Most textures that are kept.
const MAX_TEXTURES: usize = 1_000;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The image.
    Input,
    /// The filter of a unit of the first layer.
    Filter(usize),
    /// The map of a unit of a layer.
    Map(usize, usize),
    /// All tokens of a layer.
    Tokens(usize),
    /// A unit of what a layer reads.
    Read(usize, usize),
    /// The weights between a unit of a layer and one of its inputs.
    Kernel(usize, usize, usize),
    /// A head of a block of a layer, for a token or for the mean of all.
    Head(usize, usize, usize, Option<usize>),
    /// A gate of a direction of a layer.
    Gate(usize, usize, usize),
}

/// The textures.
#[derive(Default)]
pub(super) struct Pictures {
    of: Option<Arc<LayerMaps>>,
    scale: Scale,
    textures: HashMap<Key, TextureHandle>,
}

impl Pictures {
    /// Forgets pictures of anything else.
    pub(super) fn follow(&mut self, maps: &Arc<LayerMaps>, scale: Scale) {
        let is_same = self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, maps));
        if !is_same || self.scale != scale || self.textures.len() > MAX_TEXTURES {
            self.textures.clear();
            self.of = Some(maps.clone());
            self.scale = scale;
        }
    }

    /// Paints a picture as large as it fits into `rect`, and returns where it is.
    pub(super) fn paint(
        &mut self,
        ui: &Ui,
        rect: Rect,
        key: Key,
        make: impl FnOnce() -> ColorImage,
    ) -> Rect {
        let texture = self.texture(ui, key, make);
        let place = fitted(rect, texture.size_vec2());
        ui.painter().rect_filled(place, 0.0, theme::CANVAS);
        Image::new(texture).paint_at(ui, place);
        place
    }

    /// Paints a picture over all of `rect`, whatever its aspect ratio.
    pub(super) fn stretch(
        &mut self,
        ui: &Ui,
        rect: Rect,
        key: Key,
        make: impl FnOnce() -> ColorImage,
    ) {
        Image::new(self.texture(ui, key, make)).paint_at(ui, rect);
    }

    fn texture(&mut self, ui: &Ui, key: Key, make: impl FnOnce() -> ColorImage) -> &TextureHandle {
        self.textures.entry(key).or_insert_with(|| {
            let name = format!("{key:?}");
            ui.load_texture(name, make(), TextureOptions::NEAREST)
        })
    }
}

/// The largest part of `rect` with the aspect ratio of `size`.
pub(super) fn fitted(rect: Rect, size: egui::Vec2) -> Rect {
    let scale = (rect.width() / size.x.max(1.0)).min(rect.height() / size.y.max(1.0));
    Rect::from_center_size(rect.center(), size * scale)
}
