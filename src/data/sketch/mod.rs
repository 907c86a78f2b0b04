//! From a sketch of any size to the input of a network, preprocessed like MNIST (LeCun, Cortes and
//! Burges, the MNIST page): the digit is scaled, keeping its aspect ratio, to fit a box of 20×20
//! pixels, and the box is placed in the 28×28 image with the digit's center of mass in the middle.

mod thin;

use thin::thinned;

use super::resample::{Stretch, resample};

pub use super::resample::GrayImage;

/// Share of the target's side that the ink's longer side fills: MNIST's 20 of 28.
const INK_SHARE: f64 = 20.0 / 28.0;
/// Fainter pixels, of 255, are not ink but remains of something erased.
const FAINTEST_INK: u8 = 16;
/// The ink ends where it is fainter than this share of its brightest pixel. Measured: with less,
/// the soft edge of an enlarged digit counts as ink and the digit comes out smaller than MNIST's;
/// with more, a digit of MNIST's size loses its faint outermost pixels.
const EDGE: f32 = 0.2;

/// Returns the sketch as an image of `target` size (height, width), or `None` without ink.
///
/// The ink is cropped, scaled (keeping its aspect ratio) to fill 20/28 of the target, and placed
/// with its center of mass at the target's center, as near as whole pixels allow and without
/// cutting any of it off. A stroke so thin that scaling made it pale is brightened again; strokes much
/// wider than MNIST's for the size of the ink are thinned first.
///
/// # Panics
/// If the image has fewer pixels than its width and height imply.
pub fn center_sketch(image: &GrayImage, target: [usize; 2]) -> Option<Vec<u8>> {
    Some(Centered::new(image, target)?.placed())
}

/// The part of a sketch that [`center_sketch`] shows: its rows and columns, which may reach outside.
pub(super) fn center_frame(image: &GrayImage, target: [usize; 2]) -> Option<[Stretch; 2]> {
    Some(Centered::new(image, target)?.frame())
}

/// The ink of a sketch, and where in the target it is placed.
struct Centered {
    /// The ink in the size it has in the target.
    ink: Vec<f32>,
    size: [usize; 2],
    /// Rows above it and columns left of it.
    offset: [usize; 2],
    /// The rows and columns of the sketch that it comes from.
    from: [Stretch; 2],
    target: [usize; 2],
}

impl Centered {
    fn new(image: &GrayImage, target: [usize; 2]) -> Option<Centered> {
        if target.contains(&0) {
            return None;
        }
        let [rows, columns] = ink_box(image)?;
        let thinned = thinned(image, rows.len.max(columns.len) as f32);
        let image = thinned.as_ref().unwrap_or(image);
        let [rows, columns] = match &thinned {
            Some(thinned) => ink_box(thinned)?,
            None => [rows, columns],
        };
        let fit = |target: usize, ink: Stretch| INK_SHARE * target as f64 / ink.len;
        let scale = fit(target[0], rows).min(fit(target[1], columns));
        let (rows, height) = on_grid(rows, scale, target[0]);
        let (columns, width) = on_grid(columns, scale, target[1]);
        let ink = resample(image, rows, columns, [height, width]);
        Some(Centered {
            offset: offset(&ink, [height, width], target),
            ink,
            size: [height, width],
            from: [rows, columns],
            target,
        })
    }

    /// The ink on a black target.
    fn placed(&self) -> Vec<u8> {
        let ([_, width], [top, left]) = (self.size, self.offset);
        let brightest = self.ink.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let mut pixels = vec![0; self.target[0] * self.target[1]];
        for (y, line) in self.ink.chunks_exact(width).enumerate() {
            for (x, &value) in line.iter().enumerate() {
                let pixel = (value * 255.0 / brightest).round() as u8;
                pixels[(top + y) * self.target[1] + left + x] = pixel;
            }
        }
        pixels
    }

    fn frame(&self) -> [Stretch; 2] {
        let along = |axis: usize| {
            let (n, offset) = (self.size[axis], self.offset[axis]);
            self.from[axis].frame(n, offset, self.target[axis])
        };
        [0, 1].map(along)
    }
}

/// The rows and columns of the ink of an image; `None` without any.
pub(super) fn ink_box(image: &GrayImage) -> Option<[Stretch; 2]> {
    let brightest = *image.pixels.iter().max()?;
    if brightest < FAINTEST_INK || image.width == 0 {
        return None;
    }
    box_above(image, (f32::from(brightest) * EDGE) as u8)
}

/// The rows and columns that hold all pixels brighter than `edge`.
fn box_above(image: &GrayImage, edge: u8) -> Option<[Stretch; 2]> {
    let mut rows = [usize::MAX, 0];
    let mut columns = [usize::MAX, 0];
    for (y, line) in image.pixels.chunks_exact(image.width).enumerate() {
        let mut inked = line.iter().map(|&pixel| pixel > edge);
        if let Some(first) = inked.clone().position(|is_ink| is_ink) {
            let last = inked.rposition(|is_ink| is_ink).unwrap_or(first);
            columns = [columns[0].min(first), columns[1].max(last)];
            rows = [rows[0].min(y), y];
        }
    }
    let stretch = |[first, last]: [usize; 2]| Stretch {
        start: first as f64,
        len: (last + 1 - first) as f64,
    };
    (rows[0] != usize::MAX).then(|| [stretch(rows), stretch(columns)])
}

/// The number of whole pixels that `ink` takes at `scale`, and `ink` extended at its end to fill
/// them. Its start stays on the grid, as in MNIST's digits, so that such a digit is unchanged.
fn on_grid(ink: Stretch, scale: f64, target: usize) -> (Stretch, usize) {
    // Slightly less, or 20.000001 would become 21.
    let n = ((ink.len * scale - 1e-6).ceil() as usize).clamp(1, target);
    let len = n as f64 / scale;
    (Stretch { len, ..ink }, n)
}

/// Rows above and columns left of `ink` of `size` that bring its center of mass to the middle of
/// `target`.
fn offset(ink: &[f32], size: [usize; 2], target: [usize; 2]) -> [usize; 2] {
    let [height, width] = size;
    let mass = ink.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    let moment = |along: fn(usize, usize) -> usize| {
        let weighted = ink.iter().enumerate();
        weighted
            .map(|(i, &v)| v * along(i, width) as f32)
            .sum::<f32>()
            / mass
    };
    // In MNIST the centers of mass are from pixel 13.5 to 14.5. The small bias decides for 13.5,
    // the true middle, where a symmetric shape could go either way.
    let offset = |center: f32, n: usize, target: usize| {
        let wanted = (target / 2) as f32 - center;
        let wanted = (wanted - 0.501).ceil().max(0.0) as usize;
        wanted.min(target.saturating_sub(n))
    };
    [
        offset(moment(|i, width| i / width), height, target[0]),
        offset(moment(|i, width| i % width), width, target[1]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with one black-edged rectangle of ink of brightness `ink`.
    fn page(side: [usize; 2], top_left: [usize; 2], size: [usize; 2], ink: u8) -> GrayImage {
        let [height, width] = side;
        let is_ink = |i: usize| {
            let (y, x) = (i / width, i % width);
            (top_left[0]..top_left[0] + size[0]).contains(&y)
                && (top_left[1]..top_left[1] + size[1]).contains(&x)
        };
        GrayImage {
            width,
            height,
            pixels: (0..height * width)
                .map(|i| if is_ink(i) { ink } else { 0 })
                .collect(),
        }
    }

    /// First row, first column, rows and columns of the pixels brighter than half.
    fn inked(pixels: &[u8], target: [usize; 2]) -> [usize; 4] {
        let image = GrayImage {
            width: target[1],
            height: target[0],
            pixels: pixels.to_vec(),
        };
        let [rows, columns] = box_above(&image, 127).unwrap();
        [rows.start, columns.start, rows.len, columns.len].map(|value| value as usize)
    }

    #[test]
    fn without_ink_there_is_no_image() {
        assert_eq!(
            center_sketch(&page([9, 9], [0, 0], [0, 0], 0), [28, 28]),
            None
        );
        assert_eq!(
            center_sketch(&page([9, 9], [2, 2], [4, 4], 15), [28, 28]),
            None
        );
        assert_eq!(
            center_sketch(&page([0, 0], [0, 0], [0, 0], 0), [28, 28]),
            None
        );
    }

    #[test]
    fn the_longer_side_fills_20_of_28_wherever_the_ink_is() {
        for top_left in [[0, 0], [17, 140], [180, 240]] {
            let sketch = page([280, 280], top_left, [100, 40], 255);
            let out = center_sketch(&sketch, [28, 28]).unwrap();
            assert_eq!(inked(&out, [28, 28]), [4, 10, 20, 8], "{top_left:?}");
        }
    }

    #[test]
    fn other_targets_keep_the_share_and_the_aspect() {
        let sketch = page([100, 100], [50, 10], [30, 60], 255);
        for (target, expected) in [
            ([56, 56], [18, 8, 20, 40]),
            ([14, 14], [5, 2, 5, 10]),
            ([28, 56], [4, 8, 20, 40]),
            ([56, 28], [23, 4, 10, 20]),
        ] {
            let out = center_sketch(&sketch, target).unwrap();
            assert_eq!(out.len(), target[0] * target[1]);
            assert_eq!(inked(&out, target), expected, "{target:?}");
        }
        assert_eq!(center_sketch(&sketch, [1, 1]).unwrap(), [255]);
    }

    #[test]
    fn a_sketch_too_small_is_enlarged() {
        let out = center_sketch(&page([28, 28], [3, 3], [5, 5], 255), [28, 28]).unwrap();
        let [_, _, rows, columns] = inked(&out, [28, 28]);
        assert_eq!([rows, columns], [20, 20]);
    }

    #[test]
    fn a_dot_and_a_hairline_are_full_ink() {
        for size in [[1, 1], [200, 1], [1, 200]] {
            let out = center_sketch(&page([280, 280], [40, 40], size, 255), [28, 28]).unwrap();
            assert_eq!(out.iter().max(), Some(&255), "{size:?}");
        }
    }

    #[test]
    fn heavy_ink_is_centered_and_its_tail_is_not_cut_off() {
        let mut sketch = page([280, 280], [10, 10], [60, 60], 255);
        for x in 70..250 {
            sketch.pixels[40 * 280 + x] = 255;
            sketch.pixels[41 * 280 + x] = 255;
            sketch.pixels[42 * 280 + x] = 255;
        }
        let out = center_sketch(&sketch, [28, 28]).unwrap();
        let image = GrayImage {
            width: 28,
            height: 28,
            pixels: out,
        };
        let [_, columns] = box_above(&image, 20).unwrap();
        assert_eq!((columns.start, columns.len), (8.0, 20.0));
    }
}
