//! How sketches differ from training images in offset, thickness and slant.

use crate::data::augment::Augment;
use crate::data::image_set::ImageSet;
use crate::text;

/// Most training images that are measured: their means are off by a hundredth of a pixel.
const MAX_MEASURED: usize = 2_000;
/// Images brighter than this on average, of 255, are not bright ink on black. MNIST has 33, Fashion-MNIST
/// 73, photos more.
const MAX_INK_MEAN: f64 = 96.0;
/// Differences, in pixels and in degrees, below which no augmentation is suggested: those of another
/// training set.
const MIN_OFFSET: f64 = 0.5;
const MIN_SLANT: f64 = 2.0;

/// Means over images of bright ink on black.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InkMean {
    /// The number of images with ink.
    pub n_images: usize,
    /// How far the center of mass is right of the middle and below it, in pixels.
    pub offset: [f64; 2],
    /// The width of the strokes in pixels: twice the area over the perimeter.
    pub thickness: f64,
    /// How far upright strokes lean to the right, in degrees.
    pub slant: f64,
}

impl InkMean {
    /// Measures the images of `set`, or evenly chosen ones of many; `None` if they are not bright ink
    /// on black.
    pub fn of(set: &ImageSet) -> Option<InkMean> {
        let [_, height, width] = set.shape();
        let step = set.len().div_ceil(MAX_MEASURED).max(1);
        let (mut sum, mut brightness, mut n_seen) = (InkMean::default(), 0.0, 0.0);
        for idx in (0..set.len()).step_by(step) {
            let image = set.gray(idx);
            brightness += image.iter().map(|&v| f64::from(v)).sum::<f64>() / image.len() as f64;
            n_seen += 1.0;
            if let Some(ink) = Ink::of(&image, height, width) {
                sum.n_images += 1;
                sum.offset = [sum.offset[0] + ink.offset[0], sum.offset[1] + ink.offset[1]];
                sum.thickness += ink.thickness;
                sum.slant += ink.slant;
            }
        }
        let is_ink = sum.n_images > 0 && brightness / n_seen <= MAX_INK_MEAN;
        let n = sum.n_images as f64;
        is_ink.then(|| InkMean {
            n_images: sum.n_images,
            offset: sum.offset.map(|v| v / n),
            thickness: sum.thickness / n,
            slant: sum.slant / n,
        })
    }
}

/// The ink of one image.
struct Ink {
    offset: [f64; 2],
    thickness: f64,
    slant: f64,
}

impl Ink {
    fn of(image: &[u8], height: usize, width: usize) -> Option<Ink> {
        let value = |x: usize, y: usize| f64::from(image[y * width + x]) / 255.0;
        let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let area: f64 = places().map(|(x, y)| value(x, y)).sum();
        if area < 1.0 {
            return None;
        }
        let mean = |along: fn(usize, usize) -> usize| {
            places()
                .map(|(x, y)| value(x, y) * along(x, y) as f64)
                .sum::<f64>()
                / area
        };
        let [x_mean, y_mean] = [mean(|x, _| x), mean(|_, y| y)];
        let (mut together, mut down) = (0.0, 0.0);
        for (x, y) in places() {
            let [dx, dy] = [x as f64 - x_mean, y as f64 - y_mean];
            together += value(x, y) * dx * dy;
            down += value(x, y) * dy * dy;
        }
        // A flat stroke has no slant; rows count downward.
        let slant = if down > area {
            (-together / down).atan().to_degrees()
        } else {
            0.0
        };
        // By the coarea formula, the sum of all steps is the perimeter in steps along rows and columns,
        // which for directions of all kinds is 4/π of its length.
        let across = places()
            .filter(|(x, _)| *x > 0)
            .map(|(x, y)| value(x, y) - value(x - 1, y));
        let along = places()
            .filter(|(_, y)| *y > 0)
            .map(|(x, y)| value(x, y) - value(x, y - 1));
        let steps: f64 = across.chain(along).map(f64::abs).sum();
        Some(Ink {
            offset: [
                x_mean - (width as f64 - 1.0) / 2.0,
                y_mean - (height as f64 - 1.0) / 2.0,
            ],
            thickness: 2.0 * area / (std::f64::consts::FRAC_PI_4 * steps).max(1.0),
            slant,
        })
    }
}

/// What sets sketches apart from training images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SketchGap {
    /// How much further right and down they lie, in pixels.
    pub offset: [f64; 2],
    /// How much thicker their strokes are, in pixels.
    pub thickness: f64,
    /// How much further they lean to the right, in degrees.
    pub slant: f64,
}

impl SketchGap {
    /// The sketches minus the training images.
    pub fn new(sketches: &InkMean, training: &InkMean) -> SketchGap {
        SketchGap {
            offset: [0, 1].map(|axis| sketches.offset[axis] - training.offset[axis]),
            thickness: sketches.thickness - training.thickness,
            slant: sketches.slant - training.slant,
        }
    }

    /// The difference in one sentence without a full stop.
    pub fn describe(&self) -> String {
        let [right, down] = self.offset;
        format!(
            "your sketches lie {} px further {} and {} px further {} than the training images, their \
             strokes are {} px {}, and they lean {}° more to the {}",
            text::setting(tenths(right)),
            if right < 0.0 { "left" } else { "right" },
            text::setting(tenths(down)),
            if down < 0.0 { "up" } else { "down" },
            text::setting(tenths(self.thickness)),
            if self.thickness < 0.0 {
                "thinner"
            } else {
                "thicker"
            },
            text::setting(tenths(self.slant)),
            if self.slant < 0.0 { "left" } else { "right" },
        )
    }

    /// `augment` with shifts and shears that reach as far as the sketches do. No kind of augmentation
    /// changes the thickness of strokes.
    #[must_use]
    pub fn matched(&self, augment: Augment) -> Augment {
        let [right, down] = self.offset.map(f64::abs);
        let furthest = right.max(down);
        let raised = |old: f64, gap: f64, least: f64| match gap >= least {
            true => old.max((10.0 * gap).ceil() / 10.0),
            false => old,
        };
        Augment {
            shift: raised(augment.shift, furthest, MIN_OFFSET),
            shear: raised(augment.shear, self.slant.abs(), MIN_SLANT),
            ..augment
        }
    }
}

/// The size of a number, in tenths.
fn tenths(value: f64) -> f64 {
    (10.0 * value.abs()).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Upright strokes `width` pixels wide and 20 high, each row moved to the right by `lean` of its
    /// height above the middle, the whole by `shift`.
    fn stroke(width: usize, lean: f64, shift: [isize; 2]) -> ImageSet {
        let mut pixels = vec![0; 28 * 28];
        for row in 0..20 {
            let above = 9.5 - row as f64;
            for column in 0..width {
                let left = 14.0 - width as f64 / 2.0 + lean * above;
                let x = left.round() as isize + column as isize + shift[0];
                let y = row as isize + 4 + shift[1];
                pixels[(y * 28 + x) as usize] = 255;
            }
        }
        ImageSet::new([1, 28, 28], pixels, vec![0]).unwrap()
    }

    fn gap(sketch: &ImageSet, training: &ImageSet) -> SketchGap {
        SketchGap::new(
            &InkMean::of(sketch).unwrap(),
            &InkMean::of(training).unwrap(),
        )
    }

    #[test]
    fn offset_thickness_and_slant_are_in_pixels_and_degrees() {
        let plain = InkMean::of(&stroke(2, 0.0, [0, 0])).unwrap();
        assert_eq!(
            (plain.n_images, plain.offset, plain.slant),
            (1, [0.0, 0.0], 0.0)
        );
        let moved = gap(&stroke(2, 0.0, [3, -2]), &stroke(2, 0.0, [0, 0]));
        assert_eq!(
            (moved.offset, moved.thickness, moved.slant),
            ([3.0, -2.0], 0.0, 0.0)
        );
        let thicker = gap(&stroke(4, 0.0, [0, 0]), &stroke(2, 0.0, [0, 0]));
        assert!((1.5..2.5).contains(&thicker.thickness), "{thicker:?}");
        let leaning = gap(&stroke(2, 0.2, [0, 0]), &stroke(2, 0.0, [0, 0]));
        assert!(
            (leaning.slant - 0.2f64.atan().to_degrees()).abs() < 0.5,
            "{leaning:?}"
        );
    }

    #[test]
    fn augmentation_reaches_the_gap_and_is_never_lowered() {
        let gap = SketchGap {
            offset: [-1.23, 0.2],
            thickness: 3.0,
            slant: -6.01,
        };
        let matched = gap.matched(Augment::default());
        assert_eq!((matched.shift, matched.shear), (1.3, 6.1));
        let more = Augment {
            shift: 4.0,
            shear: 20.0,
            ..Augment::default()
        };
        assert_eq!(gap.matched(more), more);
        let none = SketchGap {
            offset: [0.4, 0.0],
            slant: 1.9,
            ..gap
        };
        assert!(none.matched(Augment::default()).is_off());
    }

    #[test]
    fn photos_are_no_ink() {
        let bright = ImageSet::new([1, 8, 8], vec![140; 64], vec![0]).unwrap();
        assert_eq!(InkMean::of(&bright), None);
        let blank = ImageSet::new([1, 8, 8], vec![0; 64], vec![0]).unwrap();
        assert_eq!(InkMean::of(&blank), None);
    }
}
