//! Separating ink from paper in a picture.

use super::sketch::GrayImage;
use crate::stats::median;

/// Contrast below this many gray levels is paper, not ink, in a JPEG, which rings.
const MIN_JPEG_CONTRAST: f32 = 16.0;
/// Elsewhere ink is what exceeds the noise this many times: six standard deviations of it, which
/// noise alone does not reach, or a single gray level without any noise.
const MIN_NOISE_RATIO: f32 = 1.5;
/// Noise this many standard deviations from the background counts as background.
const NOISE_SIGMAS: f32 = 4.0;
/// JPEG rings around strokes; contrast up to this share of the ink's is taken for ringing.
const RINGING: f32 = 0.06;
/// A blot with less than this share of all ink is a speck of dust or noise.
const MIN_BLOT: f32 = 0.005;

/// Returns bright ink on black from brightness (`size` is height, width; values 0 to 255).
///
/// The background is fitted to the border, as a plane, to allow for uneven lighting. Ink is what
/// stands out from it, darker or brighter, whichever stands out more; its strongest parts become
/// 255.
pub(super) fn ink_from_luma(luma: &[f32], size: [usize; 2], is_jpeg: bool) -> GrayImage {
    let [height, width] = size;
    let background = Background::of_border(luma, size);
    let from_background = |(i, &value): (usize, &f32)| value - background.plane.at(place(i, size));
    let mut contrast: Vec<f32> = luma.iter().enumerate().map(from_background).collect();

    // At least half a level, for rounding.
    let noise = (NOISE_SIGMAS * background.sigma).max(0.5);
    if is_dark_on_light(&contrast, noise) {
        contrast.iter_mut().for_each(|value| *value = -*value);
    }
    let full = full_ink(&contrast, noise);
    let floor = if is_jpeg {
        noise.max(RINGING * full)
    } else {
        noise
    };
    let min_contrast = if is_jpeg {
        MIN_JPEG_CONTRAST
    } else {
        MIN_NOISE_RATIO * noise
    };
    let ink_of = |&value: &f32| {
        if value > floor && full >= min_contrast {
            (value / full * 255.0).round().min(255.0) as u8
        } else {
            0
        }
    };
    let mut image = GrayImage {
        width,
        height,
        pixels: contrast.iter().map(ink_of).collect(),
    };
    remove_specks(&mut image);
    image
}

/// Coordinates of pixel `i` of an image, from −1 to 1, across and down.
fn place(i: usize, [height, width]: [usize; 2]) -> [f32; 2] {
    let unit = |at: usize, extent: usize| (2 * at + 1) as f32 / extent as f32 - 1.0;
    [unit(i % width, width), unit(i / width, height)]
}

/// `level + across · x + down · y`
#[derive(Clone, Copy, Default)]
struct Plane {
    level: f32,
    across: f32,
    down: f32,
}

impl Plane {
    fn at(self, [x, y]: [f32; 2]) -> f32 {
        self.level + self.across * x + self.down * y
    }
}

/// The brightness of the paper and its scatter.
struct Background {
    plane: Plane,
    sigma: f32,
}

impl Background {
    /// Fits the background to the outermost twentieth of the image on each side. Ink that reaches
    /// the border is dropped as an outlier, as long as it covers less than half of it.
    fn of_border(luma: &[f32], size: [usize; 2]) -> Background {
        let [height, width] = size;
        let depth = height.min(width).div_ceil(20);
        let is_border = |i: usize| {
            let (x, y) = (i % width, i / width);
            x.min(width - 1 - x).min(y).min(height - 1 - y) < depth
        };
        let border: Vec<([f32; 2], f32)> = (0..luma.len())
            .filter(|&i| is_border(i))
            .map(|i| (place(i, size), luma[i]))
            .collect();

        let mut plane = Plane {
            level: median_of(border.iter().map(|&(_, value)| value)),
            ..Plane::default()
        };
        let mut sigma = scatter(&border, plane);
        for _ in 0..3 {
            let near = |&(at, value): &([f32; 2], f32)| {
                (value - plane.at(at)).abs() <= 3.0 * sigma.max(1.0)
            };
            let inliers: Vec<_> = border.iter().copied().filter(near).collect();
            plane = refit(&inliers, plane);
            sigma = scatter(&border, plane);
        }
        Background { plane, sigma }
    }
}

/// The standard deviation of the samples from the plane, from their median absolute deviation
/// (times 1.4826 for a normal distribution), which ink at the border hardly affects.
fn scatter(samples: &[([f32; 2], f32)], plane: Plane) -> f32 {
    let deviation = |&(at, value): &([f32; 2], f32)| (value - plane.at(at)).abs();
    1.4826 * median_of(samples.iter().map(deviation))
}

/// The median; 0 without values.
fn median_of(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f64> = values.map(f64::from).collect();
    median(&mut values).unwrap_or(0.0) as f32
}

/// Moves the plane toward the samples, one coefficient after the other (Gauss-Seidel): around a
/// border the three are nearly independent, so a few rounds suffice, and nothing is ever singular.
fn refit(samples: &[([f32; 2], f32)], mut plane: Plane) -> Plane {
    let moved = |plane: Plane, along: fn([f32; 2]) -> f32| {
        let (mut error, mut weight) = (0.0f64, 1e-6f64);
        for &(at, value) in samples {
            error += f64::from(along(at) * (value - plane.at(at)));
            weight += f64::from(along(at) * along(at));
        }
        (error / weight) as f32
    };
    for _ in 0..8 {
        plane.level += moved(plane, |_| 1.0);
        plane.across += moved(plane, |[x, _]| x);
        plane.down += moved(plane, |[_, y]| y);
    }
    plane
}

/// Whether more stands out below the background than above it. Uses squares, so that a few strong
/// strokes outweigh a wide faint shadow.
fn is_dark_on_light(contrast: &[f32], noise: f32) -> bool {
    let outstanding = contrast.iter().filter(|value| value.abs() > noise);
    outstanding
        .map(|&value| f64::from(value * value.abs()))
        .sum::<f64>()
        < 0.0
}

/// The contrast of full ink: the 98th percentile of the ink. With the maximum, a single glint would
/// make everything else pale.
fn full_ink(contrast: &[f32], noise: f32) -> f32 {
    let mut ink: Vec<f32> = contrast
        .iter()
        .copied()
        .filter(|&value| value > noise)
        .collect();
    if ink.is_empty() {
        return 0.0;
    }
    let rank = ink.len() * 49 / 50;
    *ink.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// Blackens every connected blot (corners connect too) with next to no ink: one of them in a far
/// corner would change the size of the digit.
fn remove_specks(image: &mut GrayImage) {
    let all = mass(image, 0..image.pixels.len());
    for blot in blots(image) {
        if mass(image, blot.iter().copied()) < MIN_BLOT * all {
            for i in blot {
                image.pixels[i] = 0;
            }
        }
    }
}

/// The sum of some pixels.
fn mass(image: &GrayImage, indices: impl Iterator<Item = usize>) -> f32 {
    indices.map(|i| f32::from(image.pixels[i])).sum()
}

/// The connected blots of ink (corners connect too), as indices of their pixels.
pub(super) fn blots(image: &GrayImage) -> Vec<Vec<usize>> {
    let mut is_seen: Vec<bool> = image.pixels.iter().map(|&pixel| pixel == 0).collect();
    let mut found = Vec::new();
    for start in 0..image.pixels.len() {
        if !is_seen[start] {
            found.push(blot_at(start, image, &mut is_seen));
        }
    }
    found
}

/// All pixels connected with `start` that were not visited yet.
fn blot_at(start: usize, image: &GrayImage, is_seen: &mut [bool]) -> Vec<usize> {
    let (width, height) = (image.width, image.height);
    is_seen[start] = true;
    let mut blot = vec![start];
    let mut next = 0;
    while let Some(&i) = blot.get(next) {
        next += 1;
        let (x, y) = (i % width, i / width);
        for y in y.saturating_sub(1)..(y + 2).min(height) {
            for x in x.saturating_sub(1)..(x + 2).min(width) {
                let neighbor = y * width + x;
                if !std::mem::replace(&mut is_seen[neighbor], true) {
                    blot.push(neighbor);
                }
            }
        }
    }
    blot
}
