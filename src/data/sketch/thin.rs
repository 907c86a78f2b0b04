//! Thinning ink whose strokes are too wide for its size.
//!
//! The pen keeps its width, so a digit drawn small becomes, enlarged to the frame, one whose loops
//! are nearly closed, and an 8 to any network that learned MNIST.

use crate::data::resample::GrayImage;

/// Width of the widest strokes that are left, as a share of the ink's longer side. Measured as here,
/// MNIST's median is 0.115, and 95 % of its digits have strokes thinner than this.
const MAX_WIDTH: f32 = 0.18;

/// Ink that is wider than this is not strokes but a solid shape.
const SOLID: f32 = 0.33;

/// Width in pixels below which a stroke cannot be thinned by parts of its width.
const MIN_PIXELS: f32 = 8.0;

/// The ink with thinner strokes, if they are much wider than MNIST's for its size: `longer_side`, in
/// pixels.
pub(super) fn thinned(image: &GrayImage, longer_side: f32) -> Option<GrayImage> {
    let is_ink = Ink::new(image);
    // Most strokes are thin, which is told in a tenth of the time.
    if is_ink.rough_width() < 0.7 * MAX_WIDTH * longer_side {
        return None;
    }
    let distances = is_ink.distances();
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

/// Which pixels of an image are ink: brighter than half of its brightest.
struct Ink<'i> {
    image: &'i GrayImage,
    half: u8,
}

impl Ink<'_> {
    fn new(image: &GrayImage) -> Ink<'_> {
        let brightest = image.pixels.iter().max().copied().unwrap_or(0);
        Ink {
            image,
            half: brightest / 2,
        }
    }

    /// About the mean width of the strokes, in pixels: twice the area over the perimeter, which is
    /// π/4 of the steps between ink and background along rows and columns.
    fn rough_width(&self) -> f32 {
        let is_ink = |pixel: u8| u32::from(pixel > self.half);
        let lines = || self.image.pixels.chunks_exact(self.image.width.max(1));
        let differing = |a: &[u8], b: &[u8]| -> u32 {
            let pairs = a.iter().zip(b);
            pairs.map(|(&a, &b)| is_ink(a) ^ is_ink(b)).sum()
        };
        let area: u32 = self.image.pixels.iter().map(|&pixel| is_ink(pixel)).sum();
        let across: u32 = lines().map(|line| differing(line, &line[1..])).sum();
        let down: u32 = lines()
            .zip(lines().skip(1))
            .map(|(a, b)| differing(a, b))
            .sum();
        let perimeter = std::f32::consts::FRAC_PI_4 * (across + down) as f32;
        2.0 * area as f32 / perimeter.max(1.0)
    }

    /// Distance of each pixel of ink from the nearest pixel without, 0 there. Chamfer distances
    /// (Borgefors 1986, steps of 3 and 4): at most 8 % off.
    fn distances(&self) -> Vec<f32> {
        let (width, height) = (self.image.width, self.image.height);
        // With a border of background.
        let stride = width + 2;
        let far = u16::try_from(3 * (width + height)).unwrap_or(u16::MAX - 4);
        let mut steps = vec![0u16; stride * (height + 2)];
        let lines = self.image.pixels.chunks_exact(width.max(1));
        for (line, steps) in lines.zip(steps[stride..].chunks_exact_mut(stride)) {
            for (&pixel, step) in line.iter().zip(&mut steps[1..]) {
                *step = if pixel > self.half { far } else { 0 };
            }
        }
        let nearest = |steps: &[u16], straight: [usize; 2], diagonal: [usize; 2]| {
            let [a, b] = straight.map(|at| steps[at] + 3);
            let [c, d] = diagonal.map(|at| steps[at] + 4);
            a.min(b).min(c).min(d)
        };
        let inside = |y: usize| (y + 1) * stride + 1..(y + 1) * stride + 1 + width;
        for y in 0..height {
            for at in inside(y) {
                let above = at - stride;
                let near = nearest(&steps, [at - 1, above], [above - 1, above + 1]);
                steps[at] = steps[at].min(near);
            }
        }
        for y in (0..height).rev() {
            for at in inside(y).rev() {
                let below = at + stride;
                let near = nearest(&steps, [at + 1, below], [below - 1, below + 1]);
                steps[at] = steps[at].min(near);
            }
        }
        let rows = steps[stride..].chunks_exact(stride).take(height);
        let inked = rows.flat_map(|row| &row[1..=width]);
        inked.map(|&steps| f32::from(steps) / 3.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sketch::ink_box;

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
            let found = stroke_width(&Ink::new(&ring(30.0, width)).distances());
            assert!(
                (found - width).abs() < 0.1 * width + 0.7,
                "{width}: {found}"
            );
        }
    }

    #[test]
    fn wide_strokes_are_thinned_and_their_loops_open() {
        let wide = ring(20.0, 14.0);
        let thin = thinned(&wide, 54.0).unwrap();
        let width = stroke_width(&Ink::new(&thin).distances());
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
        assert!(thinned(&ring(40.0, 10.0), 90.0).is_none());
        assert!(thinned(&ring(0.0, 60.0), 60.0).is_none());
    }
}
