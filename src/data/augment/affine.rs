//! An affine change of an image about its center, read from the original in a single bilinear pass.
//! Outside the image is black.

/// Maps a pixel of the result, relative to the center, to the position it is read from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
}

impl Affine {
    /// No change.
    pub const IDENTITY: Affine = Affine {
        matrix: [[1.0, 0.0], [0.0, 1.0]],
        shift: [0.0, 0.0],
    };

    /// Scales the image, shears it to the left (above its center), rotates it clockwise, and shifts
    /// it by pixels down and right. Angles are in degrees.
    pub fn new(scale: f64, shear: f64, rotation: f64, shift: [f32; 2]) -> Affine {
        let (sin, cos) = rotation.to_radians().sin_cos();
        let slant = shear.to_radians().tan();
        // Maps the result to the original: the inverse of rotation, shear and scaling.
        let matrix = [
            [cos / scale, -sin / scale],
            [(sin - slant * cos) / scale, (cos + slant * sin) / scale],
        ];
        Affine {
            matrix: matrix.map(|row| row.map(|x| x as f32)),
            shift,
        }
    }

    /// The changed image, `[channels, height, width]`; `moved(y, x)` is added to where the pixel
    /// there is read from.
    pub(super) fn warped(
        &self,
        original: &[f32],
        [_, height, width]: [usize; 3],
        moved: impl Fn(usize, usize) -> [f32; 2],
    ) -> Vec<f32> {
        let area = height * width;
        let center = [(height - 1) as f32 / 2.0, (width - 1) as f32 / 2.0];
        let mut image = vec![0.0; original.len()];
        for y in 0..height {
            for x in 0..width {
                let from = self.apply([y as f32 - center[0], x as f32 - center[1]]);
                let moved = moved(y, x);
                let from = [0, 1].map(|axis| from[axis] + moved[axis] + center[axis]);
                let planes = original.chunks_exact(area);
                for (original, image) in planes.zip(image.chunks_exact_mut(area)) {
                    image[y * width + x] = bilinear(original, [height, width], from);
                }
            }
        }
        image
    }

    /// The changed image, `[channels, height, width]`.
    pub fn of(&self, image: &[f32], shape: [usize; 3]) -> Vec<f32> {
        match *self == Affine::IDENTITY || image.is_empty() {
            true => image.to_vec(),
            false => self.warped(image, shape, |_, _| [0.0; 2]),
        }
    }

    fn apply(&self, [y, x]: [f32; 2]) -> [f32; 2] {
        let (y, x) = (y - self.shift[0], x - self.shift[1]);
        self.matrix.map(|[a, b]| a * y + b * x)
    }
}

/// Bilinear interpolation; black outside the image.
fn bilinear(pixels: &[f32], [height, width]: [usize; 2], [y, x]: [f32; 2]) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let at = |y: f32, x: f32| {
        let is_inside = y >= 0.0 && x >= 0.0 && y < height as f32 && x < width as f32;
        if is_inside {
            pixels[y as usize * width + x as usize]
        } else {
            0.0
        }
    };
    let upper = at(top, left) * (1.0 - right) + at(top, left + 1.0) * right;
    let lower = at(top + 1.0, left) * (1.0 - right) + at(top + 1.0, left + 1.0) * right;
    upper * (1.0 - down) + lower * down
}
