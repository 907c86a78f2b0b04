//! Augmentation of pixel values: brightness, random erasing, noise.

use rand::Rng as _;
use rand_distr::StandardNormal;

use super::{AugmentKind, Dice};

/// Multiplies all pixels by one number from 1 − `strength` to 1 + `strength`.
pub(super) fn brighten(image: &mut [f32], strength: f64, dice: &Dice) {
    if strength == 0.0 {
        return;
    }
    let mut rng = dice.of(AugmentKind::Brightness);
    let factor = (1.0 + rng.random_range(-strength..=strength)) as f32;
    image.iter_mut().for_each(|x| *x = (*x * factor).min(1.0));
}

/// Smallest share of the area to erase.
const MIN_AREA: f64 = 0.02;

/// Fills a rectangle of up to `strength` of the area with one gray, in half of the images
/// (Zhong et al. 2020: Random erasing data augmentation).
pub(super) fn erase(image: &mut [f32], shape: [usize; 3], strength: f64, dice: &Dice) {
    let mut rng = dice.of(AugmentKind::Erasing);
    if strength == 0.0 || rng.random_bool(0.5) {
        return;
    }
    let [_, height, width] = shape;
    let area = rng.random_range(MIN_AREA.min(strength)..=strength) * (height * width) as f64;
    // Aspect ratio from 1/3 to 3, uniform in its logarithm.
    let aspect = rng.random_range(-3f64.ln()..=3f64.ln()).exp();
    let side = |length: f64, most: usize| (length.round() as usize).clamp(1, most);
    let (h, w) = (
        side((area * aspect).sqrt(), height),
        side((area / aspect).sqrt(), width),
    );
    let (top, left) = (
        rng.random_range(0..=height - h),
        rng.random_range(0..=width - w),
    );
    let gray: f32 = rng.random();
    for channel in image.chunks_exact_mut(height * width) {
        for row in channel.chunks_exact_mut(width).skip(top).take(h) {
            row[left..left + w].fill(gray);
        }
    }
}

/// Adds normal noise with standard deviation `strength` to each pixel.
pub(super) fn add_noise(image: &mut [f32], strength: f64, dice: &Dice) {
    if strength == 0.0 {
        return;
    }
    let mut rng = dice.of(AugmentKind::Noise);
    for x in image {
        let noise: f32 = rng.sample(StandardNormal);
        *x = (*x + strength as f32 * noise).clamp(0.0, 1.0);
    }
}
