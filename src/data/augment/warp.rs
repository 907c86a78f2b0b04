//! Augmentation of pixel positions: an affine map and a smooth displacement field, read from the
//! original in a single bilinear pass, so that the image is blurred once at most.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::affine::Affine;
use super::{Augment, AugmentKind, Dice};

/// Moves the pixels of `image`, `[channels, height, width]`.
pub(super) fn warp(image: &mut [f32], shape: [usize; 3], augment: &Augment, dice: &Dice) {
    let map = draw(augment, dice);
    let [_, height, width] = shape;
    let bend = (augment.elastic != 0.0).then(|| Bend::draw(augment.elastic, [height, width], dice));
    let moved = match &bend {
        None if map == Affine::IDENTITY => return,
        None => map.of(image, shape),
        Some(bend) => map.warped(image, shape, |y, x| bend.at(y, x)),
    };
    image.copy_from_slice(&moved);
}

/// A random scaling, shear, rotation and shift.
fn draw(augment: &Augment, dice: &Dice) -> Affine {
    let even = |strength: f64, rng: &mut ChaCha8Rng| match strength {
        0.0 => 0.0,
        _ => rng.random_range(-strength..=strength),
    };
    let one = |kind| even(augment.strength(kind), &mut dice.of(kind));
    // Growing by 1.25 is as likely as shrinking by 0.8.
    let most = (1.0 + augment.scale).ln();
    let scale = even(most, &mut dice.of(AugmentKind::Scale)).exp();
    let mut rng = dice.of(AugmentKind::Shift);
    let shift = [0, 1].map(|_| even(augment.shift, &mut rng) as f32);
    let (shear, rotation) = (one(AugmentKind::Shear), one(AugmentKind::Rotation));
    Affine::new(scale, shear, rotation, shift)
}

/// Spacings of [`Bend`] nodes along an image's side.
const SPANS: usize = 4;

/// Nodes along a side: one before the image and two behind it are needed.
const NODES: usize = SPANS + 3;

/// A smooth displacement field: elastic distortion after Simard, Steinkraus and Platt 2003 (Best
/// practices for convolutional neural networks), built from cubic B-splines over a few random nodes
/// (Rueckert et al. 1999), which costs a fraction of blurring a field of random pixels.
struct Bend {
    /// Displacements of the nodes, down and right.
    nodes: [[[f32; 2]; NODES]; NODES],
    rows: Vec<Weights>,
    columns: Vec<Weights>,
}

/// The first of the four nodes that affect a pixel, and the weight of each.
type Weights = (usize, [f32; 4]);

impl Bend {
    fn draw(strength: f64, [height, width]: [usize; 2], dice: &Dice) -> Bend {
        let mut rng = dice.of(AugmentKind::Elastic);
        // The splines halve the standard deviation of independent nodes.
        let scale = 2.0 * strength as f32;
        let mut node = || scale * rng.sample::<f32, _>(StandardNormal);
        Bend {
            nodes: std::array::from_fn(|_| std::array::from_fn(|_| [node(), node()])),
            rows: (0..height).map(|y| weights(y, height)).collect(),
            columns: (0..width).map(|x| weights(x, width)).collect(),
        }
    }

    fn at(&self, y: usize, x: usize) -> [f32; 2] {
        let ((top, down), (left, right)) = (self.rows[y], self.columns[x]);
        let mut moved = [0.0; 2];
        for (row, wy) in self.nodes[top..].iter().zip(down) {
            for (node, wx) in row[left..].iter().zip(right) {
                moved[0] += wy * wx * node[0];
                moved[1] += wy * wx * node[1];
            }
        }
        moved
    }
}

/// The uniform cubic B-spline at pixel `at` of `n`.
fn weights(at: usize, n: usize) -> Weights {
    let position = (at as f32 + 0.5) / n as f32 * SPANS as f32;
    let first = (position as usize).min(SPANS - 1);
    let t = position - first as f32;
    let (t2, t3) = (t * t, t * t * t);
    let weights = [
        1.0 - 3.0 * t + 3.0 * t2 - t3,
        4.0 - 6.0 * t2 + 3.0 * t3,
        1.0 + 3.0 * t + 3.0 * t2 - 3.0 * t3,
        t3,
    ];
    (first, weights.map(|w| w / 6.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Center of mass relative to the image's center, and total brightness.
    fn light(image: &[f32], side: usize) -> ([f32; 2], f32) {
        let total: f32 = image.iter().sum();
        let middle = (side - 1) as f32 / 2.0;
        let mean = |of: &dyn Fn(usize) -> usize| {
            let terms = image.iter().enumerate();
            terms.map(|(i, v)| v * (of(i) as f32 - middle)).sum::<f32>() / total
        };
        ([mean(&|i| i / side), mean(&|i| i % side)], total)
    }

    const SIDE: usize = 21;

    /// A soft spot `at` from the center, warped.
    fn warped(at: [f32; 2], augment: Augment, index: u64) -> ([f32; 2], f32) {
        let middle = (SIDE - 1) as f32 / 2.0;
        let spot = |i: usize| {
            let dy = (i / SIDE) as f32 - middle - at[0];
            let dx = (i % SIDE) as f32 - middle - at[1];
            (-(dy * dy + dx * dx) / 4.0).exp()
        };
        let mut image: Vec<f32> = (0..SIDE * SIDE).map(spot).collect();
        let dice = Dice {
            seed: 1,
            epoch: 0,
            index,
        };
        warp(&mut image, [1, SIDE, SIDE], &augment, &dice);
        light(&image, SIDE)
    }

    #[test]
    fn a_shift_stays_within_its_strength_and_uses_it() {
        let augment = Augment {
            shift: 3.0,
            ..Augment::default()
        };
        let moved: Vec<[f32; 2]> = (0..50).map(|i| warped([0.0; 2], augment, i).0).collect();
        let most = moved.iter().flatten().fold(0f32, |m, x| m.max(x.abs()));
        assert!((2.5..=3.01).contains(&most), "{most}");
        assert!(moved.iter().any(|m| m[0] > 1.0) && moved.iter().any(|m| m[0] < -1.0));
    }

    #[test]
    fn turning_keeps_the_distance_from_the_center_and_the_light() {
        let augment = Augment {
            rotation: 40.0,
            ..Augment::default()
        };
        let (_, before) = warped([0.0, 5.0], Augment::default(), 0);
        let mut most = 0f32;
        for i in 0..50 {
            let ([y, x], after) = warped([0.0, 5.0], augment, i);
            assert!((y.hypot(x) - 5.0).abs() < 0.05, "{y} {x}");
            assert!((after / before - 1.0).abs() < 0.02);
            most = most.max(y.atan2(x).to_degrees().abs());
        }
        assert!((30.0..=40.5).contains(&most), "{most}");
    }

    #[test]
    fn scaling_moves_along_the_ray_and_slanting_along_the_row() {
        let scaled = Augment {
            scale: 0.25,
            ..Augment::default()
        };
        let slanted = Augment {
            shear: 20.0,
            ..Augment::default()
        };
        let mut distances = Vec::new();
        for i in 0..50 {
            let ([y, x], _) = warped([3.0, 4.0], scaled, i);
            assert!((y / x - 0.75).abs() < 0.02, "{y} {x}");
            distances.push(y.hypot(x));
            let ([y, x], _) = warped([5.0, 0.0], slanted, i);
            assert!((y - 5.0).abs() < 0.05, "{y}");
            assert!(x.abs() <= 5.0 * 20f32.to_radians().tan() + 0.1, "{x}");
        }
        distances.sort_by(f32::total_cmp);
        assert!((3.9..4.3).contains(&distances[0]), "{distances:?}");
        assert!((5.9..6.35).contains(&distances[49]), "{distances:?}");
    }

    #[test]
    fn an_elastic_field_has_its_strength_and_is_smooth() {
        let (mut squares, mut steps, mut n) = (0.0, 0f32, 0.0);
        for index in 0..40 {
            let dice = Dice {
                seed: 1,
                epoch: 0,
                index,
            };
            let bend = Bend::draw(1.5, [28, 28], &dice);
            for y in 0..28 {
                for x in 0..27 {
                    let [dy, dx] = bend.at(y, x);
                    squares += dy * dy + dx * dx;
                    steps = steps.max((bend.at(y, x + 1)[0] - dy).abs());
                    n += 2.0;
                }
            }
        }
        let deviation = (squares / n as f32).sqrt();
        assert!((1.2..1.8).contains(&deviation), "{deviation}");
        assert!(steps < 1.5, "{steps}");
    }
}
