//! Lines, bands and marks of runs.

use super::Panel;
use super::lines::Line;
use crate::picture::palette::Rgb;
use crate::picture::reduce::reduce;
use crate::picture::{Ink, Item};

/// Opacity of the band of a group, of that of single batches, of these batches as points, and of
/// the training metric beside the validation metric: as in the window.
const BAND: f32 = 0.2;
const GHOST: f32 = 0.16;
const POINT: f32 = 0.45;
const TRAINING: f32 = 0.55;

impl Panel<'_> {
    pub(super) fn line(&mut self, line: &Line) {
        let rgb = self.palette.data(line.color);
        self.area(&line.spread, Ink { rgb, opacity: BAND });
        let ghost = Ink {
            rgb,
            opacity: GHOST,
        };
        self.area(&line.batches.band, ghost);
        self.points(
            &line.single,
            Ink {
                rgb,
                opacity: POINT,
            },
        );
        let is_light = line.spread.is_empty() && !line.validation.is_empty();
        let opacity = if is_light { TRAINING } else { 1.0 };
        let training = Ink { rgb, opacity };
        for spike in &line.batches.spikes {
            if spike.is_tall(self.y) {
                let ends = [spike.from, spike.to].map(|y| self.inside(spike.x, y));
                self.picture.line(&ends, training, 1.0);
            }
        }
        let seen = line.points.iter().map(|&[x, y]| (x, y));
        // Two columns per point of width: sharper than any screen, and no larger than needed.
        let n_columns = (2.0 * self.rect[2]) as usize;
        let (stretches, _) = reduce::<[f64; 2]>(seen, self.x, n_columns);
        for stretch in &stretches {
            let points: Vec<[f32; 2]> = stretch.iter().map(|&[x, y]| self.inside(x, y)).collect();
            self.picture.line(&points, training, 1.5);
        }
        self.validation(line, rgb);
        self.sketches(line, rgb);
        let end = stretches.last().and_then(|stretch| stretch.last());
        if let Some(&[x, y]) = end.filter(|_| line.is_diverged) {
            self.cross(x, y);
        }
    }

    /// The validation metric at the ends of epochs, and the best one as a diamond.
    fn validation(&mut self, line: &Line, rgb: Rgb) {
        let ink = Ink::solid(rgb);
        let at = |&[x, y]: &[f64; 2]| self.inside(x, y);
        let dots: Vec<[f32; 2]> = line.validation.iter().map(at).collect();
        let best = line.best.as_ref().map(at);
        if !dots.is_empty() {
            self.picture.line(&dots, ink, 2.0);
        }
        for center in dots {
            self.picture.items.push(Item::Circle {
                center,
                radius: 3.0,
                fill: ink,
                rim: None,
            });
        }
        if let Some([x, y]) = best {
            let points = vec![[x, y - 6.0], [x + 6.0, y], [x, y + 6.0], [x - 6.0, y]];
            self.picture.items.push(Item::Area { points, fill: ink });
        }
    }

    /// The metric on the user's sketches at the ends of epochs: open circles on a thin line.
    fn sketches(&mut self, line: &Line, rgb: Rgb) {
        let ink = Ink::solid(rgb);
        let seen = line.sketches.iter().filter(|p| p[1].is_finite());
        let dots: Vec<[f32; 2]> = seen.map(|&[x, y]| self.inside(x, y)).collect();
        if !dots.is_empty() {
            self.picture.line(&dots, ink, 1.0);
        }
        for center in dots {
            self.picture.items.push(Item::Circle {
                center,
                radius: 3.5,
                fill: Ink::solid(self.palette.background),
                rim: Some(ink),
            });
        }
    }

    /// Every batch as a point, reduced to those that can be told apart.
    fn points(&mut self, all: &[[f64; 2]], fill: Ink) {
        let (low, high) = self.y;
        let seen = all.iter().filter(|p| (low..=high).contains(&p[1]));
        let seen = seen.map(|&[x, y]| (x, y));
        let (stretches, _) = reduce::<[f64; 2]>(seen, self.x, self.rect[2] as usize);
        for [x, y] in stretches.into_iter().flatten() {
            self.picture.items.push(Item::Circle {
                center: self.inside(x, y),
                radius: 1.2,
                fill,
                rim: None,
            });
        }
    }

    /// Marks the end of a run that diverged.
    fn cross(&mut self, x: f64, y: f64) {
        let [x, y] = self.inside(x, y);
        let ink = Ink::solid(self.palette.bad);
        for sign in [-1.0, 1.0] {
            let ends = [[x - 5.0, y - 5.0 * sign], [x + 5.0, y + 5.0 * sign]];
            self.picture.line(&ends, ink, 2.0);
        }
    }

    fn area(&mut self, band: &[[f64; 3]], fill: Ink) {
        if band.len() < 2 {
            return;
        }
        let low = |y: f64| if y.is_finite() { y } else { self.y.0 };
        let above = band.iter().map(|&[x, _, high]| self.inside(x, high));
        let below = band.iter().rev().map(|&[x, y, _]| self.inside(x, low(y)));
        let points = above.chain(below).collect();
        self.picture.items.push(Item::Area { points, fill });
    }
}
