//! dz laid out for the input gradient.

use super::border::copy_inside;
use super::geometry::{Geometry, area};

/// dz dilated by the stride and padded by the kernel's reach, channels last: there, the outputs
/// that depend on an input pixel are its neighbors.
#[derive(Default)]
pub(super) struct DilatedGradient {
    pub size: [usize; 2],
    width: usize,
    /// The window corner of each input pixel.
    pub pixels: Vec<usize>,
    /// The offsets of the outputs that depend on it, `[kh, kw, out]`.
    pub steps: Vec<usize>,
}

impl DilatedGradient {
    pub fn new(g: &Geometry) -> Self {
        let [kh, kw] = g.window.kernel;
        let [top, left] = g.window.padding;
        let [ph, pw] = g.padded_image();
        // Even tiles reach beyond an odd image.
        let size = [ph + kh - 1 + g.image[0] % 2, pw + kw - 1 + g.image[1] % 2];
        let width = g.outputs;
        let at = |row: usize, col: usize| (row * size[1] + col) * width;
        let pixels = (0..area(g.image))
            .map(|p| at(p / g.image[1] + top, p % g.image[1] + left))
            .collect();
        let steps = (0..kh * kw * width)
            .map(|s| {
                let (ky, kx, o) = (s / width / kw, s / width % kw, s % width);
                at(kh - 1 - ky, kw - 1 - kx) + o
            })
            .collect();
        Self {
            size,
            width,
            pixels,
            steps,
        }
    }

    pub fn len(&self) -> usize {
        area(self.size) * self.width
    }

    pub fn fill(&self, g: &Geometry, dz: &[f32], wide: &mut [f32]) {
        let [kh, kw] = g.window.kernel;
        let [sy, sx] = g.window.stride;
        if [sy, sx] == [1, 1] && g.outputs_padded() == self.width {
            let row = self.size[1] * self.width;
            let place = [kh - 1, (kw - 1) * self.width];
            return copy_inside(dz, g.conv[1] * self.width, (wide, row), place);
        }
        wide.fill(0.0);
        for (p, dz) in dz.chunks_exact(g.outputs_padded()).enumerate() {
            let row = p / g.conv[1] * sy + kh - 1;
            let col = p % g.conv[1] * sx + kw - 1;
            let start = (row * self.size[1] + col) * self.width;
            wide[start..start + self.width].copy_from_slice(&dz[..self.width]);
        }
    }
}
