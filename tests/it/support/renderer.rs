//! Draws egui's output on the CPU, the same bytes on every machine: pictures of the window need
//! neither a display nor a graphics card.

use std::collections::HashMap;

use egui::epaint::{
    ClippedPrimitive, ImageDelta, Mesh, Primitive, Vertex, textures::TextureFilter,
};
use egui::{Color32, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use image::{Rgba, RgbaImage};

/// Textures by id; everything else is thrown away after each picture.
#[derive(Default)]
pub struct CpuRenderer {
    textures: HashMap<TextureId, Texture>,
}

struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
    is_smooth: bool,
}

impl Texture {
    fn update(&mut self, delta: &ImageDelta) {
        let egui::ImageData::Color(image) = &delta.image;
        self.is_smooth = delta.options.magnification == TextureFilter::Linear;
        let Some([left, top]) = delta.pos else {
            self.size = image.size;
            self.pixels.clone_from(&image.pixels);
            return;
        };
        for (y, row) in image.pixels.chunks_exact(image.size[0]).enumerate() {
            let start = (top + y) * self.size[0] + left;
            self.pixels[start..start + row.len()].copy_from_slice(row);
        }
    }

    /// The color at texture coordinates from 0 to 1, premultiplied, in 0..=255.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let at = |x: f32, y: f32| {
            let [width, height] = self.size.map(|n| n as f32 - 1.0);
            let (x, y) = (x.clamp(0.0, width) as usize, y.clamp(0.0, height) as usize);
            self.pixels[y * self.size[0] + x].to_array().map(f32::from)
        };
        let [x, y] = [u * self.size[0] as f32, v * self.size[1] as f32];
        if !self.is_smooth {
            return at(x.floor(), y.floor());
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (x0, y0) = (x.floor(), y.floor());
        // Where a glyph lies in the atlas depends on what was drawn before it, and must not show in
        // the last bit of a fraction.
        let [fx, fy] = [x - x0, y - y0].map(|f| (f * 64.0).round() / 64.0);
        let mix =
            |a: [f32; 4], b: [f32; 4], t: f32| std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
        let upper = mix(at(x0, y0), at(x0 + 1.0, y0), fx);
        let lower = mix(at(x0, y0 + 1.0), at(x0 + 1.0, y0 + 1.0), fx);
        mix(upper, lower, fy)
    }
}

impl TestRenderer for CpuRenderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            let texture = self.textures.entry(id).or_insert(Texture {
                size: [0, 0],
                pixels: Vec::new(),
                is_smooth: true,
            });
            for delta in deltas {
                texture.update(&delta);
            }
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let mut picture = RgbaImage::new(size.x.round() as u32, size.y.round() as u32);
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in ctx.tessellate(output.shapes.clone(), scale)
        {
            let Primitive::Mesh(mesh) = primitive else {
                return Err("paint callbacks cannot be drawn".to_owned());
            };
            self.draw(&mut picture, &mesh, clip_rect, scale);
        }
        Ok(picture)
    }
}

impl CpuRenderer {
    fn draw(&self, picture: &mut RgbaImage, mesh: &Mesh, clip: Rect, scale: f32) {
        let Some(texture) = self.textures.get(&mesh.texture_id) else {
            return;
        };
        let clip = [
            (clip.min.x * scale).round().max(0.0),
            (clip.min.y * scale).round().max(0.0),
            (clip.max.x * scale).round().min(picture.width() as f32),
            (clip.max.y * scale).round().min(picture.height() as f32),
        ];
        for triangle in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|i| mesh.vertices[triangle[i] as usize]);
            draw_triangle(picture, texture, corners, clip, scale);
        }
    }
}

/// Twice the area of the triangle a, b, p: positive when p is on the right of a → b, y down.
fn edge(a: [f32; 2], b: [f32; 2], p: [f32; 2]) -> f32 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

/// Whether pixels exactly on the edge belong to the triangle: so that of two neighbors one has
/// them, never both or none.
fn is_top_left(a: [f32; 2], b: [f32; 2]) -> bool {
    (a[1] == b[1] && b[0] > a[0]) || b[1] < a[1]
}

fn draw_triangle(
    picture: &mut RgbaImage,
    texture: &Texture,
    mut corners: [Vertex; 3],
    clip: [f32; 4],
    scale: f32,
) {
    let mut p = corners.map(|v| [v.pos.x * scale, v.pos.y * scale]);
    let mut area = edge(p[0], p[1], p[2]);
    if area < 0.0 {
        corners.swap(1, 2);
        p.swap(1, 2);
        area = -area;
    }
    if area == 0.0 || !area.is_finite() {
        return;
    }
    let low = |axis: usize| p.iter().map(|p| p[axis]).fold(f32::MAX, f32::min);
    let high = |axis: usize| p.iter().map(|p| p[axis]).fold(f32::MIN, f32::max);
    let [left, top] = [0, 1].map(|axis| low(axis).floor().max(clip[axis]) as u32);
    let [right, bottom] = [0, 1].map(|axis| high(axis).ceil().min(clip[axis + 2]).max(0.0) as u32);
    let sides = [(1, 2), (2, 0), (0, 1)];
    for y in top..bottom {
        for x in left..right {
            let center = [x as f32 + 0.5, y as f32 + 0.5];
            let weights = sides.map(|(a, b)| edge(p[a], p[b], center));
            let is_inside = sides
                .iter()
                .zip(weights)
                .all(|(&(a, b), w)| w > 0.0 || (w == 0.0 && is_top_left(p[a], p[b])));
            if is_inside {
                let weights = weights.map(|w| w / area);
                blend(
                    picture.get_pixel_mut(x, y),
                    shade(texture, &corners, weights),
                );
            }
        }
    }
}

/// The color between the corners times that of the texture, premultiplied, in 0..=255.
fn shade(texture: &Texture, corners: &[Vertex; 3], weights: [f32; 3]) -> [f32; 4] {
    let between = |value: &dyn Fn(&Vertex) -> f32| -> f32 {
        corners.iter().zip(weights).map(|(v, w)| value(v) * w).sum()
    };
    let texel = texture.sample(between(&|v| v.uv.x), between(&|v| v.uv.y));
    std::array::from_fn(|i| between(&|v| f32::from(v.color.to_array()[i])) * texel[i] / 255.0)
}

/// Puts a premultiplied color over what is there.
fn blend(pixel: &mut Rgba<u8>, color: [f32; 4]) {
    let rest = 1.0 - color[3] / 255.0;
    for (channel, value) in pixel.0.iter_mut().zip(color) {
        *channel = (value + f32::from(*channel) * rest)
            .round()
            .clamp(0.0, 255.0) as u8;
    }
}
