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
        // Where the pixels of a row are read from: once for all channels.
        let mut from = vec![[0.0; 2]; width];
        for y in 0..height {
            for (x, from) in from.iter_mut().enumerate() {
                let at = self.apply([y as f32 - center[0], x as f32 - center[1]]);
                let moved = moved(y, x);
                *from = [0, 1].map(|axis| at[axis] + moved[axis] + center[axis]);
            }
            let planes = original.chunks_exact(area);
            for (original, image) in planes.zip(image.chunks_exact_mut(area)) {
                let row = image[y * width..][..width].iter_mut().zip(&from);
                row.for_each(|(pixel, at)| *pixel = bilinear(original, [height, width], *at));
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
    let (top, left) = (floor(y), floor(x));
    let (down, right) = (y - top as f32, x - left as f32);
    let is_inside = |at: i32, n: usize| at >= 0 && (at as usize) < n;
    let at = |y: i32, x: i32| match is_inside(y, height) && is_inside(x, width) {
        true => pixels[y as usize * width + x as usize],
        false => 0.0,
    };
    let (below, beside) = (top.saturating_add(1), left.saturating_add(1));
    let upper = at(top, left) * (1.0 - right) + at(top, beside) * right;
    let lower = at(below, left) * (1.0 - right) + at(below, beside) * right;
    upper * (1.0 - down) + lower * down
}

/// `value.floor()`, which is a call on processors without an instruction for it.
fn floor(value: f32) -> i32 {
    let toward_zero = value as i32;
    toward_zero.saturating_sub(i32::from(toward_zero as f32 > value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_floor_is_the_floor() {
        let values = (-4000..4000).map(|i| i as f32 * 0.0137);
        for value in values.chain([-3.0, -0.0, 0.0, 7.0, 1e9, -1e9]) {
            assert_eq!(floor(value) as f32, value.floor(), "{value}");
        }
    }

    #[test]
    fn between_pixels_it_interpolates_and_outside_is_black() {
        let pixels = [1.0, 2.0, 3.0, 4.0];
        for (at, expected) in [
            ([0.0, 0.0], 1.0),
            ([0.5, 0.5], 2.5),
            ([1.0, 0.25], 3.25),
            ([-0.5, 0.0], 0.5),
            ([1.75, 1.0], 1.0),
            ([-2.0, 0.0], 0.0),
            ([0.0, 1e12], 0.0),
        ] {
            assert_eq!(bilinear(&pixels, [2, 2], at), expected, "{at:?}");
        }
    }

    #[test]
    fn a_shift_by_whole_pixels_only_moves_them() {
        let shifted = Affine::new(1.0, 0.0, 0.0, [1.0, -1.0]);
        let found = shifted.of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 2, 3]);
        assert_eq!(found, [0.0, 0.0, 0.0, 2.0, 3.0, 0.0]);
    }
}
