//! Thinning ink whose strokes are too wide for its size.
//!
//! The pen keeps its width, so a digit drawn small becomes, enlarged to the frame, one whose loops
//! are nearly closed, and an 8 to any network that learned MNIST.

use super::{GrayImage, ink_box};

/// Width of the widest strokes that are left, as a share of the ink's longer side. Measured as here,
/// MNIST's median is 0.115, and 95 % of its digits have strokes thinner than this.
const MAX_WIDTH: f32 = 0.18;

/// Ink that is wider than this is not strokes but a solid shape.
const SOLID: f32 = 0.33;

/// Width in pixels below which a stroke cannot be thinned by parts of its width.
const MIN_PIXELS: f32 = 8.0;

/// The ink with thinner strokes, if they are much wider than MNIST's for its size.
pub(super) fn thinned(image: &GrayImage) -> Option<GrayImage> {
    let [rows, columns] = ink_box(image)?;
    let longer_side = rows.len.max(columns.len) as f32;
    let distances = distances(image);
    let width = stroke_width(&distances);
    if width < MIN_PIXELS || !(MAX_WIDTH..SOLID).contains(&(width / longer_side)) {
        return None;
    }
    // Thinning shortens the ink as well: (width - 2 t) / (longer side - 2 t) = MAX_WIDTH.
    let depth = (width - MAX_WIDTH * longer_side) / (2.0 * (1.0 - MAX_WIDTH));
    let coverage = |distance: f32| (distance - depth).clamp(0.0, 1.0);
    let inked = image.pixels.iter().zip(&distances);
    let pixels: Vec<u8> = inked
        .map(|(&pixel, &distance)| (f32::from(pixel) * coverage(distance)).round() as u8)
        .collect();
    let is_left = pixels.iter().any(|&pixel| pixel > 0);
    is_left.then_some(GrayImage { pixels, ..*image })
}

/// Mean width of the strokes, in pixels: across a stroke, the distance to its edge is a quarter of
/// the width on average.
fn stroke_width(distances: &[f32]) -> f32 {
    let inked = distances.iter().filter(|&&distance| distance > 0.0);
    let (n, sum) = inked.fold((0u32, 0.0), |(n, sum), distance| (n + 1, sum + distance));
    // From pixel to pixel; the edge is half a pixel before the first.
    4.0 * (sum / n.max(1) as f32 - 0.5).max(0.0)
}

/// Distance of each pixel of ink from the nearest pixel without, 0 there. Chamfer distances
/// (Borgefors 1986, steps of 3 and 4): at most 8 % off.
fn distances(image: &GrayImage) -> Vec<f32> {
    let (width, height) = (image.width, image.height);
    let half = image
        .pixels
        .iter()
        .max()
        .map_or(0, |brightest| brightest / 2);
    let far = 3 * (width + height) as u32;
    let start = |&pixel: &u8| if pixel > half { far } else { 0 };
    let mut steps: Vec<u32> = image.pixels.iter().map(start).collect();
    let at = |steps: &[u32], x: Option<usize>, y: Option<usize>| match (x, y) {
        (Some(x), Some(y)) if x < width && y < height => steps[y * width + x],
        _ => 0,
    };
    for y in 0..height {
        for x in 0..width {
            let (left, above) = (x.checked_sub(1), y.checked_sub(1));
            let near = at(&steps, left, Some(y)).min(at(&steps, Some(x), above)) + 3;
            let diagonal = at(&steps, left, above).min(at(&steps, Some(x + 1), above)) + 4;
            let pixel = &mut steps[y * width + x];
            *pixel = near.min(diagonal).min(*pixel);
        }
    }
    for y in (0..height).rev() {
        for x in (0..width).rev() {
            let (right, below) = (Some(x + 1), Some(y + 1));
            let near = at(&steps, right, Some(y)).min(at(&steps, Some(x), below)) + 3;
            let diagonal = at(&steps, right, below).min(at(&steps, x.checked_sub(1), below)) + 4;
            let pixel = &mut steps[y * width + x];
            *pixel = near.min(diagonal).min(*pixel);
        }
    }
    steps.into_iter().map(|steps| steps as f32 / 3.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a ring of ink, `width` wide.
    fn ring(radius: f32, width: f32) -> GrayImage {
        let side = 100;
        let ink = |i: usize| {
            let (x, y) = ((i % side) as f32 - 50.0, (i / side) as f32 - 50.0);
            let inside = width / 2.0 - (x.hypot(y) - radius).abs();
            (255.0 * (inside + 0.5).clamp(0.0, 1.0)) as u8
        };
        GrayImage {
            width: side,
            height: side,
            pixels: (0..side * side).map(ink).collect(),
        }
    }

    #[test]
    fn the_width_of_a_stroke_is_measured() {
        for width in [5.0, 10.0, 16.0] {
            let found = stroke_width(&distances(&ring(30.0, width)));
            assert!(
                (found - width).abs() < 0.1 * width + 0.7,
                "{width}: {found}"
            );
        }
    }

    #[test]
    fn wide_strokes_are_thinned_and_their_loops_open() {
        let wide = ring(20.0, 14.0);
        let thin = thinned(&wide).unwrap();
        let width = stroke_width(&distances(&thin));
        let [rows, _] = ink_box(&thin).unwrap();
        let share = width / rows.len as f32;
        assert!((share - MAX_WIDTH).abs() < 0.05, "{share}");
        let n_ink = |image: &GrayImage| image.pixels.iter().filter(|&&p| p > 127).count();
        assert!(4 * n_ink(&thin) < 3 * n_ink(&wide));
        // The middle of the stroke is still there.
        assert_eq!(thin.pixels[50 * 100 + 70], 255);
    }

    #[test]
    fn a_digit_like_mnists_and_a_solid_shape_are_left_alone() {
        assert!(thinned(&ring(40.0, 10.0)).is_none());
        assert!(thinned(&ring(0.0, 60.0)).is_none());
    }
}
