//! The canvas: strokes in, gray pixels out.
//!
//! The drawing is stored as pixels, not as strokes: extending a stroke only changes the pixels
//! under its new segment, and undo restores an earlier image.

mod fit;
mod ink;
mod pen;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::data::{GrayImage, InputImage};
use fit::fitted;
use ink::inked;
use pen::{Pen, draw_line};

/// A stroke of the pen.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Whether it erases ink instead of adding it.
    pub erases: bool,
    /// Points in canvas coordinates from 0 to 1, x to the right and y down; at least one.
    pub points: Vec<[f32; 2]>,
}

/// The contents of the canvas.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// Shared with the threads that classify it.
    pub(super) image: Arc<GrayImage>,
    /// The picture that was put there and not drawn over.
    pub(super) picture: Option<InputImage>,
    pub(super) true_label: Option<u32>,
}

impl Default for Sheet {
    fn default() -> Sheet {
        Sheet {
            image: Arc::new(blank()),
            picture: None,
            true_label: None,
        }
    }
}

/// The canvas with its history. Every change increments [`Pad::version`].
#[derive(Debug)]
pub struct Pad {
    sheet: Sheet,
    /// Earlier sheets, the newest last.
    past: VecDeque<Sheet>,
    /// Undone sheets, the next one to redo last.
    future: Vec<Sheet>,
    pen: Option<Pen>,
    brush: f32,
    version: u64,
    /// Changes that were made and not undone.
    position: u64,
}

/// Maximum number of undo steps; a sheet takes 78 kB.
const MAX_PAST: usize = 64;

/// A pen width that gives digits the stroke width of MNIST.
const DEFAULT_BRUSH: f32 = 0.075;

impl Default for Pad {
    fn default() -> Pad {
        Pad {
            sheet: Sheet::default(),
            past: VecDeque::new(),
            future: Vec::new(),
            pen: None,
            brush: DEFAULT_BRUSH,
            version: 0,
            position: 0,
        }
    }
}

impl Pad {
    /// Side of the canvas, in pixels.
    pub const SIDE: usize = 280;

    /// Thinnest and widest pen.
    pub const BRUSHES: std::ops::RangeInclusive<f32> = 0.02..=0.2;

    /// The pixels: `SIDE` × `SIDE`, bright ink on black.
    pub fn image(&self) -> &GrayImage {
        &self.sheet.image
    }

    /// What a network is asked about: the picture on the canvas, or the sketch.
    pub fn input(&self) -> InputImage {
        let sketch = || InputImage::Sketch(self.sheet.image.clone());
        self.sheet.picture.clone().unwrap_or_else(sketch)
    }

    /// Increases with every change, so that its picture is made again only then.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The number of changes that were made and not undone.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether there is no ink at all.
    pub fn is_empty(&self) -> bool {
        self.sheet.image.pixels.iter().all(|&p| p == 0)
    }

    /// Width of the pen, as a share of the canvas' side.
    pub fn brush(&self) -> f32 {
        self.brush
    }

    /// Whether there is a change to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a change to redo.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// The label of the test image on the canvas, until it is drawn over.
    pub fn true_label(&self) -> Option<u32> {
        self.sheet.true_label
    }

    pub(super) fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// Shows the sheet of an earlier session; there is nothing before it to undo.
    pub(super) fn restore(&mut self, sheet: Sheet) {
        self.sheet = sheet;
        self.version += 1;
    }

    /// Begins a stroke and draws its points.
    pub(super) fn begin(&mut self, stroke: Stroke) {
        let Some(&first) = stroke.points.first() else {
            return;
        };
        self.end();
        self.remember();
        self.sheet.true_label = None;
        self.sheet.picture = None;
        self.pen = Some(Pen {
            erases: stroke.erases,
            at: first,
        });
        self.extend(&stroke.points);
    }

    /// Extends the stroke to these points; does nothing without a stroke.
    pub(super) fn extend(&mut self, points: &[[f32; 2]]) {
        let Some(mut pen) = self.pen else {
            return;
        };
        // A pointer far outside must not make the segment's bounding box exceed memory.
        let is_near = |p: &&[f32; 2]| p.iter().all(|c| c.is_finite() && c.abs() < 100.0);
        let image = Arc::make_mut(&mut self.sheet.image);
        for &point in points.iter().filter(is_near) {
            draw_line(image, pen, point, self.brush);
            pen.at = point;
        }
        self.pen = Some(pen);
        self.version += 1;
    }

    /// Ends the stroke.
    pub(super) fn end(&mut self) {
        self.pen = None;
    }

    /// Undoes the last stroke, image or clearing.
    pub(super) fn undo(&mut self) {
        self.end();
        if let Some(sheet) = self.past.pop_back() {
            self.future.push(std::mem::replace(&mut self.sheet, sheet));
            self.position = self.position.saturating_sub(1);
            self.version += 1;
        }
    }

    /// Redoes the change that was undone last.
    pub(super) fn redo(&mut self) {
        self.end();
        if let Some(sheet) = self.future.pop() {
            self.past
                .push_back(std::mem::replace(&mut self.sheet, sheet));
            self.position += 1;
            self.version += 1;
        }
    }

    /// Clears the canvas.
    pub(super) fn clear(&mut self) {
        if !self.is_empty() {
            self.replace(Sheet::default());
        }
    }

    /// Sets the width of the pen, as a share of the canvas' side.
    pub(super) fn set_brush(&mut self, brush: f32) {
        if brush.is_finite() {
            self.brush = brush.clamp(*Self::BRUSHES.start(), *Self::BRUSHES.end());
        }
    }

    /// Puts a picture on the canvas: `shown` of it, as large as fits, with its aspect ratio kept.
    /// Until it is drawn over, `picture` itself is classified. `true_label` is its label, if known.
    pub(super) fn paste(
        &mut self,
        shown: &GrayImage,
        picture: Option<InputImage>,
        true_label: Option<u32>,
    ) {
        self.replace(Sheet {
            image: Arc::new(fitted(shown)),
            picture,
            true_label,
        });
    }

    /// Adds ink, `size` (height, width) pixels on the `frame` of the canvas: left, top, width and
    /// height as shares of its side. Until it is drawn over, `input` is what is classified.
    pub(super) fn add_ink(
        &mut self,
        added: &[u8],
        size: [usize; 2],
        frame: [f32; 4],
        input: InputImage,
    ) {
        self.replace(Sheet {
            image: Arc::new(inked(&self.sheet.image, added, size, frame)),
            picture: Some(input),
            true_label: None,
        });
    }

    fn replace(&mut self, sheet: Sheet) {
        self.end();
        self.remember();
        self.sheet = sheet;
        self.version += 1;
    }

    /// Saves the current sheet in the history.
    fn remember(&mut self) {
        self.future.clear();
        self.position += 1;
        self.past.push_back(self.sheet.clone());
        if self.past.len() > MAX_PAST {
            self.past.pop_front();
        }
    }
}

fn blank() -> GrayImage {
    GrayImage {
        width: Pad::SIDE,
        height: Pad::SIDE,
        pixels: vec![0; Pad::SIDE * Pad::SIDE],
    }
}
