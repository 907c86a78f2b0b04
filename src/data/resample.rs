//! Resizing of gray images.

/// A picture of ink: bright strokes on black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrayImage {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `[height, width]`; 0 is background, 255 full ink.
    pub pixels: Vec<u8>,
}

/// An interval on one axis of an image, in pixels from its first edge; may reach outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub start: f64,
    pub len: f64,
}

impl Stretch {
    /// The interval that `target` pixels show, if `n` of them show this one, after `offset` others.
    pub fn frame(self, n: usize, offset: usize, target: usize) -> Stretch {
        let step = self.len / n as f64;
        Stretch {
            start: self.start - offset as f64 * step,
            len: target as f64 * step,
        }
    }
}

/// Resizes the part `rows` × `columns` of an image to `size` (height, width).
///
/// Shrinking averages the area that each new pixel covers, to the fraction of a pixel, so that no
/// thin stroke falls between two samples; enlarging interpolates linearly; at the same size on the
/// same grid, nothing changes. Outside the image is black.
pub(super) fn resample(
    image: &GrayImage,
    rows: Stretch,
    columns: Stretch,
    size: [usize; 2],
) -> Vec<f32> {
    let column_taps = taps(columns, size[1], image.width);
    let row_taps = taps(rows, size[0], image.height);
    apply(image, &row_taps, &column_taps)
}

/// Like [`resample`] for a part inside the image, but what is enlarged keeps its edges: they are
/// not mixed with the black outside.
pub(super) fn resample_inside(
    image: &GrayImage,
    rows: Stretch,
    columns: Stretch,
    size: [usize; 2],
) -> Vec<f32> {
    let normalized = |mut all: Vec<Taps>| {
        for taps in &mut all {
            let sum = taps.weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            taps.weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        all
    };
    let column_taps = normalized(taps(columns, size[1], image.width));
    let row_taps = normalized(taps(rows, size[0], image.height));
    apply(image, &row_taps, &column_taps)
}

fn apply(image: &GrayImage, row_taps: &[Taps], column_taps: &[Taps]) -> Vec<f32> {
    let (height, width) = (row_taps.len(), column_taps.len());

    // Only the rows that are needed.
    let first = row_taps.first().map_or(0, |taps| taps.first);
    let end = row_taps
        .last()
        .map_or(0, |taps| taps.first + taps.weights.len());
    let mut narrowed = Vec::with_capacity((end - first) * width);
    for y in first..end {
        let line = &image.pixels[y * image.width..][..image.width];
        narrowed.extend(
            column_taps
                .iter()
                .map(|taps| taps.apply(|x| f32::from(line[x]))),
        );
    }
    let mut result = Vec::with_capacity(height * width);
    for taps in row_taps {
        let value = |x| taps.apply(|y| narrowed[(y - first) * width + x]);
        result.extend((0..width).map(value));
    }
    result
}

/// The pixels along one axis that make up one new pixel: the first, and the weight of each.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    fn apply(&self, pixel: impl Fn(usize) -> f32) -> f32 {
        let weighted = self.weights.iter().enumerate();
        weighted.map(|(i, w)| w * pixel(self.first + i)).sum()
    }
}

/// The taps of each of `n` new pixels along `stretch`, on an axis of `extent` pixels.
fn taps(stretch: Stretch, n: usize, extent: usize) -> Vec<Taps> {
    let step = stretch.len / n as f64;
    // For enlarging, a window of one pixel around the middle is linear interpolation.
    let window = step.max(1.0);
    let taps_of = |i: usize| {
        let middle = stretch.start + (i as f64 + 0.5) * step;
        let (low, high) = (middle - window / 2.0, middle + window / 2.0);
        let first = low.floor().clamp(0.0, extent as f64) as usize;
        let end = high.ceil().clamp(first as f64, extent as f64) as usize;
        let overlap = |pixel: usize| {
            let pixel = pixel as f64;
            (((pixel + 1.0).min(high) - pixel.max(low)).max(0.0) / window) as f32
        };
        Taps {
            first,
            weights: (first..end).map(overlap).collect(),
        }
    };
    (0..n).map(taps_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, pixels: &[u8]) -> GrayImage {
        GrayImage {
            width,
            height: pixels.len() / width,
            pixels: pixels.to_vec(),
        }
    }

    fn whole(len: usize) -> Stretch {
        Stretch {
            start: 0.0,
            len: len as f64,
        }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let source = image(3, &[1, 2, 3, 250, 251, 255]);
        let out = resample(&source, whole(2), whole(3), [2, 3]);
        assert_eq!(out, [1.0, 2.0, 3.0, 250.0, 251.0, 255.0]);
    }

    #[test]
    fn shrinking_averages_also_fractions_of_pixels() {
        let source = image(3, &[30, 60, 90]);
        let out = resample(&source, whole(1), whole(3), [1, 2]);
        // 1.5 pixels each: 30 and half of 60; half of 60 and 90.
        assert_eq!(out, [40.0, 80.0]);
    }

    #[test]
    fn enlarging_interpolates() {
        let source = image(2, &[0, 100]);
        let stretch = Stretch {
            start: 0.5,
            len: 1.0,
        };
        let out = resample(&source, whole(1), stretch, [1, 4]);
        assert_eq!(out, [12.5, 37.5, 62.5, 87.5]);
    }

    #[test]
    fn outside_is_black() {
        let source = image(1, &[200]);
        let rows = Stretch {
            start: -1.0,
            len: 3.0,
        };
        assert_eq!(resample(&source, rows, whole(1), [3, 1]), [0.0, 200.0, 0.0]);
    }
}
