//! Augmentation: training images are changed at random each time they are shown, so that the
//! network cannot memorize them.
//!
//! The changes depend on the seed, the epoch and the image's index alone, so a resumed run sees
//! the same images. Each kind has a random stream of its own, so turning one on does not affect the
//! others.

mod affine;
mod pixels;
mod warp;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use affine::Affine;

use super::batches::unit_values;
use super::image_set::ImageSet;
use crate::random::{self, Stream};

/// Strength of each kind of augmentation; 0 turns it off. Changes are drawn uniformly between minus
/// and plus the strength, unless noted otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Shift in pixels, in both directions.
    pub shift: f64,
    /// Rotation about the center, in degrees.
    pub rotation: f64,
    /// Scaling, as a share of the size.
    pub scale: f64,
    /// Shear, in degrees.
    pub shear: f64,
    /// Elastic distortion: typical displacement in pixels, smooth over the image.
    pub elastic: f64,
    /// Random erasing: largest share of the area that becomes a gray rectangle, in half of the
    /// images.
    pub erasing: f64,
    /// Noise: standard deviation added to each pixel, where white is 1.
    pub noise: f64,
    /// Brightness, as a share of each pixel's value.
    pub brightness: f64,
}

/// One kind of augmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AugmentKind {
    /// See [`Augment::shift`].
    Shift,
    /// See [`Augment::rotation`].
    Rotation,
    /// See [`Augment::scale`].
    Scale,
    /// See [`Augment::shear`].
    Shear,
    /// See [`Augment::elastic`].
    Elastic,
    /// See [`Augment::erasing`].
    Erasing,
    /// See [`Augment::noise`].
    Noise,
    /// See [`Augment::brightness`].
    Brightness,
}

impl AugmentKind {
    /// All of them.
    pub const ALL: [AugmentKind; 8] = [
        AugmentKind::Shift,
        AugmentKind::Rotation,
        AugmentKind::Scale,
        AugmentKind::Shear,
        AugmentKind::Elastic,
        AugmentKind::Erasing,
        AugmentKind::Noise,
        AugmentKind::Brightness,
    ];
}

impl Augment {
    /// Strengths that help with handwritten digits and harm none of them.
    pub const GENTLE: Augment = Augment {
        shift: 2.0,
        rotation: 10.0,
        scale: 0.1,
        shear: 8.0,
        elastic: 0.6,
        erasing: 0.0,
        noise: 0.0,
        brightness: 0.0,
    };

    /// Whether images stay unchanged.
    pub fn is_off(&self) -> bool {
        *self == Augment::default()
    }

    /// The strength of one kind.
    pub fn strength(&self, kind: AugmentKind) -> f64 {
        let mut copy = *self;
        *copy.strength_mut(kind)
    }

    /// A mutable reference to the strength of one kind.
    pub fn strength_mut(&mut self, kind: AugmentKind) -> &mut f64 {
        match kind {
            AugmentKind::Shift => &mut self.shift,
            AugmentKind::Rotation => &mut self.rotation,
            AugmentKind::Scale => &mut self.scale,
            AugmentKind::Shear => &mut self.shear,
            AugmentKind::Elastic => &mut self.elastic,
            AugmentKind::Erasing => &mut self.erasing,
            AugmentKind::Noise => &mut self.noise,
            AugmentKind::Brightness => &mut self.brightness,
        }
    }

    /// Returns image `index` of `set` augmented for epoch `epoch` (from 0): values from 0 to 1 in
    /// `[channels, height, width]`.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn image(&self, set: &ImageSet, index: u32, seed: u64, epoch: u64) -> Vec<f32> {
        let mut image: Vec<f32> = unit_values(set.image(index as usize)).collect();
        let shape = set.shape();
        let dice = Dice {
            seed,
            epoch,
            index: u64::from(index),
        };
        warp::warp(&mut image, shape, self, &dice);
        pixels::brighten(&mut image, self.brightness, &dice);
        pixels::erase(&mut image, shape, self.erasing, &dice);
        pixels::add_noise(&mut image, self.noise, &dice);
        image
    }
}

/// The random streams of one image.
struct Dice {
    seed: u64,
    epoch: u64,
    index: u64,
}

impl Dice {
    /// The generator for one kind of augmentation.
    fn of(&self, kind: AugmentKind) -> ChaCha8Rng {
        let mut rng = random::rng(self.seed, Stream::Augment, self.epoch, self.index);
        rng.set_stream(kind as u64);
        rng
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two images of 11 × 9: a bright dot off the center, and a gray field.
    fn set() -> ImageSet {
        let mut pixels = vec![0; 99];
        pixels[4 * 9 + 6] = 255;
        pixels.extend([100; 99]);
        ImageSet::new([1, 11, 9], pixels, vec![0, 1]).unwrap()
    }

    fn only(kind: AugmentKind, strength: f64) -> Augment {
        let mut augment = Augment::default();
        *augment.strength_mut(kind) = strength;
        augment
    }

    fn strength(kind: AugmentKind) -> f64 {
        match kind {
            AugmentKind::Shift | AugmentKind::Elastic => 2.0,
            AugmentKind::Rotation | AugmentKind::Shear => 30.0,
            _ => 0.5,
        }
    }

    #[test]
    fn each_kind_changes_images_again_and_again_and_repeatably() {
        let set = set();
        let plain = Augment::default().image(&set, 0, 1, 0);
        for kind in AugmentKind::ALL {
            let augment = only(kind, strength(kind));
            let epochs: Vec<Vec<f32>> = (0..8)
                .map(|epoch| augment.image(&set, 0, 1, epoch))
                .collect();
            let n_changed = epochs.iter().filter(|image| **image != plain).count();
            assert!(n_changed >= 3, "{kind:?}: {n_changed}");
            for (epoch, image) in epochs.iter().enumerate() {
                assert_eq!(*image, augment.image(&set, 0, 1, epoch as u64), "{kind:?}");
                assert!(image.iter().all(|x| (0.0..=1.0).contains(x)), "{kind:?}");
                assert!(
                    epochs[..epoch].iter().all(|e| e != image || *e == plain),
                    "{kind:?}: two epochs alike"
                );
            }
            assert_ne!(
                (0..8)
                    .map(|epoch| augment.image(&set, 0, 2, epoch))
                    .collect::<Vec<_>>(),
                epochs,
                "{kind:?}: another seed"
            );
        }
    }

    #[test]
    fn turning_one_kind_on_leaves_the_others_as_they_were() {
        let set = set();
        let noise = only(AugmentKind::Noise, 0.1);
        let both = Augment {
            brightness: 0.0,
            rotation: 20.0,
            ..noise
        };
        // A gray field in the middle looks the same after turning, so the same noise shows.
        let [a, b] = [noise, both].map(|augment| augment.image(&set, 1, 1, 3)[5 * 9 + 4]);
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }

    #[test]
    fn no_strength_is_no_change() {
        let set = set();
        let plain: Vec<f32> = unit_values(set.image(0)).collect();
        assert_eq!(Augment::default().image(&set, 0, 1, 0), plain);
        assert!(Augment::default().is_off() && !Augment::GENTLE.is_off());
    }
}
