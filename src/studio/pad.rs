//! The canvas: strokes in, grey pixels out.
//!
//! The picture is kept as pixels, not as strokes: a stroke that grows only touches the pixels
//! under its new piece, and taking something back is putting an older picture in place again.

use std::collections::VecDeque;

use crate::data::GreyImage;

/// One movement of the pen.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Whether it removes ink instead of adding it.
    pub erases: bool,
    /// Points in canvas coordinates from 0 to 1, x to the right and y down; at least one.
    pub points: Vec<[f32; 2]>,
}

/// What is on the canvas at one moment.
#[derive(Clone, Debug)]
struct Sheet {
    image: GreyImage,
    true_label: Option<u32>,
}

/// The pen while it is down.
#[derive(Clone, Copy, Debug)]
struct Pen {
    erases: bool,
    at: [f32; 2],
}

/// The canvas with its history. Every change counts up [`Pad::version`].
#[derive(Debug)]
pub struct Pad {
    sheet: Sheet,
    /// Older sheets, the newest last.
    past: VecDeque<Sheet>,
    /// Sheets that were taken back, the next one to return last.
    future: Vec<Sheet>,
    pen: Option<Pen>,
    brush: f32,
    version: u64,
}

/// Steps that can be taken back; a sheet has 78 kB.
const MAX_PAST: usize = 64;

/// A pen that gives digits the stroke width they have in MNIST.
const DEFAULT_BRUSH: f32 = 0.075;

impl Default for Pad {
    fn default() -> Pad {
        Pad {
            sheet: Sheet {
                image: blank(),
                true_label: None,
            },
            past: VecDeque::new(),
            future: Vec::new(),
            pen: None,
            brush: DEFAULT_BRUSH,
            version: 0,
        }
    }
}

impl Pad {
    /// Pixels a side.
    pub const SIDE: usize = 280;

    /// Thinnest and widest pen.
    pub const BRUSHES: std::ops::RangeInclusive<f32> = 0.02..=0.2;

    /// What is on the canvas: `SIDE` × `SIDE`, ink bright on black.
    pub fn image(&self) -> &GreyImage {
        &self.sheet.image
    }

    /// Counts up with every change, so that an answer can be told from an older one.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether there is no ink at all.
    pub fn is_empty(&self) -> bool {
        self.sheet.image.pixels.iter().all(|&p| p == 0)
    }

    /// Width of the pen, as a share of the canvas' side.
    pub fn brush(&self) -> f32 {
        self.brush
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is something to put back.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// The true label of the test image on the canvas, while nothing was drawn over it.
    pub fn true_label(&self) -> Option<u32> {
        self.sheet.true_label
    }

    /// Puts the pen down and draws the points of `stroke`.
    pub(super) fn begin(&mut self, stroke: Stroke) {
        let Some(&first) = stroke.points.first() else {
            return;
        };
        self.end();
        self.remember();
        self.sheet.true_label = None;
        self.pen = Some(Pen {
            erases: stroke.erases,
            at: first,
        });
        self.extend(&stroke.points);
    }

    /// Draws on to these points; without a pen on the canvas nothing happens.
    pub(super) fn extend(&mut self, points: &[[f32; 2]]) {
        let Some(mut pen) = self.pen else {
            return;
        };
        // A pointer far outside must not make the line's box larger than memory of pixels.
        let is_near = |p: &&[f32; 2]| p.iter().all(|c| c.is_finite() && c.abs() < 100.0);
        for &point in points.iter().filter(is_near) {
            draw_line(&mut self.sheet.image, pen, point, self.brush);
            pen.at = point;
        }
        self.pen = Some(pen);
        self.version += 1;
    }

    /// Lifts the pen.
    pub(super) fn end(&mut self) {
        self.pen = None;
    }

    /// Takes back the last stroke, image or clearing.
    pub(super) fn undo(&mut self) {
        self.end();
        if let Some(sheet) = self.past.pop_back() {
            self.future.push(std::mem::replace(&mut self.sheet, sheet));
            self.version += 1;
        }
    }

    /// Puts back what was taken back last.
    pub(super) fn redo(&mut self) {
        self.end();
        if let Some(sheet) = self.future.pop() {
            self.past
                .push_back(std::mem::replace(&mut self.sheet, sheet));
            self.version += 1;
        }
    }

    /// Removes all ink.
    pub(super) fn clear(&mut self) {
        if !self.is_empty() {
            self.replace(blank(), None);
        }
    }

    /// Sets the width of the pen, as a share of the canvas' side.
    pub(super) fn set_brush(&mut self, brush: f32) {
        if brush.is_finite() {
            self.brush = brush.clamp(*Self::BRUSHES.start(), *Self::BRUSHES.end());
        }
    }

    /// Puts an image on the canvas, as large as fits, its aspect kept. `true_label` is what is
    /// known to be on it.
    pub(super) fn paste(&mut self, image: GreyImage, true_label: Option<u32>) {
        self.replace(fitted(&image), true_label);
    }

    fn replace(&mut self, image: GreyImage, true_label: Option<u32>) {
        self.end();
        self.remember();
        self.sheet = Sheet { image, true_label };
        self.version += 1;
    }

    /// Keeps the present sheet as one to come back to.
    fn remember(&mut self) {
        self.future.clear();
        self.past.push_back(self.sheet.clone());
        if self.past.len() > MAX_PAST {
            self.past.pop_front();
        }
    }
}

fn blank() -> GreyImage {
    GreyImage {
        width: Pad::SIDE,
        height: Pad::SIDE,
        pixels: vec![0; Pad::SIDE * Pad::SIDE],
    }
}

/// A straight piece of a stroke with round ends. Pieces overlap where they meet, so ink takes the
/// larger of two coverages: adding would leave beads along a slow stroke.
fn draw_line(image: &mut GreyImage, pen: Pen, to: [f32; 2], brush: f32) {
    let side = Pad::SIDE as f32;
    let radius = brush * side / 2.0;
    let [from, to] = [pen.at, to].map(|p| p.map(|c| c * side));
    let pixels_between = |a: f32, b: f32| {
        let first = (a.min(b) - radius - 1.0).clamp(0.0, side) as usize;
        let end = (a.max(b) + radius + 2.0).clamp(0.0, side) as usize;
        first..end
    };
    for y in pixels_between(from[1], to[1]) {
        for x in pixels_between(from[0], to[0]) {
            let centre = [x as f32 + 0.5, y as f32 + 0.5];
            // One pixel wide, the edge covers part of the pixels it runs through.
            let coverage = (radius + 0.5 - distance(centre, from, to)).clamp(0.0, 1.0);
            let ink = (coverage * 255.0).round() as u8;
            let pixel = &mut image.pixels[y * Pad::SIDE + x];
            *pixel = if pen.erases {
                (*pixel).min(255 - ink)
            } else {
                (*pixel).max(ink)
            };
        }
    }
}

/// Distance of `point` from the line between `a` and `b`.
fn distance(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let [px, py] = [point[0] - a[0], point[1] - a[1]];
    let length_squared = dx * dx + dy * dy;
    let along = if length_squared > 0.0 {
        ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - along * dx).hypot(py - along * dy)
}

/// `image` on a blank canvas, centred and as large as fits. Each pixel of the canvas is the mean
/// of what it covers: pixels of a small image stay sharp squares, so that making it small again
/// gives the same image back.
fn fitted(image: &GreyImage) -> GreyImage {
    let mut sheet = blank();
    let longer = image.width.max(image.height);
    if longer == 0 {
        return sheet;
    }
    let scale = Pad::SIDE as f32 / longer as f32;
    let size = |n: usize| ((n as f32 * scale).round() as usize).clamp(1, Pad::SIDE);
    let (width, height) = (size(image.width), size(image.height));
    let (left, top) = ((Pad::SIDE - width) / 2, (Pad::SIDE - height) / 2);
    let columns: Vec<Vec<(usize, f32)>> =
        (0..width).map(|x| covered(x, width, image.width)).collect();
    for y in 0..height {
        let rows = covered(y, height, image.height);
        for (x, columns) in columns.iter().enumerate() {
            let mut sum = 0.0;
            for &(row, row_share) in &rows {
                for &(column, column_share) in columns {
                    let grey = image.pixels[row * image.width + column];
                    sum += row_share * column_share * f32::from(grey);
                }
            }
            sheet.pixels[(top + y) * Pad::SIDE + left + x] = sum.round() as u8;
        }
    }
    sheet
}

/// The pixels along an axis of `n_from` that pixel `idx` of `n_to` covers, with their shares,
/// which sum to 1.
fn covered(idx: usize, n_to: usize, n_from: usize) -> Vec<(usize, f32)> {
    let ratio = n_from as f32 / n_to as f32;
    let (start, end) = (idx as f32 * ratio, (idx as f32 + 1.0) * ratio);
    let last = (end.ceil() as usize).min(n_from);
    (start as usize..last)
        .map(|i| (i, (end.min(i as f32 + 1.0) - start.max(i as f32)) / ratio))
        .filter(|&(_, share)| share > 0.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[[f32; 2]]) -> Stroke {
        Stroke {
            erases: false,
            points: points.to_vec(),
        }
    }

    fn at(pad: &Pad, x: f32, y: f32) -> u8 {
        let pixel = |c: f32| (c * Pad::SIDE as f32) as usize;
        pad.image().pixels[pixel(y) * Pad::SIDE + pixel(x)]
    }

    #[test]
    fn a_dot_is_round_has_the_brush_width_and_a_soft_edge() {
        let mut pad = Pad::default();
        pad.set_brush(0.1);
        pad.begin(line(&[[0.5, 0.5]]));
        assert_eq!(at(&pad, 0.5, 0.5), 255);
        let area: f64 = pad
            .image()
            .pixels
            .iter()
            .map(|&p| f64::from(p) / 255.0)
            .sum();
        assert!(
            (area - std::f64::consts::PI * 14.0 * 14.0).abs() < 6.0,
            "{area}"
        );
        assert!(pad.image().pixels.iter().any(|&p| p > 0 && p < 255));
    }

    #[test]
    fn a_stroke_drawn_in_pieces_equals_the_stroke_drawn_at_once() {
        let points = [[0.1, 0.2], [0.4, 0.25], [0.5, 0.8], [0.9, 0.3]];
        let mut whole = Pad::default();
        whole.begin(line(&points));
        let mut pieces = Pad::default();
        pieces.begin(line(&points[..1]));
        pieces.extend(&points[1..2]);
        pieces.extend(&points[2..]);
        pieces.end();
        assert_eq!(whole.image(), pieces.image());
        assert_eq!(at(&whole, 0.45, 0.525), 255);
    }

    #[test]
    fn erasing_takes_away_what_it_covers_and_no_more() {
        let mut pad = Pad::default();
        pad.begin(line(&[[0.2, 0.5], [0.8, 0.5]]));
        pad.begin(Stroke {
            erases: true,
            points: vec![[0.5, 0.5]],
        });
        assert_eq!(at(&pad, 0.5, 0.5), 0);
        assert_eq!(at(&pad, 0.3, 0.5), 255);
    }

    #[test]
    fn undo_and_redo_walk_through_strokes_clearing_and_images() {
        let mut pad = Pad::default();
        let states = {
            let mut states = vec![pad.image().clone()];
            pad.begin(line(&[[0.2, 0.2]]));
            pad.end();
            states.push(pad.image().clone());
            pad.clear();
            states.push(pad.image().clone());
            pad.paste(
                GreyImage {
                    width: 1,
                    height: 1,
                    pixels: vec![9],
                },
                Some(3),
            );
            states.push(pad.image().clone());
            states
        };
        for state in states.iter().rev().skip(1) {
            pad.undo();
            assert_eq!(pad.image(), state);
        }
        assert!(!pad.can_undo());
        for state in &states[1..] {
            pad.redo();
            assert_eq!(pad.image(), state);
        }
        assert!(!pad.can_redo());
        assert_eq!(pad.true_label(), Some(3));
        pad.undo();
        pad.begin(line(&[[0.5, 0.5]]));
        assert!(!pad.can_redo(), "a new stroke ends the way forward");
    }

    #[test]
    fn the_version_counts_every_change_and_nothing_else() {
        let mut pad = Pad::default();
        let mut seen = vec![pad.version()];
        pad.begin(line(&[[0.5, 0.5]]));
        seen.push(pad.version());
        pad.extend(&[[0.6, 0.6]]);
        seen.push(pad.version());
        pad.end();
        pad.set_brush(0.1);
        assert_eq!(pad.version(), seen[2]);
        pad.undo();
        seen.push(pad.version());
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
        pad.undo();
        pad.clear();
        pad.extend(&[[0.1, 0.1]]);
        assert_eq!(pad.version(), seen[3], "nothing happened");
    }

    #[test]
    fn a_test_image_keeps_its_pixels_and_its_label_until_it_is_drawn_over() {
        let mut pixels = vec![0; 28 * 28];
        pixels[3 * 28 + 5] = 200;
        let mut pad = Pad::default();
        pad.paste(
            GreyImage {
                width: 28,
                height: 28,
                pixels,
            },
            Some(7),
        );
        assert_eq!(pad.true_label(), Some(7));
        assert_eq!(at(&pad, 5.05 / 28.0, 3.05 / 28.0), 200);
        assert_eq!(at(&pad, 5.95 / 28.0, 3.95 / 28.0), 200);
        assert_eq!(pad.image().pixels.iter().filter(|&&p| p > 0).count(), 100);
        pad.begin(line(&[[0.9, 0.9]]));
        assert_eq!(pad.true_label(), None);
        pad.undo();
        assert_eq!(pad.true_label(), Some(7));
    }

    #[test]
    fn images_of_any_size_keep_their_aspect() {
        for (width, height) in [(560, 280), (3, 1000), (1, 1), (281, 283)] {
            let mut pad = Pad::default();
            let pixels = vec![100; width * height];
            pad.paste(
                GreyImage {
                    width,
                    height,
                    pixels,
                },
                None,
            );
            let n_ink = pad.image().pixels.iter().filter(|&&p| p == 100).count() as f64;
            let (w, h) = (width as f64, height as f64);
            let expected = 280.0 * 280.0 * w.min(h) / w.max(h);
            assert!(
                (n_ink - expected).abs() <= 280.0,
                "{width}×{height}: {n_ink} {expected}"
            );
        }
        let mut pad = Pad::default();
        pad.paste(
            GreyImage {
                width: 0,
                height: 0,
                pixels: Vec::new(),
            },
            None,
        );
        assert!(pad.is_empty());
    }

    #[test]
    fn points_outside_and_points_that_are_no_numbers_do_no_harm() {
        let mut pad = Pad::default();
        pad.begin(line(&[
            [-0.5, 0.5],
            [1.5, 0.5],
            [f32::NAN, 0.0],
            [1e30, 0.0],
        ]));
        assert_eq!(at(&pad, 0.5, 0.5), 255);
        pad.begin(line(&[]));
    }

    #[test]
    fn history_is_bounded() {
        let mut pad = Pad::default();
        for _ in 0..MAX_PAST + 10 {
            pad.begin(line(&[[0.5, 0.5]]));
        }
        assert_eq!(pad.past.len(), MAX_PAST);
    }
}
