//! The separate objects of a picture, such as the digits of a number.

use crate::data::ink::blots;
use crate::data::sketch::GrayImage;

/// A blot with less than this share of all ink is dirt, which also bounds the number of blots.
const MIN_SPECK: f64 = 0.005;
/// An object with less than this share of the ink of the largest is dirt.
const MIN_SHARE: f64 = 0.08;
/// Blots closer than this share of the larger one's longer side may be parts of one object.
const MAX_GAP: f64 = 0.2;
/// A part is at most this share as long as what it belongs to, or beside it in the same columns.
const MAX_PART: f64 = 0.55;

/// One object: its ink alone, on the whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// First column, first row, width and height, in pixels of the ink.
    pub bounds: [usize; 4],
    /// The picture without the other objects.
    pub image: GrayImage,
}

impl Object {
    /// Its bounds as shares of a square that the picture fills, centered and as large as fits.
    pub fn on_square(&self) -> [f32; 4] {
        let [width, height] = [self.image.width as f32, self.image.height as f32];
        let side = width.max(height).max(1.0);
        let [left, top, w, h] = self.bounds.map(|n| n as f32);
        let (left, top) = (left + (side - width) / 2.0, top + (side - height) / 2.0);
        [left / side, top / side, w / side, h / side]
    }
}

/// Splits bright ink on black into its objects, from left to right.
///
/// Strokes that do not touch are one object when they are close and one is small, as the bar of
/// a 5, or when they share most of their columns, as the two halves of a broken stroke.
pub fn objects(image: &GrayImage) -> Vec<Object> {
    let all = image
        .pixels
        .iter()
        .map(|&pixel| u64::from(pixel))
        .sum::<u64>();
    let mut groups: Vec<Group> = blots(image)
        .into_iter()
        .map(|pixels| Group::new(pixels, image))
        .filter(|group| group.mass as f64 >= MIN_SPECK * all as f64)
        .collect();
    merge(&mut groups);
    let heaviest = groups.iter().map(|group| group.mass).max().unwrap_or(0);
    groups.retain(|group| group.mass as f64 >= MIN_SHARE * heaviest as f64);
    groups.sort_by_key(|group| (group.left, group.top));
    groups.iter().map(|group| group.object(image)).collect()
}

/// Blots that belong together.
struct Group {
    pixels: Vec<usize>,
    mass: u64,
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Group {
    fn new(pixels: Vec<usize>, image: &GrayImage) -> Group {
        let columns = || pixels.iter().map(|i| i % image.width);
        let rows = || pixels.iter().map(|i| i / image.width);
        Group {
            mass: pixels.iter().map(|&i| u64::from(image.pixels[i])).sum(),
            left: columns().min().unwrap_or(0),
            right: columns().max().unwrap_or(0) + 1,
            top: rows().min().unwrap_or(0),
            bottom: rows().max().unwrap_or(0) + 1,
            pixels,
        }
    }

    fn longer_side(&self) -> f64 {
        (self.right - self.left).max(self.bottom - self.top) as f64
    }

    /// Whether both are parts of one object.
    fn belongs_with(&self, other: &Group) -> bool {
        let longer = self.longer_side().max(other.longer_side());
        let shorter = self.longer_side().min(other.longer_side());
        let gap = |ends: [usize; 2], starts: [usize; 2]| {
            let (end, start) = (ends[0].min(ends[1]), starts[0].max(starts[1]));
            start as f64 - end as f64
        };
        let across = gap([self.right, other.right], [self.left, other.left]);
        let down = gap([self.bottom, other.bottom], [self.top, other.top]);
        let narrower = (self.right - self.left).min(other.right - other.left) as f64;
        let is_close = across.max(down) <= MAX_GAP * longer;
        let is_small = shorter <= MAX_PART * longer;
        let shares_columns = -across >= 0.5 * narrower;
        is_close && (is_small || shares_columns)
    }

    fn absorb(&mut self, other: Group) {
        self.pixels.extend(other.pixels);
        self.mass += other.mass;
        self.left = self.left.min(other.left);
        self.right = self.right.max(other.right);
        self.top = self.top.min(other.top);
        self.bottom = self.bottom.max(other.bottom);
    }

    fn object(&self, image: &GrayImage) -> Object {
        let mut pixels = vec![0; image.pixels.len()];
        for &i in &self.pixels {
            pixels[i] = image.pixels[i];
        }
        Object {
            bounds: [
                self.left,
                self.top,
                self.right - self.left,
                self.bottom - self.top,
            ],
            image: GrayImage { pixels, ..*image },
        }
    }
}

/// Joins groups that belong together until there are none.
fn merge(groups: &mut Vec<Group>) {
    // Large ones first: a part joins what it is part of, and not another part.
    groups.sort_by_key(|group| std::cmp::Reverse(group.mass));
    let mut i = 0;
    while i < groups.len() {
        let partner = (i + 1..groups.len()).find(|&j| groups[i].belongs_with(&groups[j]));
        match partner {
            Some(j) => {
                let other = groups.remove(j);
                groups[i].absorb(other);
                i = 0;
            }
            None => i += 1,
        }
    }
}
