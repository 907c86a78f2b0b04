//! Images in a grid: only the visible ones have textures, so that sixty thousand scroll like sixty.

use std::collections::HashMap;
use std::hash::Hash;

use egui::{
    Align2, Color32, ColorImage, FontId, Image, Rect, Response, Role, ScrollArea, Sense, Stroke,
    StrokeKind, TextureHandle, TextureOptions, Ui, WidgetInfo, vec2,
};

use crate::ui::theme::{self, tokens};

/// Side of an image, and height of the text below it, in points.
const SIDE: f32 = 60.0;
const TEXT: f32 = 16.0;

/// Distance between images.
const GAP: f32 = 6.0;

/// Most textures that are kept.
const MAX_TEXTURES: usize = 800;

/// The textures of images that were visible.
pub struct Textures<K> {
    all: HashMap<K, TextureHandle>,
}

impl<K> Default for Textures<K> {
    fn default() -> Textures<K> {
        Textures {
            all: HashMap::new(),
        }
    }
}

impl<K: Copy + Eq + Hash> Textures<K> {
    /// Gives all textures back.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// Gives the textures back if there are too many: called between two frames.
    pub fn tidy(&mut self) {
        if self.all.len() > MAX_TEXTURES {
            self.all.clear();
        }
    }

    /// The texture of the image `key`, which `image` makes.
    pub fn get(&mut self, ui: &Ui, key: K, image: impl FnOnce() -> ColorImage) -> &TextureHandle {
        self.all
            .entry(key)
            .or_insert_with(|| ui.load_texture("image", image(), TextureOptions::NEAREST))
    }
}

/// An image with a line of text below it.
pub struct Thumbnail<'a> {
    /// Its accessible name.
    pub name: &'a str,
    /// The text below it.
    pub caption: &'a str,
    /// The color of the text.
    pub color: Color32,
    /// Whether it is marked.
    pub is_chosen: bool,
}

impl Thumbnail<'_> {
    /// Draws it; `texture` is asked only if it is visible.
    pub fn ui<'t>(&self, ui: &mut Ui, texture: impl FnOnce(&Ui) -> &'t TextureHandle) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE + TEXT), Sense::click());
        response
            .widget_info(|| WidgetInfo::selected(Role::Button, true, self.is_chosen, self.name));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let t = tokens(ui);
        let picture = Rect::from_min_size(rect.min, vec2(SIDE, SIDE));
        ui.painter().rect_filled(picture, 2.0, theme::CANVAS);
        Image::new(texture(ui)).paint_at(ui, picture);
        if self.is_chosen || response.hovered() || response.has_focus() {
            let line = Stroke::new(2.0, if self.is_chosen { t.accent } else { t.text });
            ui.painter()
                .rect_stroke(picture, 2.0, line, StrokeKind::Outside);
        }
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.text(
            rect.center_bottom(),
            Align2::CENTER_BOTTOM,
            self.caption,
            FontId::proportional(10.0),
            self.color,
        );
        response
    }
}

/// Draws a grid of `n` thumbnails that scrolls; `image_ui` draws each of the visible ones.
pub fn thumbnails(ui: &mut Ui, n: usize, mut image_ui: impl FnMut(&mut Ui, usize)) {
    let n_columns = ((ui.available_width() + GAP - 8.0) / (SIDE + GAP)).max(1.0) as usize;
    let n_rows = n.div_ceil(n_columns);
    ui.spacing_mut().item_spacing = vec2(GAP, GAP);
    ScrollArea::vertical()
        .id_salt("images")
        .auto_shrink(false)
        .show_rows(ui, SIDE + TEXT, n_rows, |ui, rows| {
            for row in rows {
                let end = n.min((row + 1) * n_columns);
                ui.horizontal(|ui| {
                    (row * n_columns..end).for_each(|i| image_ui(ui, i));
                });
            }
        });
}
