//! Small pictures of many images in one texture.

use egui::{Color32, ColorImage, Painter, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};

use crate::data::ImageSet;
use crate::ui::panels::draw::color_image;

/// The longest side of a small picture, in pixels.
const MAX_SIDE: usize = 32;

/// Small pictures of many images.
pub(super) struct Thumbnails {
    texture: TextureHandle,
    columns: usize,
    rows: usize,
}

impl Thumbnails {
    /// Draws the images of `set` at `indices` into a texture.
    pub(super) fn new(ui: &Ui, set: &ImageSet, indices: &[u32]) -> Thumbnails {
        let [_, height, width] = set.shape();
        let step = height.max(width).div_ceil(MAX_SIDE).max(1);
        let [height, width] = [height, width].map(|side| side.div_ceil(step));
        let columns = (indices.len() as f64).sqrt().ceil().max(1.0) as usize;
        let rows = indices.len().div_ceil(columns).max(1);
        let mut sheet = ColorImage::filled([columns * width, rows * height], Color32::BLACK);
        for (at, &index) in indices.iter().enumerate() {
            let image = color_image(set.shape(), set.image(index as usize));
            let corner = [at % columns * width, at / columns * height];
            for y in 0..height {
                for x in 0..width {
                    sheet[(corner[0] + x, corner[1] + y)] = image[(x * step, y * step)];
                }
            }
        }
        Thumbnails {
            texture: ui.load_texture("thumbnails", sheet, TextureOptions::NEAREST),
            columns,
            rows,
        }
    }

    /// Paints the picture of the image at `at` of the indices, as large as it fits into `rect`.
    pub(super) fn paint(&self, painter: &Painter, rect: Rect, at: usize) {
        let size = vec2(1.0 / self.columns as f32, 1.0 / self.rows as f32);
        let corner = vec2((at % self.columns) as f32, (at / self.columns) as f32) * size;
        let pixels = self.texture.size_vec2() * size;
        let scale = (rect.width() / pixels.x).min(rect.height() / pixels.y);
        let rect = Rect::from_center_size(rect.center(), pixels * scale);
        let uv = Rect::from_min_size(pos2(corner.x, corner.y), size);
        painter.image(self.texture.id(), rect, uv, Color32::WHITE);
    }
}
